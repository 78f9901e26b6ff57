// Runs a search. A page of matches is one statement, or two if it contains both rows with and rows without a sort value. Included resources are read after it.
import type { Query } from '../../fhir/search/query.ts';
import type { Reader } from '../database/shared-statements.ts';
import {
  buildBodyColumns,
  buildFoundColumns,
  buildRowColumns,
  type ColumnList,
  type FoundRow,
  type StoredRow,
  toFoundRow,
  toResourceRow,
} from '../resources/resource-row.ts';
import { chooseOrder } from './any-order.ts';
import { simplifyQuery } from './constant-conditions.ts';
import { readIncluded } from './include.ts';
import { buildLeadingConditionSql } from './leading-condition.ts';
import { listStreams, type Stream } from './order.ts';
import type { BodyPage, PageStart, Position, ResultPage } from './page.ts';
import {
  buildEstimateSql,
  buildPageSql,
  buildStreamTotalSql,
  buildTotalSql,
  hasFixedPlan,
  type PagePart,
  type Statement,
} from './statements.ts';
import { buildTextWalkSql } from './text-walk.ts';

interface PositionedRow {
  pid: string;
  body: string | null;
  [value: `v${number}`]: string | null;
}

type FoundResource = PositionedRow & Pick<StoredRow, 'rtype' | 'id'>;
type FoundVersion = PositionedRow & StoredRow;
type FoundBody = PositionedRow & Pick<StoredRow, 'created'>;

/** An estimated total is counted up to this number. Beyond it, the total is the planner's estimate. */
const MAX_COUNTED = 1000;

/** One page of matches and what they include. */
export async function search(reader: Reader, tenant: number, query: Query, start?: PageStart): Promise<ResultPage<FoundRow>> {
  const { rows, included, ...page } = await readResultPage<FoundResource>(reader, tenant, query, { start, columns: buildFoundColumns });
  return { rows: rows.map(toFoundRow), included: included.map(toFoundRow), ...page };
}

/** The same, with the columns of the versions. */
export async function searchVersions(reader: Reader, tenant: number, query: Query, start?: PageStart): Promise<ResultPage> {
  const { rows, included, ...page } = await readResultPage<FoundVersion>(reader, tenant, query, { start, columns: buildRowColumns });
  return { rows: rows.map(toResourceRow), included: included.map(toResourceRow), ...page };
}

async function readResultPage<P extends FoundResource>(
  reader: Reader,
  tenant: number,
  fullQuery: Query,
  { start = {}, columns }: { start: PageStart | undefined; columns: ColumnList },
): Promise<{ rows: P[]; included: P[] } & Omit<ResultPage, 'rows' | 'included'>> {
  const query = chooseOrder(simplifyQuery(fullQuery), start.after);
  if (query.count === 0) return { rows: [], included: [], total: await countTotal(reader, tenant, query) };
  const { page: rows, ...result } = await readPage<P>(reader, tenant, query, { start, columns });
  const { rows: included, isTruncated } = await readIncluded<P>(reader, tenant, query, { matches: rows, columns });
  return { rows, included, ...(isTruncated && { isTruncated: true }), ...result };
}

/** One page of a search of one type, with only the bodies of resources. */
export async function searchBodies(reader: Reader, tenant: number, query: Query, start: PageStart = {}): Promise<BodyPage> {
  const { page, ...result } = await readPage<FoundBody>(reader, tenant, simplifyQuery(query), { start, columns: buildBodyColumns });
  return { rows: page.map(({ created, body }) => ({ type: query.type, created, body })), ...result };
}

interface PageRequest {
  start: PageStart;
  columns: ColumnList;
  counted?: boolean;
}

async function readPage<P extends PositionedRow>(
  reader: Reader,
  tenant: number,
  query: Query,
  request: PageRequest,
): Promise<{ page: P[] } & Pick<ResultPage, 'next' | 'total'>> {
  const short = await readRows<P>(reader, tenant, query, request);
  const found = short.every(({ body }) => body !== null) ? short : await readRows<P>(reader, tenant, query, { ...request, counted: true });
  const page = found.slice(0, Math.min(query.count, countFitting(found, query.maxBytes)));
  const more = found.length > page.length;
  const total =
    query.total === 'none' ? undefined : (inferTotal(page, more, request.start) ?? (await countIfRequested(reader, tenant, query)));
  return { page, ...(more && { next: toPosition(page.at(-1)!, query) }), ...(total !== undefined && { total }) };
}

/** The number of rows that fit on the page, at least one. A stream returns null for bodies that exceed the size limit. */
function countFitting(found: PositionedRow[], room = Number.POSITIVE_INFINITY): number {
  let length = 0;
  for (const [at, { body }] of found.entries()) {
    length += body?.length ?? room;
    if (length > room && at > 0) return at;
  }
  return found.length;
}

const runStatement = <T extends object>(reader: Reader, { sql, parameters, name }: Statement): Promise<T[]> =>
  reader.query<T>(sql, parameters, name);

/** The rows of the page, and one more row if there is a next page. */
async function readRows<P extends PositionedRow>(
  reader: Reader,
  tenant: number,
  query: Query,
  { start, columns, counted = false }: PageRequest,
): Promise<P[]> {
  const { after, offset = 0 } = start;
  const found: P[] = [];
  let skip = offset;
  for (const [at, stream] of listStreams(query, after).entries()) {
    const limit = query.count + 1 - found.length;
    const part: PagePart = { columns, counted, limit, offset: skip, ...(at === 0 && after && { after }) };
    const rows =
      (await readByFixedPlan<P>(reader, tenant, query, { stream, part })) ??
      (await runStatement<P>(reader, buildPageSql(tenant, query, stream, part)));
    found.push(...rows);
    if (found.length > query.count) break;
    skip = rows.length || skip === 0 ? 0 : skip - (await countStream(reader, tenant, query, stream));
  }
  return found;
}

/** The rows of the page by a statement whose plan is right for all values: undefined if there is none, or if it finds that too many rows would be read. */
async function readByFixedPlan<P extends PositionedRow>(
  reader: Reader,
  tenant: number,
  query: Query,
  { stream, part }: { stream: Stream; part: PagePart },
): Promise<P[] | undefined> {
  if (query.otherTypes?.length || hasFixedPlan(query, part.limit)) return undefined;
  for (const build of [buildTextWalkSql, buildLeadingConditionSql]) {
    const statement = build(tenant, query, stream, part);
    const rows = statement && (await runStatement<P & { many: boolean }>(reader, statement));
    if (rows && !rows[0]!.many) return rows.filter(({ pid }) => pid !== null);
  }
  return undefined;
}

const countStream = async (reader: Reader, tenant: number, query: Query, stream: Stream): Promise<number> =>
  (await runStatement<{ total: number }>(reader, buildStreamTotalSql(tenant, query, stream)))[0]!.total;

/** On a last page that was reached without a position, the total follows from the offset and the length of the page. */
function inferTotal(page: PositionedRow[], more: boolean, { after, offset = 0 }: PageStart): number | undefined {
  if (more || after || (page.length === 0 && offset > 0)) return undefined;
  return offset + page.length;
}

const countIfRequested = async (reader: Reader, tenant: number, query: Query): Promise<number | undefined> =>
  query.total === 'known' ? undefined : countTotal(reader, tenant, query);

async function countTotal(reader: Reader, tenant: number, query: Query): Promise<number> {
  const estimated = query.total === 'estimate';
  const [counted] = await runStatement<{ total: number }>(reader, buildTotalSql(tenant, query, estimated ? MAX_COUNTED : undefined));
  if (!estimated || counted!.total < MAX_COUNTED) return counted!.total;
  const [plan] = await runStatement<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(reader, buildEstimateSql(tenant, query));
  return Math.max(MAX_COUNTED, plan!['QUERY PLAN'][0].Plan['Plan Rows']);
}

const toPosition = (found: PositionedRow, query: Query): Position => [...query.sort.map((_key, at) => found[`v${at}`] ?? null), found.pid];
