// The history of one resource, of a type or of all types, newest version first. Each page is one statement and starts after a position.
// https://hl7.org/fhir/R4/http.html#history
import { type ServedType, TYPE_NUMBERS } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';
import { type Binder, createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import { buildPageBody, type HistoryRow, type StoredRow, toResourceRow, VERSIONS } from './resource-row.ts';

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

const NOT_REPLACED = `not exists (select 1 from ${VERSIONS} n where n.tenant_id = h.tenant_id and n.pid = h.pid and n.ver = h.ver + 1`;

const ORDER = 'h.lu desc, h.pid desc, h.ver desc';

/** See `isCreation`. A subquery reads the previous version of each row; with `exists`, PostgreSQL would first read all versions. */
const IS_CREATION = `(h.method in ('POST', 'PUT') and (h.ver = 1 or coalesce(
      (select b.method = 'DELETE' from past_version b where b.tenant_id = h.tenant_id and b.pid = h.pid and b.ver = h.ver - 1), false))) as made`;

/** A key belongs to one surface and is never deleted, so the surface is not stored with each version. */
const SURFACE = '(select k.surface from api_key k where k.tenant_id = h.tenant_id and k.key_id = h.actor) as surface';

export async function readHistory(
  database: Database,
  tenant: number,
  { after, count, maxBytes, ...span }: HistoryQuery,
): Promise<HistoryEntry[]> {
  const binder = createBinder(tenant);
  const where = [...buildSpanTests(span, binder), ...buildPositionTest(after, binder)].join(' and ');
  const body = buildPageBody(maxBytes, ORDER, 'h.body');
  const sql = `select r.rtype, r.id, h.ver, h.lu, r.created, ${body} as body, h.method, h.actor, ${SURFACE}, h.pid, ${IS_CREATION}
    from ${VERSIONS} h join resource r on r.tenant_id = h.tenant_id and r.pid = h.pid
    where ${where} order by ${ORDER} limit ${binder.bind(count)}`;
  // the id finds few rows, so one plan is right for all values; a whole type is planned for its values
  const name = span.id === undefined ? undefined : toStatementName(sql);
  const found = await database.query<Found>(sql, [...binder.parameters], name);
  return found.map(toHistoryEntry);
}

/** The number of versions on all pages. */
export async function countHistory(database: Database, tenant: number, span: HistorySpan): Promise<number> {
  const binder = createBinder(tenant);
  const where = buildSpanTests(span, binder).join(' and ');
  const sql = `select count(*)::int as total
    from ${VERSIONS} h join resource r on r.tenant_id = h.tenant_id and r.pid = h.pid where ${where}`;
  return (await database.query<{ total: number }>(sql, [...binder.parameters]))[0]!.total;
}

function buildSpanTests({ type, id, since, at }: HistorySpan, { bind }: Binder): string[] {
  return [
    `h.tenant_id = ${TENANT}`,
    ...(type === undefined ? [] : [`r.tenant_id = ${TENANT}`, `r.rtype = ${bind(TYPE_NUMBERS[type])}`]),
    ...(id === undefined ? [] : [`r.id = ${bind(id)}`]),
    ...(since === undefined ? [] : [`h.lu >= ${bind(since)}::timestamptz`]),
    ...(at === undefined ? [] : [`h.lu < ${bind(at.to)}::timestamptz`, `${NOT_REPLACED} and n.lu <= ${bind(at.from)}::timestamptz)`]),
  ];
}

const buildPositionTest = (after: HistoryQuery['after'], { bind }: Binder): string[] =>
  after === undefined ? [] : [`(h.lu, h.pid, h.ver) < (${bind(after[0])}::timestamptz, ${bind(after[1])}::bigint, ${bind(after[2])}::int)`];

const toHistoryEntry = (found: Found): HistoryEntry => ({
  ...toResourceRow(found),
  method: found.method,
  isCreation: found.made,
  actor: found.actor,
  ...(found.surface !== null && { surface: found.surface }),
  position: [found.lu, String(found.pid), String(found.ver)],
});
