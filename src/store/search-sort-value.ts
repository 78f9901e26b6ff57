// What a resource is sorted by, as SQL: a marked row of a side table, the codes in its search row, or the texts of its references.
// Of several values the least counts in ascending order, the greatest in descending. https://hl7.org/fhir/R4/search.html#sort
import type { SortKey } from '../fhir/search/query.ts';
import { type Binder, TENANT } from './binder.ts';

export type ValueKey = Extract<SortKey, { parameter: number }>;

/** A sort value of the rows of a statement on `sx s`. */
export interface Column {
  sql: string;
  type: string;
  descending: boolean;
  nullable: boolean;
  /** Alias of the row that has the value beside its `pid`, where an index has the order of both. */
  row?: string;
}

/** What a kind of value needs: the join that brings it in for those that have it, the one for all, and what tells that a row has none. */
interface Source {
  type: string;
  /** Whether an index has its order. */
  ordered: boolean;
  sql(k: string, key: ValueKey): string;
  having(k: string, key: ValueKey): string;
  all(k: string, key: ValueKey): string;
  absence(k: string, key: ValueKey): string;
}

/** The marked row of a side table. An index has its order. */
const marked = (table: string, column: string, type: string): Source => {
  // A row without the column was written before the column was.
  const own = (k: string, { parameter, descending }: ValueKey): string =>
    `${k}.tenant_id = ${TENANT} and ${k}.pid = s.pid and ${k}.param = ${parameter} and ${k}.${descending ? 'high' : 'low'}${
      column === 'from_m' ? ` and ${k}.from_m is not null` : ''
    }`;
  return {
    type,
    ordered: true,
    sql: (k) => `${k}.${column}`,
    having: (k, key) => `join ${table} ${k} on ${own(k, key)}`,
    all: (k, key) => `left join ${table} ${k} on ${own(k, key)}`,
    absence: (k, key) => `not exists (select 1 from ${table} ${k} where ${own(k, key)})`,
  };
};

/** The column `ord` of the search row: the greatest code stands there only where it is another than the least. */
const code = ({ parameter, descending }: ValueKey): string =>
  `${descending ? `coalesce(s.ord->>'${parameter}-', s.ord->>'${parameter}')` : `(s.ord->>'${parameter}')`} collate "C"`;

const CODES: Source = {
  type: 'text',
  ordered: false,
  sql: (_k, key) => code(key),
  having: (k, key) => `join (select 1) ${k} on ${code(key)} is not null`,
  all: () => '',
  absence: (_k, key) => `${code(key)} is null`,
};

const ends = (k: string, f: string, { parameter, descending }: ValueKey): string =>
  `lateral (select ${descending ? 'max' : 'min'}(${f}.target) as target from sx_ref ${f}
    where ${f}.tenant_id = ${TENANT} and ${f}.pid = s.pid and ${f}.param = ${parameter}) ${k}`;

const REFERENCES: Source = {
  type: 'text',
  ordered: false,
  sql: (k) => `${k}.target`,
  having: (k, key) => `join ${ends(k, `${k}f`, key)} on ${k}.target is not null`,
  all: (k, key) => `left join ${ends(k, `${k}f`, key)} on true`,
  absence: (k, { parameter }) =>
    `not exists (select 1 from sx_ref ${k} where ${k}.tenant_id = ${TENANT} and ${k}.pid = s.pid and ${k}.param = ${parameter} and ${k}.target is not null)`,
};

const SOURCES: Record<ValueKey['by'], Source> = {
  string: marked('sx_string', 'norm', 'text'),
  date: marked('sx_date', 'from_at', 'timestamptz'),
  number: marked('sx_number', 'from_n', 'numeric'),
  quantity: marked('sx_number', 'from_m', 'numeric'),
  token: CODES,
  reference: REFERENCES,
};

/** The join that brings in a sort value, and its column. `present`: only the rows that have one. */
export function valueKey(key: ValueKey, present: boolean, binder: Binder): [join: string, column: Column] {
  const k = binder.alias('k');
  const { type, ordered, sql, having, all } = SOURCES[key.by];
  const column: Column = { sql: sql(k, key), type, descending: key.descending, nullable: !present, ...(ordered && present && { row: k }) };
  return [(present ? having : all)(k, key), column];
}

/** True for the rows that have no value to sort by. */
export const absence = (key: ValueKey, binder: Binder): string => SOURCES[key.by].absence(binder.alias('k'), key);
