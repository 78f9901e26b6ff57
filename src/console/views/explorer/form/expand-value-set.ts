// The codes of a value set, for a list of options. They are the same for everyone, so each set is asked for once. https://hl7.org/fhir/R4/valueset-operation-expand.html
import { type Resource, toFhirPath } from '../../../api/fhir.ts';
import { request } from '../../../api/request.ts';
import type { ComboboxOption } from '../../../components/use-options.ts';

interface Concept {
  code?: string;
  display?: string;
  contains?: Concept[];
}

interface ExpandedValueSet extends Resource {
  expansion?: { contains?: Concept[] };
}

const EXPANDED = new Map<string, Promise<ComboboxOption[]>>();

export function expandValueSet(url: string): Promise<ComboboxOption[]> {
  const known = EXPANDED.get(url);
  if (known !== undefined) return known;
  const asked = request<ExpandedValueSet>(`${toFhirPath('ValueSet')}/$expand?url=${encodeURIComponent(url)}`).then(({ body }) =>
    (body.expansion?.contains ?? []).flatMap(toOptions),
  );
  EXPANDED.set(url, asked);
  // a failure is not kept: the session may get another key
  asked.catch(() => EXPANDED.delete(url));
  return asked;
}

const toOptions = ({ code, display, contains = [] }: Concept): ComboboxOption[] => [
  ...(code === undefined ? [] : [{ value: code, title: display ?? code, hint: display === undefined ? undefined : code }]),
  ...contains.flatMap(toOptions),
];
