// Searching: a page of matches in one statement (two where it crosses from rows with a sort value to rows without), and what it includes.
import type { Query } from '../../fhir/search/query.ts';
import type { Database } from '../database/database.ts';
import { type Columns, rowColumns, rowOf, type StoredRow, textColumns } from '../resources/stored-row.ts';
import { simplified } from './constant-conditions.ts';
import { includedOf } from './include.ts';
import { ledSql } from './leading-condition.ts';
import { type Stream, streamsOf } from './order.ts';
import type { Page, Position, Start, TextPage } from './page.ts';
import { estimateSql, isSettled, type Part, pageSql, type Statement, streamTotalSql, totalSql } from './statements.ts';

interface Placed {
  pid: string;
  body: string | null;
  [value: `v${number}`]: string | null;
}

interface Found extends StoredRow, Placed {}
interface FoundText extends Pick<StoredRow, 'created' | 'body'>, Placed {}

/** Up to here an estimated total is counted; beyond it, it is what the planner expects. */
const COUNTED = 1000;

/** One page of a search. */
export async function search(database: Database, tenant: number, asked: Query, start: Start = {}): Promise<Page> {
  const query = simplified(asked);
  if (query.count === 0) return { rows: [], included: [], total: await totalOf(database, tenant, query) };
  const { page, ...told } = await placedPage<Found>(database, tenant, query, { start, columns: rowColumns });
  const included = await includedOf<Found>(database, tenant, query, page);
  return { rows: page.map(rowOf), included: included.rows.map(rowOf), ...(included.deeper && { deeper: true }), ...told };
}

/** One page of a search of one type, of which only the resources themselves are wanted. */
export async function texts(database: Database, tenant: number, query: Query, start: Start = {}): Promise<TextPage> {
  const { page, ...told } = await placedPage<FoundText>(database, tenant, simplified(query), { start, columns: textColumns });
  return { rows: page.map(({ created, body }) => ({ type: query.type, created, body })), ...told };
}

interface Wanted {
  start: Start;
  columns: Columns;
  counted?: boolean;
}

async function placedPage<P extends Placed>(
  database: Database,
  tenant: number,
  query: Query,
  wanted: Wanted,
): Promise<{ page: P[] } & Pick<Page, 'next' | 'total'>> {
  const short = await pageOf<P>(database, tenant, query, wanted);
  const found = short.every(({ body }) => body !== null) ? short : await pageOf<P>(database, tenant, query, { ...wanted, counted: true });
  const page = found.slice(0, Math.min(query.count, fitting(found, query.room)));
  const more = found.length > page.length;
  const total = query.total === 'none' ? undefined : (seenTotal(page, more, wanted.start) ?? (await totalOf(database, tenant, query)));
  return { page, ...(more && { next: positionOf(page.at(-1)!, query) }), ...(total !== undefined && { total }) };
}

/** How many of them there is room for, the first always: each stream has left out the texts that it had none for. */
function fitting(found: Placed[], room = Number.POSITIVE_INFINITY): number {
  let length = 0;
  for (const [at, { body }] of found.entries()) {
    length += body?.length ?? room;
    if (length > room && at > 0) return at;
  }
  return found.length;
}

const run = <T extends object>(database: Database, { sql, parameters, name }: Statement): Promise<T[]> =>
  database.query<T>(sql, parameters, name);

/** The page and one row more, if there is one: it tells that there is a next page. */
async function pageOf<P extends Placed>(
  database: Database,
  tenant: number,
  query: Query,
  { start, columns, counted = false }: Wanted,
): Promise<P[]> {
  const { after, offset = 0 } = start;
  const found: P[] = [];
  let skip = offset;
  for (const [at, stream] of streamsOf(query, after).entries()) {
    const limit = query.count + 1 - found.length;
    const part: Part = { columns, counted, limit, offset: skip, ...(at === 0 && after && { after }) };
    const rows =
      (await ledPage<P>(database, tenant, query, { stream, part })) ?? (await run<P>(database, pageSql(tenant, query, stream, part)));
    found.push(...rows);
    if (found.length > query.count) break;
    skip = rows.length || skip === 0 ? 0 : skip - (await streamTotal(database, tenant, query, stream));
  }
  return found;
}

/** The page, where one condition leads to few; undefined where none does. */
async function ledPage<P extends Placed>(
  database: Database,
  tenant: number,
  query: Query,
  { stream, part }: { stream: Stream; part: Part },
): Promise<P[] | undefined> {
  if (query.also?.length || isSettled(query, part.limit)) return undefined;
  const led = ledSql(tenant, query, stream, part);
  const rows = led && (await run<P & { many: boolean }>(database, led));
  if (!rows || rows[0]!.many) return undefined;
  return rows.filter(({ pid }) => pid !== null);
}

const streamTotal = async (database: Database, tenant: number, query: Query, stream: Stream): Promise<number> =>
  (await run<{ total: number }>(database, streamTotalSql(tenant, query, stream)))[0]!.total;

/** What a last page that was reached without a position tells by itself. */
function seenTotal(page: Placed[], more: boolean, { after, offset = 0 }: Start): number | undefined {
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

const positionOf = (found: Placed, query: Query): Position => [...query.sort.map((_key, at) => found[`v${at}`] ?? null), found.pid];
