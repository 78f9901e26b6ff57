// The statements of a search: a page of one stream of its order, how many match, and what the page includes.
import type { Inclusion, Query } from '../fhir/query.ts';
import { type Binder, binderFor, TENANT } from './binder.ts';
import { hashes, type Tested, testsOf, typeTest } from './search-condition.ts';
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

/** Rows with `pid` and the sort values (`v0`, `v1` …). Limits stand in the text: the planner has to know that they are small. */
export function pageSql(tenant: number, query: Query, stream: Stream, { limit, after, offset = 0 }: Part): Statement {
  const binder = binderFor(tenant);
  const { joins, tests, values, order, orderByName } = orderSql(stream, binder, after);
  const where = [testsOf(query.where, matches(query), binder), ...tests].join(' and ');
  const found = `select s.pid, ${values.join(', ')} from sx s ${joins} where ${where} order by ${order} limit ${limit} offset ${offset}`;
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
      : `select count(*)::int as total from (select 1 from sx s where ${where} limit ${cap}) some`;
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

/** The resources that the page's matches (by pid) refer to or are referred to by: each once, none that is a match itself. */
export function includeSql(tenant: number, inclusions: Inclusion[], pids: string[], limit: number): Statement {
  const binder = binderFor(tenant);
  const page = `${binder.bind(hashes(pids))}::bigint[]`;
  const edges = inclusions.map((inclusion) => EDGES[inclusion.direction](inclusion, page, binder.bind(inclusion.parameter)));
  const found = `select pid from (${edges.join(' union ')}) e where pid <> all(${page})`;
  const sql = `select ${ROW}, r.pid from (${found}) i join resource r on r.tenant_id = ${TENANT} and r.pid = i.pid order by r.pid limit ${limit}`;
  return statement(sql, binder);
}

const EDGES: Record<Inclusion['direction'], (inclusion: Inclusion, page: string, parameter: string) => string> = {
  include: ({ types }, page, parameter) => `select t.pid from sx_ref f join sx t on t.tenant_id = ${TENANT} and t.self_h = f.target_h
    where f.tenant_id = ${TENANT} and f.pid = any(${page}) and f.param = ${parameter} and ${typeTest('t', types)}`,
  revinclude: ({ types }, page, parameter) => `select t.pid from sx m
    join sx_ref f on f.tenant_id = ${TENANT} and f.target_h = m.self_h join sx t on t.tenant_id = ${TENANT} and t.pid = f.pid
    where m.tenant_id = ${TENANT} and m.pid = any(${page}) and f.param = ${parameter} and ${typeTest('t', types)}`,
};
