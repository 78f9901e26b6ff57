// Searches of several types at once, with one result in one order. https://hl7.org/fhir/R4/http.html#search ("search-system")
// docs/decisions/0006-search-semantics.md
import { FhirError, notSupported } from '../outcome.ts';
import type { ServedType } from '../types.ts';
import { listSlices, type TypeQuery } from './query.ts';
import { type ParsedSearch, parseSearch, type SearchOptions } from './request.ts';

type SearchParameters = readonly [name: string, value: string][];

/** Parses a search of these types (at least one). A parameter must exist for all types; lenient handling ignores others. */
export function parseMultiTypeSearch(types: readonly ServedType[], parameters: SearchParameters, options: SearchOptions): ParsedSearch {
  const each = types.map((type, at) => parseForType(type, types, at === 0 ? parameters : parameters.filter(isParsedByType), options));
  const ignored = [...new Set(each.flatMap((search) => search.ignored))];
  const unknown = ignored.filter((name) => isParsedByType([name, '']));
  if (each.some((search) => unknown.some((name) => !search.ignored.includes(name)))) {
    const understood = parameters.filter(([name]) => !unknown.includes(name));
    return { ...parseMultiTypeSearch(types, understood, options), ignored };
  }
  const [first, ...others] = each;
  const otherTypes = others.flatMap(({ query }) => listSlices(query));
  rejectMixedSort(first!.query, otherTypes);
  return { ...first!, query: { ...first!.query, ...(otherTypes.length && { otherTypes }) } };
}

/** Includes are the same for all types of a search, so they are parsed with the first one only: `*` follows every reference of every type. */
const isParsedByType = ([name]: SearchParameters[number]): boolean => !/^_(rev)?include(:|$)/.test(name);

/** Parses the search for one type. Its errors explain that a parameter must exist for all types. */
function parseForType(type: ServedType, types: readonly ServedType[], parameters: SearchParameters, options: SearchOptions): ParsedSearch {
  try {
    return parseSearch(type, parameters, { ...options, types });
  } catch (error) {
    if (types.length === 1 || !(error instanceof FhirError)) throw error;
    const text = `a search of several types supports only parameters that all of them have: ${error.message}`;
    throw new FhirError(error.kind, [{ ...error.issues[0]!, text }]);
  }
}

/** Refuses a sort key whose kind differs between the types, because such values have no common order. */
function rejectMixedSort({ sort }: TypeQuery, others: TypeQuery[]): void {
  const kinds = ({ sort: keys }: Pick<TypeQuery, 'sort'>): string => keys.map(({ by }) => by).join();
  if (others.some((other) => kinds(other) !== kinds({ sort })))
    throw notSupported('_sort: this parameter has different kinds of values in the types of the search');
}
