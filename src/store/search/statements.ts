// The statements of a search: a page of one stream of its order, and how many match.
import { listSlices, type Query, type TypeQuery } from '../../fhir/search/query.ts';
import { type Binder, createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import { buildPageBody, buildShortBody, type ColumnList } from '../resources/stored-row.ts';
import { buildConditions, buildRowsSql, buildTests, hasOwnParameter } from './condition-sql.ts';
import { buildOffsetPageSql } from './offset.ts';
import { buildOrderSql, IN_ROW, type Stream } from './order.ts';
import type { Position } from './page.ts';
import type { TestedRow } from './row-tests.ts';
import { buildTypeTest } from './row-tests.ts';
import { buildBounds, isBounding } from './sort-bounds.ts';
import type { OrderedScan } from './sort-value.ts';
import { buildTokenRowsSql, FREQUENT, hasManyCodes, type TokenCondition } from './tokens.ts';

export interface Statement {
  sql: string;
  parameters: unknown[];
  /** Of a statement that keeps its plan. */
  name?: string | undefined;
}

/** How many rows of a stream, from where. */
export interface PagePart {
  columns: ColumnList;
  /** Of a query with `room`: texts are counted in their order, and not each measured alone. */
  counted: boolean;
  limit: number;
  after?: Position;
  offset?: number;
}

export const toStatement = (sql: string, { parameters }: Binder): Statement => ({ sql, parameters: [...parameters] });
export const toTestedRow = (slice: TypeQuery, row = 's'): TestedRow => ({ row, types: [slice.type] });
/** All resources a search finds, one row each. */
const buildMatchesSql = (query: Query, binder: Binder): string =>
  listSlices(query)
    .map((slice) => `select 1 from sx s where ${buildConditions(slice.where, toTestedRow(slice), binder)}`)
    .join(' union all ');

/** So many are asked for that reading them in order and leaving out the others is never the quicker way. */
const READ_ALL_LIMIT = 1000;

/** Whether one plan is right whatever the values: there are none, or one condition leads to its rows and all of them are wanted. */
export const hasFixedPlan = ({ where, otherTypes }: Pick<Query, 'where' | 'otherTypes'>, limit: number): boolean =>
  !otherTypes?.length && (where.length === 0 || (where.length === 1 && limit > READ_ALL_LIMIT));

/** Rows of these columns with `pid` and the sort values (`v0`, `v1` …). Limits stand in the text: the planner has to know that they are small. */
export function buildPageSql(tenant: number, query: Query, stream: Stream, part: PagePart): Statement {
  const binder = createBinder(tenant);
  const { found, orderByName, bounded } = query.otherTypes?.length
    ? buildMergedSql(query, stream, part, binder)
    : buildSliceSql(query, stream, part, binder);
  const sql = `select ${part.columns(buildBody(query, part, orderByName))}, m.* from (${found}) m join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${orderByName}`;
  return { ...toStatement(sql, binder), ...((bounded || hasFixedPlan(query, part.limit)) && { name: toStatementName(sql) }) };
}

/** How the body of a row is read. Where a page has only so much room: if a page of such bodies had room; `counted`: if it is the first, or there is room for it and all before it. */
export function buildBody(
  { maxBytes: room }: Query,
  { limit, counted }: Pick<PagePart, 'counted'> & { limit: number | string },
  order: string,
): string {
  return room === undefined || counted ? buildPageBody(room, order) : buildShortBody(room, limit);
}

interface RowsSql {
  found: string;
  /** The order by the names of the values in a table `m`. */
  orderByName: string;
  /** It reads its rows in their order between bounds, and tests nothing else: one plan is right whatever the values. */
  bounded?: boolean;
}

function buildSliceSql(slice: TypeQuery, stream: Stream, part: PagePart, binder: Binder): RowsSql {
  const many = slice.where.find(hasManyCodes);
  return many ? buildManyCodesSql(slice, many, { stream, part }, binder) : buildOrderedRowsSql(slice, stream, part, binder);
}

/** Those that have one of many codes, looked up first: a few are put in order, and where they are frequent all are read in order. One of the two is done. */
function buildManyCodesSql(
  slice: TypeQuery,
  many: TokenCondition,
  { stream, part }: { stream: Stream; part: PagePart },
  binder: Binder,
): RowsSql {
  const { limit, offset = 0, ...rest } = part;
  const [f, others, first] = [binder.alias('w'), slice.where.filter((one) => one !== many), { limit: limit + offset, ...rest }];
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

/** `also`: a further test. */
function buildOrderedRowsSql(
  slice: TypeQuery,
  { present }: Stream,
  { limit, after, offset = 0 }: PagePart,
  binder: Binder,
  also?: string,
): RowsSql {
  const [key] = slice.sort;
  const bounding = present && !hasFixedPlan(slice, limit) ? slice.where.filter((condition) => isBounding(condition, key)) : [];
  const alone = !also && bounding.length === slice.where.length;
  const { typeRow, scan, first, orderByName, ...order } = buildOrderSql({ keys: slice.sort, present }, binder, after, alone);
  if (scan && !bounding.length && offset && slice.sort.length > 1 && !after)
    return { found: buildOffsetPageSql({ ...order, scan, descending: key!.descending }, { limit, offset }, binder), orderByName };
  const others = { ...slice, where: slice.where.filter((condition) => !bounding.some((one) => one === condition)) };
  const { from, row, test } = scan ??
    findOwnRows(slice, limit, binder, also) ?? { from: 'sx s', row: 's', test: buildRowTest(others, typeRow, binder) };
  const page = `limit ${limit} offset ${offset ? `${binder.bind(offset)}::bigint` : 0}`;
  const bounds = first ? buildBounds(bounding, first, binder) : [];
  // between bounds, the sort rows are looked at in their order, each by itself
  const asked = buildTests(bounding, { row, types: [slice.type], ...(bounds.length && { few: true as const }) }, binder);
  const tests = [test, ...order.tests, ...asked, ...(also ? [also] : [])];
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

/** All that one condition finds by its own rows, which tell the type too: then no search row need be read. */
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

/** What is asked of the search row; `typed`: nothing, and its type of another. */
const buildRowTest = (slice: TypeQuery, typed: string | undefined, binder: Binder): string =>
  typed && !slice.where.length
    ? `s.tenant_id = ${TENANT} and ${buildTypeTest(typed, [slice.type])}`
    : buildConditions(slice.where, toTestedRow(slice), binder);

/** Of several types: as many of each as could be in the page, each read in its order, and of these the first. */
function buildMergedSql(query: Query, stream: Stream, { limit, offset = 0, ...part }: PagePart, binder: Binder): RowsSql {
  const arms = listSlices(query).map((slice) => buildSliceSql(slice, stream, { limit: limit + offset, ...part }, binder));
  const { orderByName } = arms[0]!;
  const all = arms.map(({ found }) => `(${found})`).join(' union all ');
  return { found: `select m.* from (${all}) m order by ${orderByName} limit ${limit} offset ${offset}`, orderByName };
}

/** One row, `total`; at most `cap` when that is given. */
export function buildTotalSql(tenant: number, query: Query, cap?: number): Statement {
  const binder = createBinder(tenant);
  const limit = cap === undefined ? '' : ` limit ${cap}`;
  return toStatement(`select count(*)::int as total from (${buildMatchesSql(query, binder)}${limit}) counted`, binder);
}

/** One row, `QUERY PLAN`: how many rows the planner expects. */
export function buildEstimateSql(tenant: number, query: Query): Statement {
  const binder = createBinder(tenant);
  return toStatement(`explain (format json) ${buildMatchesSql(query, binder)}`, binder);
}

/** How many rows a stream has in all: one row, `total`. */
export function buildStreamTotalSql(tenant: number, query: Query, { present }: Stream): Statement {
  const binder = createBinder(tenant);
  const arms = listSlices(query).map((slice) => {
    const { joins, tests } = buildOrderSql({ keys: slice.sort, present }, binder);
    return `select 1 from sx s ${joins} where ${[buildConditions(slice.where, toTestedRow(slice), binder), ...tests].join(' and ')}`;
  });
  return toStatement(`select count(*)::int as total from (${arms.join(' union all ')}) counted`, binder);
}
