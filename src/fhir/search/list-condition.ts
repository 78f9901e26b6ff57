// `_list`: what the entries of a List refer to. https://hl7.org/fhir/R4/search.html#list
import { notSupported } from '../outcome.ts';
import { ID } from '../types.ts';
import type { Registry } from './parameters.ts';
import type { Condition } from './query.ts';
import { alternatives, unescaped } from './text.ts';

/** By the id of a List; lists by their function (`$current-allergies`) are not kept here. */
export function listCondition(value: string, registry: Registry): Condition {
  const ids = alternatives('_list', value).map((piece) => unescaped(piece).replace(/^List\//, ''));
  if (!ids.every((id) => ID.test(id))) throw notSupported('_list takes the id of a List; functional lists ($current-…) are not served');
  return { on: 'has', type: 'List', parameter: registry.lookup('List', 'item')!.number, where: [{ on: 'id', any: ids }] };
}
