// The codes of a value set, for a list of options. Each set is asked for once in a session. https://hl7.org/fhir/R4/valueset-operation-expand.html
import { type Resource, toFhirPath } from '../../../api/fhir.ts';
import { readSessionName, request } from '../../../api/request.ts';
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
  const key = `${readSessionName()} ${url}`;
  const known = EXPANDED.get(key);
  if (known !== undefined) return known;
  const asked = request<ExpandedValueSet>(`${toFhirPath('ValueSet')}/$expand?url=${encodeURIComponent(url)}`).then(({ body }) =>
    (body.expansion?.contains ?? []).flatMap(toOptions),
  );
  EXPANDED.set(key, asked);
  // a failure is not kept: the session may get another key
  asked.catch(() => EXPANDED.delete(key));
  return asked;
}

const toOptions = ({ code, display, contains = [] }: Concept): ComboboxOption[] => [
  ...(code === undefined ? [] : [{ value: code, title: display ?? code, hint: display === undefined ? undefined : code }]),
  ...contains.flatMap(toOptions),
];
