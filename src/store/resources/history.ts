// The history of one resource, of a type or of all types, newest version first. Each page is one statement and starts after a position.
// https://hl7.org/fhir/R4/http.html#history
import { type ServedType, TYPE_NUMBERS } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';
import { type Binder, createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import type { Reader } from '../database/shared-statements.ts';
import { buildPageBody, type HistoryRow, type StoredRow, toResourceRow } from './resource-row.ts';

/** The versions of a history. Times are ISO 8601 in UTC. */
export interface HistorySpan {
  type?: ServedType;
  id?: string;
  /** Stored at this time or later. */
  since?: string;
  /** Current at some point from `from` until before `to`. */
  at?: { from: string; to: string };
}

/** A page of a history. */
export interface HistoryQuery extends HistorySpan {
  /** The position after which the page starts. */
  after?: (string | null)[];
  count: number;
  /** The most bytes that all bodies may have together. Versions beyond have a null body without being deletions; the first version always has its body. */
  maxBytes?: number;
}

/** A version and its position in the order. */
export interface HistoryEntry extends HistoryRow {
  position: string[];
  /** The version created the resource, for the first time or again after a deletion. */
  isCreation: boolean;
  actor: string;
  /** The surface of the API key that made the version. Absent: the actor is not an API key. */
  surface?: string;
}

interface Found extends StoredRow {
  method: HistoryRow['method'];
  made: boolean;
  pid: string;
  actor: string;
  surface: string | null;
}

/** The newest version first. The position of a version in the order is the values of these columns. */
const ORDER_COLUMNS = ['lu', 'pid', 'ver'];
const buildOrder = (row: string): string => ORDER_COLUMNS.map((column) => `${row}.${column} desc`).join(', ');

/** See `isCreation`. A subquery reads the previous version of each row; with `exists`, PostgreSQL would first read all versions. */
const IS_CREATION = `(h.method in ('POST', 'PUT') and (h.ver = 1 or coalesce(
      (select b.method = 'DELETE' from past_version b where b.tenant_id = ${TENANT} and b.pid = h.pid and b.ver = h.ver - 1), false))) as made`;

/** A key belongs to one surface and is never deleted, so the surface is not stored with each version. */
const SURFACE = `(select k.surface from api_key k where k.tenant_id = ${TENANT} and k.key_id = h.actor) as surface`;

/** Where versions are stored: the current ones in `resource r`, the others in `past_version p`, joined with their resource. */
type VersionSource = 'r' | 'p';
const FROM: Record<VersionSource, string> = {
  r: 'resource r',
  p: `past_version p join resource r on r.tenant_id = ${TENANT} and r.pid = p.pid`,
};
const SOURCES: VersionSource[] = ['r', 'p'];

export async function readHistory(
  reader: Reader,
  tenant: number,
  { after, count, maxBytes, ...span }: HistoryQuery,
): Promise<HistoryEntry[]> {
  const binder = createBinder(tenant);
  const limit = binder.bind(count, 'bigint');
  const buildTests = bindTests(span, after, binder);
  // each source is read in the order of its index, and no further than a page
  const pages = SOURCES.map(
    (
      row,
    ) => `(select r.rtype, r.id, r.created, ${['ver', 'lu', 'method', 'actor', 'body', 'pid'].map((column) => `${row}.${column}`).join(', ')}
      from ${FROM[row]} where ${buildTests(row)} order by ${buildOrder(row)} limit ${limit})`,
  );
  const body = buildPageBody(maxBytes, buildOrder('h'), 'h.body');
  const sql = `select h.rtype, h.id, h.ver, h.lu, h.created, ${body} as body, h.method, h.actor, ${SURFACE}, h.pid, ${IS_CREATION}
    from (${pages.join(' union all ')}) h order by ${buildOrder('h')} limit ${limit}`;
  // the id finds few rows, so one plan is right for all values; a whole type is planned for its values
  const name = span.id === undefined ? undefined : toStatementName(sql);
  const found = await reader.query<Found>(sql, [...binder.parameters], name);
  return found.map(toHistoryEntry);
}

/** The number of versions on all pages. */
export async function countHistory(database: Database, tenant: number, span: HistorySpan): Promise<number> {
  const binder = createBinder(tenant);
  const buildTests = bindTests(span, undefined, binder);
  const counts = SOURCES.map((row) => `(select count(*) from ${FROM[row]} where ${buildTests(row)})`);
  const sql = `select (${counts.join(' + ')})::int as total`;
  return (await database.query<{ total: number }>(sql, [...binder.parameters]))[0]!.total;
}

/** Binds the values once, for the tests of both sources. */
function bindTests({ type, id, since, at }: HistorySpan, after: HistoryQuery['after'], { bind }: Binder): (row: VersionSource) => string {
  const ofResource = [
    `r.tenant_id = ${TENANT}`,
    ...(type === undefined ? [] : [`r.rtype = ${bind(TYPE_NUMBERS[type], 'smallint')}`]),
    ...(id === undefined ? [] : [`r.id = ${bind(id, 'text')}`]),
  ];
  const from = since === undefined ? undefined : bind(since, 'timestamptz');
  const span = at && { from: bind(at.from, 'timestamptz'), to: bind(at.to, 'timestamptz') };
  const position = after && [bind(after[0], 'timestamptz'), bind(after[1], 'bigint'), bind(after[2], 'int')];
  return (row) =>
    [
      ...ofResource,
      ...(row === 'r' ? [] : [`p.tenant_id = ${TENANT}`]),
      ...(from === undefined ? [] : [`${row}.lu >= ${from}`]),
      ...(span === undefined ? [] : [`${row}.lu < ${span.to}`, ...(row === 'r' ? [] : [buildNotReplaced(span.from)])]),
      ...(position === undefined ? [] : [`(${ORDER_COLUMNS.map((column) => `${row}.${column}`).join(', ')}) < (${position.join(', ')})`]),
    ].join(' and ');
}

/** The version after `p`, a past one or the current one, is not stored until this time. */
const buildNotReplaced = (at: string): string => `not (r.ver = p.ver + 1 and r.lu <= ${at}) and not exists (
    select 1 from past_version n where n.tenant_id = ${TENANT} and n.pid = p.pid and n.ver = p.ver + 1 and n.lu <= ${at})`;

const toHistoryEntry = (found: Found): HistoryEntry => ({
  ...toResourceRow(found),
  method: found.method,
  isCreation: found.made,
  actor: found.actor,
  ...(found.surface !== null && { surface: found.surface }),
  position: [found.lu, String(found.pid), String(found.ver)],
});
