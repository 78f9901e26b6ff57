// Finds the database index of a search condition. The names are those of migrations/; the reasons are in docs/decisions/0003-search-index-tables.md.

import type { Condition } from '../fhir/search/query.ts';
import type { SearchParameter } from '../fhir/search/registry.ts';

/** Type of search parameter → the index that finds its values. */
export const INDEX_BY_TYPE: Readonly<Record<string, string>> = {
  token: 'sx_tok',
  uri: 'sx_tok',
  string: 'sx_string_value',
  reference: 'sx_ref_value',
  date: 'sx_date_value',
  number: 'sx_number_value',
  quantity: 'sx_number_value',
};

/** Parameters that are columns of the resource row. */
const INDEX_BY_COLUMN: Readonly<Record<string, string>> = { _id: 'sx_self', _lastUpdated: 'sx_lu' };

export const parameterIndexes = ({ code, type, phonetic, substringIndexed }: SearchParameter): string =>
  [INDEX_BY_COLUMN[code] ?? INDEX_BY_TYPE[phonetic ? 'token' : type] ?? '–', ...(substringIndexed ? ['sx_string_infix'] : [])].join(', ');

const SCAN = 'scans the type (sx_stored)';

/** The indexes that find a condition, each once. */
export const conditionIndexes = (condition: Condition): string[] => [...new Set(listIndexes(condition))];

function listIndexes(condition: Condition): string[] {
  switch (condition.on) {
    case 'token':
      return ['sx_tok'];
    case 'reference':
      return ['sx_ref_value'];
    case 'string':
      return condition.any.map((test) => ('contains' in test ? (test.infix ? 'sx_string_infix' : SCAN) : 'sx_string_value'));
    case 'date':
      return ['sx_date_value'];
    case 'number':
      return ['sx_number_value'];
    case 'lastUpdated':
      return ['sx_lu'];
    case 'id':
      return ['sx_self'];
    case 'chain':
    case 'has':
      return [...condition.where.flatMap(listIndexes), 'sx_ref_value'];
    case 'or':
      return condition.any.flatMap(listIndexes);
    case 'and':
      return condition.all.flatMap(listIndexes);
    case 'not':
      return [SCAN];
    default:
      return ['–'];
  }
}
