// The order of a search, and where a page starts in it. The last key of every order is the pid, the number given at creation, so the order is total. A search
// without `_sort` has the pid as its only key, newest first; so no write moves a resource to another page while a client reads the pages. Resources without a
// value of a key come last. If the first key may be missing, the result is read as two streams: first the resources with the key, then those without it. Each
// stream is read from an index in its order. docs/decisions/0005-search-order-and-page-links.md

import { invalid } from '../../fhir/outcome.ts';
import { listSlices, type Query, type SortKey, type TypeQuery } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import type { Position } from './page.ts';
import { isRange } from './range.ts';
import { isBounding } from './sort-bounds.ts';
import { buildAbsenceTest, buildOrderedScan, buildSortValue, type OrderedScan, type SortColumn, type ValueKey } from './sort-value.ts';

/** One of the one or two streams of an ordered result. `present`: whether its rows have the first key. */
export interface Stream {
  keys: SortKey[];
  present: boolean;
}

/** The parts of a statement on `sx s` that reads a stream. `values`: the sort values of a row as `v0`, `v1` …, one for each key. */
export interface OrderSql {
  joins: string;
  tests: string[];
  values: string[];
  order: string;
  /** The same order in terms of the columns of a table `m` (`v0` …, `pid`). */
  orderByName: string;
  /** Alias of a joined table that also has the type. Its index has both type and order, so that one index scan serves both. */
  typeRow?: string;
  /** The first key; undefined if the stream does not have it. */
  first: SortColumn | undefined;
  /** Replaces `sx s` if only the values of the first key are tested. */
  scan?: OrderedScan;
}

/** Sort keys whose value is in the search row. */
export const IN_ROW: ReadonlySet<SortKey['by']> = new Set<SortKey['by']>(['lastUpdated', 'token']);

const isValueKey = (key: SortKey): key is ValueKey => 'parameter' in key;

/** The streams after a position; all streams without one. Omits the stream of missing values if a condition requires the first key. */
export function listStreams(query: Query, after?: Position): Stream[] {
  const { sort: keys } = query;
  if (after && after.length !== keys.length + 1) throw invalid('this page link belongs to another search: start the search again');
  const present = { keys, present: true };
  if (!keys[0] || !isValueKey(keys[0]) || listSlices(query).every(hasFirstKey)) return [present];
  const absent = { keys, present: false };
  return after && after[0] === null ? [absent] : [present, absent];
}

/** Only range conditions: a string condition may also match indexed values that are not sort values (phonetic codes). */
const hasFirstKey = ({ where, sort }: TypeQuery): boolean =>
  where.some((condition) => isRange(condition) && isBounding(condition, sort[0]));

/** The SQL of a stream, after a position in it. `alone`: no conditions other than on the values of the first key. */
export function buildOrderSql({ keys, present }: Stream, binder: Binder, after?: Position, alone = false): OrderSql {
  const walked = alone && present && keys[0] && keys.every(isValueKey) ? buildOrderedScan(keys, binder) : undefined;
  // `walked` exists only if every key is a ValueKey
  const [joins, columns] = walked ? buildScanJoins(walked, keys.slice(1) as ValueKey[], binder) : buildSortJoins(keys, present, binder);
  // the pid of the same row as the first value, so that its index serves a position in both
  const tie: SortColumn = {
    sql: `${columns[0]?.row ?? 's'}.pid`,
    type: 'bigint',
    descending: keys[0]?.descending ?? true,
    nullable: false,
  };
  const sorted = [...columns.filter((column) => column !== undefined), tie];
  const names = [...columns.flatMap((column, at) => (column ? [`m.v${at}`] : [])), 'm.pid'];
  const reached = after?.filter((_value, at) => at === keys.length || columns[at] !== undefined);
  return {
    joins: joins.join(' '),
    tests: [
      // `listStreams` creates a stream without the first key only if that key is a ValueKey
      ...(present ? [] : [buildAbsenceTest(keys[0] as ValueKey, binder)]),
      ...(reached ? [buildPositionTest(sorted, reached, binder)] : []),
    ],
    values: columns.map((column, at) => `${column?.sql ?? 'null'} as v${at}`),
    order: sorted.map((column) => buildDirection(column.sql, column)).join(', '),
    orderByName: sorted.map((column, at) => buildDirection(names[at]!, column)).join(', '),
    first: columns[0],
    ...(keys[0]?.by === 'id' && { typeRow: columns[0]!.row! }),
    ...(walked && { scan: walked[0] }),
  };
}

const buildDirection = (name: string, { descending, nullable }: SortColumn): string =>
  `${name}${descending ? ' desc' : ''}${nullable ? ' nulls last' : ''}`;

/** The joins for the sort values, and a column for each key; undefined for a first key that the stream does not have. */
function buildSortJoins(keys: SortKey[], present: boolean, binder: Binder): [string[], (SortColumn | undefined)[]] {
  const parts = keys.map((key, at): [string, SortColumn | undefined] => {
    if (!isValueKey(key)) return key.by === 'id' ? buildIdKey(key, binder) : buildLastUpdatedKey(key);
    if (at === 0 && !present) return ['', undefined];
    return buildSortValue(key, at === 0, binder);
  });
  return [parts.map(([join]) => join).filter(Boolean), parts.map(([, column]) => column)];
}

function buildScanJoins([{ row }, first]: [OrderedScan, SortColumn], others: ValueKey[], binder: Binder): [string[], SortColumn[]] {
  const parts = others.map((key) => buildSortValue(key, false, binder, row));
  return [parts.map(([join]) => join), [first, ...parts.map(([, column]) => column)]];
}

const buildLastUpdatedKey = ({ descending }: SortKey): [string, SortColumn] => [
  '',
  { sql: 's.lu', type: 'timestamptz', descending, nullable: false },
];

function buildIdKey({ descending }: SortKey, binder: Binder): [string, SortColumn] {
  const k = binder.alias('k');
  // no join on the type of `s`: a planner that expects no rows of a type would compare each row with each
  const join = `join resource ${k} on ${k}.tenant_id = ${TENANT} and ${k}.pid = s.pid`;
  return [join, { sql: `${k}.id`, type: 'text', descending, nullable: false, row: k }];
}

/**
 * True for the rows after a position. If all columns have the same direction and no missing values, the test is a row comparison, which an index can serve;
 * with more than two columns, a bound on the first key is added for the index. Otherwise the test is an OR of cases with that bound.
 */
function buildPositionTest(columns: SortColumn[], position: Position, binder: Binder): string {
  const values = columns.map(({ type }, at) => (position[at] === null ? 'null' : binder.bind(position[at], type)));
  const uniform = columns.every(({ descending, nullable }) => descending === columns[0]!.descending && !nullable);
  if (uniform) {
    const compared = `(${columns.map(({ sql }) => sql).join(', ')}) ${columns[0]!.descending ? '<' : '>'} (${values.join(', ')})`;
    return columns.length > 2 ? buildFirstKeyBound(columns[0]!, values[0]!) + compared : compared;
  }
  const cases = columns.map((column, at) => {
    const same = columns.slice(0, at).map((earlier, index) => buildEquality(earlier, position[index]!, values[index]!));
    return `(${[...same, buildAfterTest(column, position[at]!, values[at]!)].join(' and ')})`;
  });
  return `${buildFirstKeyBound(columns[0]!, values[0]!)}(${cases.join(' or ')})`;
}

const buildFirstKeyBound = ({ sql, descending, nullable }: SortColumn, value: string): string =>
  nullable ? '' : `${sql} ${descending ? '<=' : '>='} ${value} and `;

const buildEquality = ({ sql }: SortColumn, at: string | null, value: string): string =>
  at === null ? `${sql} is null` : `${sql} = ${value}`;

/** Missing values come after all others, so nothing comes after a missing value. */
function buildAfterTest({ sql, descending, nullable }: SortColumn, at: string | null, value: string): string {
  if (at === null) return 'false';
  const after = `${sql} ${descending ? '<' : '>'} ${value}`;
  return nullable ? `(${after} or ${sql} is null)` : after;
}
