// Searching: a page of matches in one statement (two where it crosses from rows with a sort value to rows without), includes in one more.
import { tooLong } from '../fhir/outcome.ts';
import type { Query } from '../fhir/query.ts';
import { typeOfNumber } from '../fhir/types.ts';
import type { Database } from './database.ts';
import { keysOf, type Stream, streamsOf } from './search-order.ts';
import { estimateSql, includeSql, type Part, pageSql, type Statement, streamTotalSql, totalSql } from './search-sql.ts';
import type { Page, Position, Row, Start } from './store.ts';

interface Found {
  rtype: number;
  id: string;
  ver: number;
  lu: string;
  created: string;
  body: string;
  pid: string;
  self_h: string;
  [value: `v${number}`]: string | null;
}

/** Up to here an estimated total is counted; beyond it, it is what the planner expects. */
const COUNTED = 1000;
/** More than this a page may not bring in: it would have to be held in memory at once. */
const MOST_INCLUDED = 10_000;

/** One page of a search. */
export async function search(database: Database, tenant: number, query: Query, start: Start = {}): Promise<Page> {
  if (query.count === 0) return { rows: [], included: [], total: await totalOf(database, tenant, query) };
  const found = await pageOf(database, tenant, query, start);
  const page = found.slice(0, query.count);
  const more = found.length > query.count;
  const total = query.total === 'none' ? undefined : (seenTotal(page, more, start) ?? (await totalOf(database, tenant, query)));
  return {
    rows: page.map(rowOf),
    included: await includedOf(database, tenant, query, page),
    ...(more && { next: positionOf(page.at(-1)!, query) }),
    ...(total !== undefined && { total }),
  };
}

const run = <T extends object>(database: Database, { sql, parameters }: Statement): Promise<T[]> => database.query<T>(sql, parameters);

/** The page and one row more, if there is one: it tells that there is a next page. */
async function pageOf(database: Database, tenant: number, query: Query, { after, offset = 0 }: Start): Promise<Found[]> {
  const found: Found[] = [];
  let skip = offset;
  for (const [at, stream] of streamsOf(keysOf(query.sort), after).entries()) {
    const limit = query.count + 1 - found.length;
    const part: Part = { limit, offset: skip, ...(at === 0 && after && { after }) };
    const rows = await run<Found>(database, pageSql(tenant, query, stream, part));
    found.push(...rows);
    if (found.length > query.count) break;
    skip = rows.length || skip === 0 ? 0 : skip - (await streamTotal(database, tenant, query, stream));
  }
  return found;
}

const streamTotal = async (database: Database, tenant: number, query: Query, stream: Stream): Promise<number> =>
  (await run<{ total: number }>(database, streamTotalSql(tenant, query, stream)))[0]!.total;

/** What a last page that was reached without a position tells by itself. */
function seenTotal(page: Found[], more: boolean, { after, offset = 0 }: Start): number | undefined {
  if (more || after || (page.length === 0 && offset > 0)) return undefined;
  return offset + page.length;
}

async function totalOf(database: Database, tenant: number, query: Query): Promise<number> {
  const estimated = query.total === 'estimate';
  const [counted] = await run<{ total: number }>(database, totalSql(tenant, query, estimated ? COUNTED : undefined));
  if (!estimated || counted!.total < COUNTED) return counted!.total;
  const [plan] = await run<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(database, estimateSql(tenant, query));
  return Math.max(COUNTED, plan!['QUERY PLAN'][0].Plan['Plan Rows']);
}

async function includedOf(database: Database, tenant: number, query: Query, page: Found[]): Promise<Row[]> {
  const inclusions = query.include.filter((inclusion) => inclusion.source === query.type);
  if (inclusions.length === 0 || page.length === 0) return [];
  const rows = { pids: page.map((row) => row.pid), selves: page.map((row) => row.self_h) };
  const included = await run<Found>(database, includeSql(tenant, inclusions, rows, MOST_INCLUDED + 1));
  if (included.length > MOST_INCLUDED) {
    throw tooLong(`_include and _revinclude bring in more than ${MOST_INCLUDED} resources: ask for fewer matches per page with _count`);
  }
  return included.map(rowOf);
}

const rowOf = (found: Found): Row => ({
  type: typeOfNumber(found.rtype),
  id: found.id,
  version: found.ver,
  lastUpdated: found.lu,
  created: found.created,
  body: found.body,
});

const positionOf = (found: Found, query: Query): Position => [...keysOf(query.sort).map((_key, at) => found[`v${at}`] ?? null), found.pid];
