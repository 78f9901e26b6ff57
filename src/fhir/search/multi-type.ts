// The search of resources of several types at once: what each of them is asked, in one order. https://hl7.org/fhir/R4/http.html#search ("search-system")
// docs/decisions/0006-search-semantics.md
import { FhirError, notSupported } from '../outcome.ts';
import type { ServedType } from '../types.ts';
import { listSlices, type TypeQuery } from './query.ts';
import { type ParsedSearch, parseSearch, type SearchOptions } from './request.ts';

type SearchParameters = readonly [name: string, value: string][];

/** The search for resources of these types (at least one). Only what all of them have may be asked; lenient handling leaves out the rest. */
export function parseMultiTypeSearch(types: readonly ServedType[], parameters: SearchParameters, options: SearchOptions): ParsedSearch {
  const each = types.map((type) => parseForType(type, types, parameters, options));
  const ignored = [...new Set(each.flatMap((one) => one.ignored))];
  if (each.some((one) => one.ignored.length < ignored.length)) {
    const understood = parameters.filter(([name]) => !ignored.includes(name));
    return { ...parseMultiTypeSearch(types, understood, options), ignored };
  }
  const [first, ...others] = each;
  const otherTypes = others.flatMap(({ query }) => listSlices(query));
  rejectMixedSort(first!.query, otherTypes);
  return { ...first!, query: { ...first!.query, ...(otherTypes.length && { otherTypes }) } };
}

/** What is wrong for one type is wrong for all of them: the answer says so. */
function parseForType(type: ServedType, types: readonly ServedType[], parameters: SearchParameters, options: SearchOptions): ParsedSearch {
  try {
    return parseSearch(type, parameters, { ...options, types });
  } catch (error) {
    if (types.length === 1 || !(error instanceof FhirError)) throw error;
    const text = `a search of several types takes only what all of them have: ${error.message}`;
    throw new FhirError(error.kind, [{ ...error.issues[0]!, text }]);
  }
}

/** Values of different kinds have no order among each other. */
function rejectMixedSort({ sort }: TypeQuery, others: TypeQuery[]): void {
  const kinds = ({ sort: keys }: Pick<TypeQuery, 'sort'>): string => keys.map(({ by }) => by).join();
  if (others.some((other) => kinds(other) !== kinds({ sort })))
    throw notSupported('_sort: this parameter has values of other kinds in other types');
}
