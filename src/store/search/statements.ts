// The statements of a search: a page of one stream of its order, and how many match.
import { type Condition, type Query, type Slice, slicesOf } from '../../fhir/search/query.ts';
import { type Binder, binderFor, TENANT } from '../database/parameter-binder.ts';
import { settledName } from '../database/prepared-statement-names.ts';
import { bodyOfPage, type Columns, shortBody } from '../resources/stored-row.ts';
import { allTests, isOwn, rowsOf, testsOf } from './condition.ts';
import { skippingSql } from './offset.ts';
import { IN_ROW, orderSql, type Stream } from './order.ts';
import type { Position } from './page.ts';
import { boundsOf, isBounding } from './sort-bounds.ts';
import type { Walk } from './sort-value.ts';
import type { Tested } from './tested-row.ts';
import { FREQUENT, isMany, type Tokens, tokenRows } from './tokens.ts';
import { typeTest } from './type-test.ts';

export interface Statement {
  sql: string;
  parameters: unknown[];
  /** Of a statement that keeps its plan. */
  name?: string | undefined;
}

/** How many rows of a stream, from where. */
export interface Part {
  columns: Columns;
  /** Of a query with `room`: texts are counted in their order, and not each measured alone. */
  counted: boolean;
  limit: number;
  after?: Position;
  offset?: number;
}

export const statement = (sql: string, { parameters }: Binder): Statement => ({ sql, parameters: [...parameters] });
export const tested = (slice: Slice, row = 's'): Tested => ({ row, types: [slice.type] });
/** All resources a search finds, one row each. */
const everything = (query: Query, binder: Binder): string =>
  slicesOf(query)
    .map((slice) => `select 1 from sx s where ${testsOf(slice.where, tested(slice), binder)}`)
    .join(' union all ');

/** So many are asked for that reading them in order and leaving out the others is never the quicker way. */
const EVERYTHING = 1000;

/** Whether one plan is right whatever the values: there are none, or one condition leads to its rows and all of them are wanted. */
export const isSettled = ({ where, also }: Pick<Query, 'where' | 'also'>, limit: number): boolean =>
  !also?.length && (where.length === 0 || (where.length === 1 && limit > EVERYTHING));

/** Rows of these columns with `pid` and the sort values (`v0`, `v1` …). Limits stand in the text: the planner has to know that they are small. */
export function pageSql(tenant: number, query: Query, stream: Stream, part: Part): Statement {
  const binder = binderFor(tenant);
  const { found, orderByName, bounded } = query.also?.length
    ? mergedSql(query, stream, part, binder)
    : sliceSql(query, stream, part, binder);
  const sql = `select ${part.columns(bodyOf(query, part, orderByName))}, m.* from (${found}) m join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${orderByName}`;
  return { ...statement(sql, binder), ...((bounded || isSettled(query, part.limit)) && { name: settledName(sql) }) };
}

/** How the body of a row is read. Where a page has only so much room: if a page of such bodies had room; `counted`: if it is the first, or there is room for it and all before it. */
export function bodyOf({ room }: Query, { limit, counted }: Pick<Part, 'counted'> & { limit: number | string }, order: string): string {
  return room === undefined || counted ? bodyOfPage(room, order) : shortBody(room, limit);
}

interface Found {
  found: string;
  /** The order by the names of the values in a table `m`. */
  orderByName: string;
  /** It reads its rows in their order between bounds, and tests nothing else: one plan is right whatever the values. */
  bounded?: boolean;
}

function sliceSql(slice: Slice, stream: Stream, part: Part, binder: Binder): Found {
  const many = slice.where.find(isMany);
  return many ? eitherWaySql(slice, many, { stream, part }, binder) : armSql(slice, stream, part, binder);
}

/** Those that have one of many codes, looked up first: a few are put in order, and where they are frequent all are read in order. One of the two is done. */
function eitherWaySql(slice: Slice, many: Tokens, { stream, part }: { stream: Stream; part: Part }, binder: Binder): Found {
  const { limit, offset = 0, ...rest } = part;
  const [f, others, first] = [binder.alias('w'), slice.where.filter((one) => one !== many), { limit: limit + offset, ...rest }];
  const rows = `with ${f} as materialized (${tokenRows(many, [slice.type], binder, FREQUENT)})`;
  const count = `(select count(*) from ${f})`;
  const gathered = armSql(
    { ...slice, where: others },
    stream,
    first,
    binder,
    `${count} < ${FREQUENT} and s.pid = any(array(select ${f}.pid from ${f}))`,
  );
  const inOrder = { ...slice, where: [...others, { ...many, frequent: true as const }] };
  const read = armSql(inOrder, stream, first, binder, `${count} >= ${FREQUENT}`);
  const { orderByName } = gathered;
  const found = `${rows} select m.* from ((${gathered.found}) union all (${read.found})) m order by ${orderByName} limit ${limit} offset ${offset}`;
  return { found, orderByName };
}

/** `also`: a further test. */
function armSql(slice: Slice, { present }: Stream, { limit, after, offset = 0 }: Part, binder: Binder, also?: string): Found {
  const [key] = slice.sort;
  const bounding = present && !isSettled(slice, limit) ? slice.where.filter((condition) => isBounding(condition, key)) : [];
  const alone = !also && bounding.length === slice.where.length;
  const { typed, walk, first, orderByName, ...order } = orderSql({ keys: slice.sort, present }, binder, after, alone);
  if (walk && !bounding.length && offset && slice.sort.length > 1 && !after)
    return { found: skippingSql({ ...order, walk, descending: key!.descending }, { limit, offset }, binder), orderByName };
  const others = { ...slice, where: slice.where.filter((condition) => !(bounding as Condition[]).includes(condition)) };
  const { from, row, test } = walk ??
    ownRows(slice, limit, binder, also) ?? { from: 'sx s', row: 's', test: rowTest(others, typed, binder) };
  const page = `limit ${limit} offset ${offset ? `${binder.bind(offset)}::bigint` : 0}`;
  const bounds = first ? boundsOf(bounding, first, binder) : [];
  // between bounds, the sort rows are looked at in their order, each by itself
  const asked = allTests(bounding, { row, types: [slice.type], ...(bounds.length && { few: true as const }) }, binder);
  const tests = [test, ...order.tests, ...asked, ...(also ? [also] : [])];
  const rows = (bound: string[]): string =>
    `select ${[`${row}.pid`, ...order.values].join(', ')} from ${from} ${order.joins} where ${[...tests, ...bound].join(' and ')} order by ${order.order}`;
  if (!bounds.length) return { found: `${rows([])} ${page}`, orderByName };
  const arms = bounds.map((bound) => `(${rows([bound])} limit ${limit + offset})`);
  return {
    found: `select m.* from (${arms.join(' union all ')}) m order by ${orderByName} ${page}`,
    orderByName,
    bounded: walk !== undefined,
  };
}

/** All that one condition finds by its own rows, which tell the type too: then no search row need be read. */
function ownRows({ where, sort }: Slice, limit: number, binder: Binder, also?: string): Pick<Walk, 'from' | 'row' | 'test'> | undefined {
  const [only, ...others] = where;
  if (!only || others.length || also || limit <= EVERYTHING || !isOwn(only) || sort.some(({ by }) => IN_ROW.has(by))) return undefined;
  return { from: `(select distinct l.pid from (${rowsOf(binder.alias('l'), only, binder)}) l) s`, row: 's', test: 'true' };
}

/** What is asked of the search row; `typed`: nothing, and its type of another. */
const rowTest = (slice: Slice, typed: string | undefined, binder: Binder): string =>
  typed && !slice.where.length
    ? `s.tenant_id = ${TENANT} and ${typeTest(typed, [slice.type])}`
    : testsOf(slice.where, tested(slice), binder);

/** Of several types: as many of each as could be in the page, each read in its order, and of these the first. */
function mergedSql(query: Query, stream: Stream, { limit, offset = 0, ...part }: Part, binder: Binder): Found {
  const arms = slicesOf(query).map((slice) => sliceSql(slice, stream, { limit: limit + offset, ...part }, binder));
  const { orderByName } = arms[0]!;
  const all = arms.map(({ found }) => `(${found})`).join(' union all ');
  return { found: `select m.* from (${all}) m order by ${orderByName} limit ${limit} offset ${offset}`, orderByName };
}

/** One row, `total`; at most `cap` when that is given. */
export function totalSql(tenant: number, query: Query, cap?: number): Statement {
  const binder = binderFor(tenant);
  const limit = cap === undefined ? '' : ` limit ${cap}`;
  return statement(`select count(*)::int as total from (${everything(query, binder)}${limit}) counted`, binder);
}

/** One row, `QUERY PLAN`: how many rows the planner expects. */
export function estimateSql(tenant: number, query: Query): Statement {
  const binder = binderFor(tenant);
  return statement(`explain (format json) ${everything(query, binder)}`, binder);
}

/** How many rows a stream has in all: one row, `total`. */
export function streamTotalSql(tenant: number, query: Query, { present }: Stream): Statement {
  const binder = binderFor(tenant);
  const arms = slicesOf(query).map((slice) => {
    const { joins, tests } = orderSql({ keys: slice.sort, present }, binder);
    return `select 1 from sx s ${joins} where ${[testsOf(slice.where, tested(slice), binder), ...tests].join(' and ')}`;
  });
  return statement(`select count(*)::int as total from (${arms.join(' union all ')}) counted`, binder);
}
