// The statements of a search: a page of one stream of its order, how many match, and what the page includes.
import type { Inclusion, Query } from '../fhir/query.ts';
import { type Binder, binderFor, TENANT } from './binder.ts';
import { hashes, type Tested, testsOf, typeNumbers, typeTest } from './search-condition.ts';
import { orderSql, type Stream } from './search-order.ts';
import type { Position } from './store.ts';

export interface Statement {
  sql: string;
  parameters: unknown[];
}

/** How many rows of a stream, from where. */
export interface Part {
  limit: number;
  after?: Position;
  offset?: number;
}

const ROW = 'r.rtype, r.id, r.ver, r.lu, r.created, r.body';
const statement = (sql: string, { parameters }: Binder): Statement => ({ sql, parameters: [...parameters] });
const matches = (query: Query): Tested => ({ row: 's', types: [query.type] });

/** Rows with `pid`, `self_h` and the sort values (`v0`, `v1` …). Limits stand in the text: the planner has to know that they are small. */
export function pageSql(tenant: number, query: Query, stream: Stream, { limit, after, offset = 0 }: Part): Statement {
  const binder = binderFor(tenant);
  const { joins, tests, values, order, orderByName } = orderSql(stream, binder, after);
  const where = [testsOf(query.where, matches(query), binder), ...tests].join(' and ');
  const found = `select s.pid, s.self_h, ${values.join(', ')} from sx s ${joins} where ${where} order by ${order} limit ${limit} offset ${offset}`;
  const sql = `select ${ROW}, m.* from (${found}) m join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${orderByName}`;
  return statement(sql, binder);
}

/** One row, `total`; at most `cap` when that is given. */
export function totalSql(tenant: number, query: Query, cap?: number): Statement {
  const binder = binderFor(tenant);
  const where = testsOf(query.where, matches(query), binder);
  const sql =
    cap === undefined
      ? `select count(*)::int as total from sx s where ${where}`
      : `select count(*)::int as total from (select 1 from sx s where ${where} limit ${cap}) counted`;
  return statement(sql, binder);
}

/** One row, `QUERY PLAN`: how many rows the planner expects. */
export function estimateSql(tenant: number, query: Query): Statement {
  const binder = binderFor(tenant);
  return statement(`explain (format json) select 1 from sx s where ${testsOf(query.where, matches(query), binder)}`, binder);
}

/** How many rows a stream has in all: one row, `total`. */
export function streamTotalSql(tenant: number, query: Query, stream: Stream): Statement {
  const binder = binderFor(tenant);
  const { joins, tests } = orderSql(stream, binder);
  const where = [testsOf(query.where, matches(query), binder), ...tests].join(' and ');
  return statement(`select count(*)::int as total from sx s ${joins} where ${where}`, binder);
}

/** The rows of a page, as what refers from and to them. */
export interface PageRows {
  pids: string[];
  selves: string[];
}

/** The resources that the page's matches refer to or are referred to by: each once, none that is a match itself. */
export function includeSql(tenant: number, inclusions: Inclusion[], page: PageRows, limit: number): Statement {
  const binder = binderFor(tenant);
  const edges = inclusions.map((inclusion) => EDGES[inclusion.direction](inclusion, page, binder));
  const found = `select pid from (${edges.join(' union ')}) e where pid <> all(${bigints(page.pids, binder)})`;
  const sql = `select ${ROW}, r.pid from (${found}) i join resource r on r.tenant_id = ${TENANT} and r.pid = i.pid order by r.pid limit ${limit}`;
  return statement(sql, binder);
}

const bigints = (values: string[], { bind }: Binder): string => `${bind(hashes(values))}::bigint[]`;

type Edge = (inclusion: Inclusion, page: PageRows, binder: Binder) => string;

const EDGES: Record<Inclusion['direction'], Edge> = {
  include: (
    { types, parameter },
    { pids },
    binder,
  ) => `select t.pid from sx_ref f join sx t on t.tenant_id = ${TENANT} and t.self_h = f.target_h
    where f.tenant_id = ${TENANT} and f.pid = any(${bigints(pids, binder)}) and f.param = ${binder.bind(parameter)} and ${typeTest('t', types)}`,
  // The type is looked up row by row: as a join, a planner without statistics may begin with all resources of the type.
  revinclude: ({ types, parameter }, { selves }, binder) => `select f.pid from sx_ref f
    where f.tenant_id = ${TENANT} and f.param = ${binder.bind(parameter)} and f.target_h = any(${bigints(selves, binder)})
      and (select t.rtype from sx t where t.tenant_id = ${TENANT} and t.pid = f.pid) = any(${typeNumbers(types)})`,
};
