// What a resource is sorted by, as SQL: a marked row of a side table, the codes in its search row, or the texts of its references.
// Of several values the least counts in ascending order, the greatest in descending. https://hl7.org/fhir/R4/search.html#sort
// docs/decisions/0005-search-order-and-page-links.md
import type { SortKey } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';

export type ValueKey = Extract<SortKey, { parameter: number }>;

/** A sort value of the rows of a statement on `sx s`. */
export interface SortColumn {
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
  sql(k: string, key: ValueKey): string;
  having(k: string, key: ValueKey): string;
  /** `row`: whose `pid` it is, the search row's or that of a walk. */
  all(k: string, key: ValueKey, row: string): string;
  absence(k: string, key: ValueKey): string;
  /** Where an index has its order: the rows of all that have one. */
  walk?(k: string, key: ValueKey): Pick<OrderedScan, 'from' | 'test'>;
}

/** All resources that have a value of a parameter, which only those of one type have: no search row need be read. */
export interface OrderedScan {
  from: string;
  test: string;
  /** Alias of the rows. */
  row: string;
  /** The value in them. */
  first: string;
}

/** The marked row of a side table. An index has its order. */
const buildMarkedSource = (table: string, column: string, type: string): Source => {
  // A row without the column was written before the column was.
  const test = (k: string, { parameter, descending }: ValueKey): string =>
    `${k}.tenant_id = ${TENANT} and ${k}.param = ${parameter} and ${k}.${descending ? 'high' : 'low'}${
      column === 'from_m' ? ` and ${k}.from_m is not null` : ''
    }`;
  const own = (k: string, key: ValueKey, row = 's'): string => `${test(k, key)} and ${k}.pid = ${row}.pid`;
  // looked up row by row: those of a walk are few
  const beside = (k: string, key: ValueKey, row: string): string => {
    const one = `${k}o`;
    return `left join lateral (select ${one}.${column} from ${table} ${one} where ${own(one, key, row)} offset 0) ${k} on true`;
  };
  return {
    type,
    sql: (k) => `${k}.${column}`,
    having: (k, key) => `join ${table} ${k} on ${own(k, key)}`,
    all: (k, key, row) => (row === 's' ? `left join ${table} ${k} on ${own(k, key, row)}` : beside(k, key, row)),
    absence: (k, key) => `not exists (select 1 from ${table} ${k} where ${own(k, key)})`,
    walk: (k, key) => ({ from: `${table} ${k}`, test: test(k, key) }),
  };
};

/** The column `ord` of the search row: the greatest code stands there only where it is another than the least. */
const buildCodeSql = ({ parameter, descending }: ValueKey): string =>
  `${descending ? `coalesce(s.ord->>'${parameter}-', s.ord->>'${parameter}')` : `(s.ord->>'${parameter}')`} collate "C"`;

const CODES: Source = {
  type: 'text',
  sql: (_k, key) => buildCodeSql(key),
  having: (k, key) => `join (select 1) ${k} on ${buildCodeSql(key)} is not null`,
  all: () => '',
  absence: (_k, key) => `${buildCodeSql(key)} is null`,
};

const buildReferenceJoin = (k: string, f: string, { parameter, descending }: ValueKey): string =>
  `lateral (select ${descending ? 'max' : 'min'}(${f}.target) as target from sx_ref ${f}
    where ${f}.tenant_id = ${TENANT} and ${f}.pid = s.pid and ${f}.param = ${parameter}) ${k}`;

const REFERENCES: Source = {
  type: 'text',
  sql: (k) => `${k}.target`,
  having: (k, key) => `join ${buildReferenceJoin(k, `${k}f`, key)} on ${k}.target is not null`,
  all: (k, key) => `left join ${buildReferenceJoin(k, `${k}f`, key)} on true`,
  absence: (k, { parameter }) =>
    `not exists (select 1 from sx_ref ${k} where ${k}.tenant_id = ${TENANT} and ${k}.pid = s.pid and ${k}.param = ${parameter} and ${k}.target is not null)`,
};

const SOURCES: Record<ValueKey['by'], Source> = {
  string: buildMarkedSource('sx_string', 'norm', 'text'),
  date: buildMarkedSource('sx_date', 'from_at', 'timestamptz'),
  number: buildMarkedSource('sx_number', 'from_n', 'numeric'),
  quantity: buildMarkedSource('sx_number', 'from_m', 'numeric'),
  token: CODES,
  reference: REFERENCES,
};

/** The join that brings in a sort value, and its column. `present`: only the rows that have one. */
export function buildSortValue(key: ValueKey, present: boolean, binder: Binder, row = 's'): [join: string, column: SortColumn] {
  const k = binder.alias('k');
  const { having, all } = SOURCES[key.by];
  return [present ? having(k, key) : all(k, key, row), buildSortColumn(key, k, present)];
}

function buildSortColumn(key: ValueKey, k: string, present: boolean): SortColumn {
  const { type, sql, walk } = SOURCES[key.by];
  return { sql: sql(k, key), type, descending: key.descending, nullable: !present, ...(walk && present && { row: k }) };
}

/** The walk in the order of the first of these keys, and its column; undefined where one of them stands in the search row or in no order. */
export function buildOrderedScan(keys: ValueKey[], binder: Binder): [walk: OrderedScan, column: SortColumn] | undefined {
  if (!keys.every(({ by }) => SOURCES[by].walk)) return undefined;
  const row = binder.alias('k');
  const column = buildSortColumn(keys[0]!, row, true);
  return [{ ...SOURCES[keys[0]!.by].walk!(row, keys[0]!), row, first: column.sql }, column];
}

/** True for the rows that have no value to sort by. */
export const buildAbsenceTest = (key: ValueKey, binder: Binder): string => SOURCES[key.by].absence(binder.alias('k'), key);
