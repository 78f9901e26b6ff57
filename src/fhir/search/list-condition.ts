// `_list`: the resources that the entries of a List refer to. https://hl7.org/fhir/R4/search.html#list
import { notSupported } from '../outcome.ts';
import { ID_PATTERN } from '../types.ts';
import type { Condition } from './query.ts';
import type { SearchRegistry } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';

/** Parses the id of a List. Functional lists (`$current-allergies`) are not supported. */
export function parseListCondition(value: string, registry: SearchRegistry): Condition {
  const ids = splitAlternatives('_list', value).map((piece) => unescapeValue(piece).replace(/^List\//, ''));
  if (!ids.every((id) => ID_PATTERN.test(id)))
    throw notSupported('_list takes the id of a List; functional lists ($current-…) are not served');
  return { on: 'has', type: 'List', parameter: registry.lookup('List', 'item')!.number, where: [{ on: 'id', any: ids }] };
}
