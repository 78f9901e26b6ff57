// Which index of the database answers a condition of a search: the names stand in migrations/, the reasons in docs/decisions/0003-search-index-tables.md.

import type { SearchParameter } from '../fhir/search/parameters.ts';
import type { Condition } from '../fhir/search/query.ts';

/** Kind of parameter → the index its plain values are found by. */
export const INDEX_OF_KIND: Readonly<Record<string, string>> = {
  token: 'sx_tok',
  uri: 'sx_tok',
  string: 'sx_string_value',
  reference: 'sx_ref_value',
  date: 'sx_date_value',
  number: 'sx_number_value',
  quantity: 'sx_number_value',
};

/** Parameters that are columns of a resource's own row. */
const INDEX_OF_COLUMN: Readonly<Record<string, string>> = { _id: 'sx_self', _lastUpdated: 'sx_lu' };

export const indexOfParameter = ({ code, type, infix }: SearchParameter): string =>
  [INDEX_OF_COLUMN[code] ?? INDEX_OF_KIND[type] ?? '–', ...(infix ? ['sx_string_infix'] : [])].join(', ');

const WALKED = 'walks the type (sx_stored)';

type Of<O extends Condition['on']> = Extract<Condition, { on: O }>;

/** The indexes that answer a condition, each once. */
export function indexesOf(condition: Condition): string[] {
  const rule = RULES[condition.on] as ((one: Condition) => string[]) | undefined;
  return [...new Set(rule ? rule(condition) : ['–'])];
}

const all = (list: Condition[]): string[] => list.flatMap(indexesOf);

const RULES: { [O in Condition['on']]?: (condition: Of<O>) => string[] } = {
  token: () => ['sx_tok'],
  reference: () => ['sx_ref_value'],
  string: ({ any }) => any.map((one) => ('contains' in one ? (one.infix ? 'sx_string_infix' : WALKED) : 'sx_string_value')),
  date: () => ['sx_date_value'],
  number: () => ['sx_number_value'],
  lastUpdated: () => ['sx_lu'],
  id: () => ['sx_self'],
  chain: ({ where }) => [...all(where), 'sx_ref_value'],
  has: ({ where }) => [...all(where), 'sx_ref_value'],
  or: ({ any }) => all(any),
  and: ({ all: every }) => all(every),
  not: () => [WALKED],
};
