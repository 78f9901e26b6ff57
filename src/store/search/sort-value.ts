// Builds the SQL of sort values: a marked row of an index table, a code in the search row, or the text of a reference. If a resource has several values, the
// least is used in ascending order and the greatest in descending order. https://hl7.org/fhir/R4/search.html#sort
// docs/decisions/0005-search-order-and-page-links.md
import type { SortKey } from '../../fhir/search/query.ts';
import { type Binder, type ParameterType, TENANT } from '../database/parameter-binder.ts';
import { buildSortRowTest } from './shared-texts.ts';

export type ValueKey = Extract<SortKey, { parameter: number }>;

/** A sort value of the rows of a statement on `sx s`. */
export interface SortColumn {
  sql: string;
  type: ParameterType;
  descending: boolean;
  nullable: boolean;
  /** Alias of the row with the value and its `pid`, if an index has the order of both. */
  row?: string;
}

/** The SQL of one kind of sort value. `having`: the join for resources with a value. `all`: the join for all resources. `absence`: tests that there is none. */
interface Source {
  type: ParameterType;
  sql(k: string, key: ValueKey): string;
  having(k: string, key: ValueKey): string;
  /** `row`: the alias whose `pid` is joined, that of the search row or of an ordered scan. */
  all(k: string, key: ValueKey, row: string): string;
  absence(k: string, key: ValueKey): string;
  /** If an index has the order: the rows of all resources that have a value. */
  walk?(k: string, key: ValueKey): Pick<OrderedScan, 'from' | 'test'>;
}

/** Reads all resources that have a value of a parameter. Only one type has the parameter, so search rows are not read. */
export interface OrderedScan {
  from: string;
  test: string;
  /** Alias of the rows. */
  row: string;
  /** The value as a column of these rows. */
  first: string;
}

/** A marked row of an index table. An index has its order, unless it is a row of one of several parameters. */
const buildMarkedSource = (table: string, column: string, type: ParameterType): Source => {
  // A row without a value of `from_m` was written before the column existed.
  const test = (k: string, key: ValueKey): string =>
    `${k}.tenant_id = ${TENANT} and ${buildSortRowTest(k, key)}${column === 'from_m' ? ` and ${k}.from_m is not null` : ''}`;
  const own = (k: string, key: ValueKey, row = 's'): string => `${test(k, key)} and ${k}.pid = ${row}.pid`;
  // read for each row, because an ordered scan tests few rows
  const buildSeparateJoin = (k: string, key: ValueKey, row: string): string => {
    const alias = `${k}o`;
    return `left join lateral (select ${alias}.${column} from ${table} ${alias} where ${own(alias, key, row)} offset 0) ${k} on true`;
  };
  return {
    type,
    sql: (k) => `${k}.${column}`,
    having: (k, key) => `join ${table} ${k} on ${own(k, key)}`,
    all: (k, key, row) => (row === 's' ? `left join ${table} ${k} on ${own(k, key, row)}` : buildSeparateJoin(k, key, row)),
    absence: (k, key) => `not exists (select 1 from ${table} ${k} where ${own(k, key)})`,
    walk: (k, key) => ({ from: `${table} ${k}`, test: test(k, key) }),
  };
};

/** Reads the column `ord` of the search row. It has the greatest code only if that differs from the least. */
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

/** The join for a sort value, and its column. `present`: only rows that have a value. */
export function buildSortValue(key: ValueKey, present: boolean, binder: Binder, row = 's'): [join: string, column: SortColumn] {
  const k = binder.alias('k');
  const { having, all } = SOURCES[key.by];
  return [present ? having(k, key) : all(k, key, row), buildSortColumn(key, k, present)];
}

function buildSortColumn(key: ValueKey, k: string, present: boolean): SortColumn {
  const { type, sql, walk } = SOURCES[key.by];
  return { sql: sql(k, key), type, descending: key.descending, nullable: !present, ...(walk && present && { row: k }) };
}

/** The scan in the order of the first key, and its column. Undefined if a key is in the search row or has no index in its order. */
export function buildOrderedScan(keys: ValueKey[], binder: Binder): [walk: OrderedScan, column: SortColumn] | undefined {
  if (!keys.every(({ by, shared }) => SOURCES[by].walk && !shared)) return undefined;
  const row = binder.alias('k');
  const column = buildSortColumn(keys[0]!, row, true);
  return [{ ...SOURCES[keys[0]!.by].walk!(row, keys[0]!), row, first: column.sql }, column];
}

/** True for rows without a sort value. */
export const buildAbsenceTest = (key: ValueKey, binder: Binder): string => SOURCES[key.by].absence(binder.alias('k'), key);
