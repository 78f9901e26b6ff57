// The statements of a search: a page of one stream of its order, and the number of matches.
import { listSlices, type Query, type TypeQuery } from '../../fhir/search/query.ts';
import { type Binder, createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import { buildPageBody, buildShortBody, type ColumnList } from '../resources/resource-row.ts';
import { buildConditions, buildRowsSql, buildTests, hasOwnParameter } from './condition-sql.ts';
import { buildOffsetPageSql } from './offset.ts';
import { buildOrderSql, IN_ROW, type Stream } from './order.ts';
import type { Position } from './page.ts';
import { buildTypeTest, type TestedRow } from './row-tests.ts';
import { buildBounds, isBounding } from './sort-bounds.ts';
import type { OrderedScan } from './sort-value.ts';
import { buildTokenRowsSql, FREQUENT, hasManyCodes, type TokenCondition } from './tokens.ts';

export interface Statement {
  sql: string;
  parameters: unknown[];
  /** Present if the statement is prepared and uses one plan. */
  name?: string | undefined;
}

/** A part of a stream. */
export interface PagePart {
  columns: ColumnList;
  /** For a query with `maxBytes`: the lengths of bodies are added up in their order, instead of tested one by one. */
  counted: boolean;
  limit: number;
  after?: Position;
  offset?: number;
}

export const toStatement = (sql: string, { parameters }: Binder): Statement => ({ sql, parameters: [...parameters] });
export const toTestedRow = (slice: TypeQuery, row = 's'): TestedRow => ({ row, types: [slice.type] });
/** One row for each resource that a search finds. */
const buildMatchesSql = (query: Query, binder: Binder): string =>
  listSlices(query)
    .map((slice) => `select 1 from sx s where ${buildConditions(slice.where, toTestedRow(slice), binder)}`)
    .join(' union all ');

/** With a larger limit, reading the rows in order and filtering them is never faster. */
const READ_ALL_LIMIT = 1000;

/** Whether one plan is right for all values: there is no condition, or one condition finds its rows by an index and all of them are read. */
export const hasFixedPlan = ({ where, otherTypes }: Pick<Query, 'where' | 'otherTypes'>, limit: number): boolean =>
  !otherTypes?.length && (where.length === 0 || (where.length === 1 && limit > READ_ALL_LIMIT));

/** Selects `columns`, `pid` and the sort values (`v0`, `v1` …). Limits are in the SQL text, because the planner must know that they are small. */
export function buildPageSql(tenant: number, query: Query, stream: Stream, part: PagePart): Statement {
  const binder = createBinder(tenant);
  const { found, orderByName, bounded } = query.otherTypes?.length
    ? buildMergedSql(query, stream, part, binder)
    : buildSliceSql(query, stream, part, binder);
  const sql = `select ${part.columns(buildBody(query, part, orderByName))}, m.* from (${found}) m join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${orderByName}`;
  return { ...toStatement(sql, binder), ...((bounded || hasFixedPlan(query, part.limit)) && { name: toStatementName(sql) }) };
}

/**
 * The SQL of a body. With a size limit, a body is returned if a whole page of bodies of its length would fit. With `counted`, it is returned if it is the first
 * or fits together with all bodies before it.
 */
export function buildBody(
  { maxBytes: room }: Query,
  { limit, counted }: Pick<PagePart, 'counted'> & { limit: number | string },
  order: string,
): string {
  return room === undefined || counted ? buildPageBody(room, order) : buildShortBody(room, limit);
}

interface RowsSql {
  found: string;
  /** The order in terms of the columns of a table `m`. */
  orderByName: string;
  /** The statement reads its rows in order between bounds and has no other tests, so one plan is right for all values. */
  bounded?: boolean;
}

function buildSliceSql(slice: TypeQuery, stream: Stream, part: PagePart, binder: Binder): RowsSql {
  const many = slice.where.find(hasManyCodes);
  return many ? buildManyCodesSql(slice, many, { stream, part }, binder) : buildOrderedRowsSql(slice, stream, part, binder);
}

/**
 * Resources with one of many codes. The codes are looked up first. If they find few resources, these are sorted; if they are frequent, all resources are read
 * in order. The statement contains both parts, and only one of them runs.
 */
function buildManyCodesSql(
  slice: TypeQuery,
  many: TokenCondition,
  { stream, part }: { stream: Stream; part: PagePart },
  binder: Binder,
): RowsSql {
  const { limit, offset = 0, ...rest } = part;
  const [f, others, first] = [binder.alias('w'), slice.where.filter((condition) => condition !== many), { limit: limit + offset, ...rest }];
  const rows = `with ${f} as materialized (${buildTokenRowsSql(many, [slice.type], binder, FREQUENT)})`;
  const count = `(select count(*) from ${f})`;
  const gathered = buildOrderedRowsSql(
    { ...slice, where: others },
    stream,
    first,
    binder,
    `${count} < ${FREQUENT} and s.pid = any(array(select ${f}.pid from ${f}))`,
  );
  const inOrder = { ...slice, where: [...others, { ...many, frequent: true as const }] };
  const read = buildOrderedRowsSql(inOrder, stream, first, binder, `${count} >= ${FREQUENT}`);
  const { orderByName } = gathered;
  const found = `${rows} select m.* from ((${gathered.found}) union all (${read.found})) m order by ${orderByName} limit ${limit} offset ${offset}`;
  return { found, orderByName };
}

/** `also`: an additional test. */
function buildOrderedRowsSql(
  slice: TypeQuery,
  { present }: Stream,
  { limit, after, offset = 0 }: PagePart,
  binder: Binder,
  also?: string,
): RowsSql {
  const [key] = slice.sort;
  const bounding = present && !hasFixedPlan(slice, limit) ? slice.where.filter((condition) => isBounding(condition, key)) : [];
  const isOnlyBound = !also && bounding.length === slice.where.length;
  const { typeRow, scan, first, orderByName, ...order } = buildOrderSql({ keys: slice.sort, present }, binder, after, isOnlyBound);
  if (scan && !bounding.length && offset && slice.sort.length > 1 && !after)
    return { found: buildOffsetPageSql({ ...order, scan, descending: key!.descending }, { limit, offset }, binder), orderByName };
  const others = { ...slice, where: slice.where.filter((condition) => !bounding.some((bounding) => bounding === condition)) };
  const { from, row, test } = scan ??
    findOwnRows(slice, limit, binder, also) ?? { from: 'sx s', row: 's', test: buildRowTest(others, typeRow, binder) };
  const page = `limit ${limit} offset ${offset ? binder.bind(offset, 'bigint') : 0}`;
  const bounds = first ? buildBounds(bounding, first, binder) : [];
  // between bounds, the sort rows are read in order and tested one by one
  const boundingTests = buildTests(bounding, { row, types: [slice.type], ...(bounds.length && { few: true as const }) }, binder);
  const tests = [test, ...order.tests, ...boundingTests, ...(also ? [also] : [])];
  const rows = (bound: string[]): string =>
    `select ${[`${row}.pid`, ...order.values].join(', ')} from ${from} ${order.joins} where ${[...tests, ...bound].join(' and ')} order by ${order.order}`;
  if (!bounds.length) return { found: `${rows([])} ${page}`, orderByName };
  const arms = bounds.map((bound) => `(${rows([bound])} limit ${limit + offset})`);
  return {
    found: `select m.* from (${arms.join(' union all ')}) m order by ${orderByName} ${page}`,
    orderByName,
    bounded: scan !== undefined,
  };
}

/** The rows of a single condition that also implies the type, so that search rows are not read. Undefined if the search is not of this kind. */
function findOwnRows(
  { where, sort }: TypeQuery,
  limit: number,
  binder: Binder,
  also?: string,
): Pick<OrderedScan, 'from' | 'row' | 'test'> | undefined {
  const [only, ...others] = where;
  if (!only || others.length || also || limit <= READ_ALL_LIMIT || !hasOwnParameter(only) || sort.some(({ by }) => IN_ROW.has(by)))
    return undefined;
  return { from: `(select distinct l.pid from (${buildRowsSql(binder.alias('l'), only, binder)}) l) s`, row: 's', test: 'true' };
}

/** The tests of the search row. `typed`: alias of another table whose type is tested instead, if there are no conditions. */
const buildRowTest = (slice: TypeQuery, typed: string | undefined, binder: Binder): string =>
  typed && !slice.where.length
    ? `s.tenant_id = ${TENANT} and ${buildTypeTest(typed, [slice.type])}`
    : buildConditions(slice.where, toTestedRow(slice), binder);

/** A search of several types: reads as many rows of each type as the page could have, each in order, and merges them. */
function buildMergedSql(query: Query, stream: Stream, { limit, offset = 0, ...part }: PagePart, binder: Binder): RowsSql {
  const arms = listSlices(query).map((slice) => buildSliceSql(slice, stream, { limit: limit + offset, ...part }, binder));
  const { orderByName } = arms[0]!;
  const all = arms.map(({ found }) => `(${found})`).join(' union all ');
  return { found: `select m.* from (${all}) m order by ${orderByName} limit ${limit} offset ${offset}`, orderByName };
}

/** Returns one row, `total`; at most `cap`, if given. */
export function buildTotalSql(tenant: number, query: Query, cap?: number): Statement {
  const binder = createBinder(tenant);
  const limit = cap === undefined ? '' : ` limit ${cap}`;
  return toStatement(`select count(*)::int as total from (${buildMatchesSql(query, binder)}${limit}) counted`, binder);
}

/** Returns one row, `QUERY PLAN`, with the number of rows that the planner expects. */
export function buildEstimateSql(tenant: number, query: Query): Statement {
  const binder = createBinder(tenant);
  return toStatement(`explain (format json) ${buildMatchesSql(query, binder)}`, binder);
}

/** Returns one row, `total`: the number of rows of a stream. */
export function buildStreamTotalSql(tenant: number, query: Query, { present }: Stream): Statement {
  const binder = createBinder(tenant);
  const arms = listSlices(query).map((slice) => {
    const { joins, tests } = buildOrderSql({ keys: slice.sort, present }, binder);
    return `select 1 from sx s ${joins} where ${[buildConditions(slice.where, toTestedRow(slice), binder), ...tests].join(' and ')}`;
  });
  return toStatement(`select count(*)::int as total from (${arms.join(' union all ')}) counted`, binder);
}
