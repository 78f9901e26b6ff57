// The stored audit events: batches are appended, a page is searched. Partitions are months. docs/decisions/0051-audit.md
import { type AuditFacts, type AuditIndex, indexAuditFacts } from '../fhir/audit-event.ts';
import type { AuditConditions } from '../fhir/audit-search.ts';
import { toArrayParameter } from './database/array-parameters.ts';
import type { Database } from './database/database.ts';
import { DatabaseError } from './database/errors.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

/** The tenant of requests without a known credential. */
export const NO_TENANT = 0;

/** An event as it is stored. */
interface AuditRow extends Pick<AuditIndex, 'action' | 'outcome' | 'actor'> {
  id: string;
  /** The facts as JSON. */
  event: string;
  /** Lists as literals of arrays, because PostgreSQL accepts arrays of arrays only if all have the same length. */
  subtypes: string;
  patients: string;
  entities: string;
}

/** The events of one tenant in a batch. */
export interface AuditBatch {
  tenant: number;
  writer: string;
  seq: number;
  recorded: string;
  hash: string;
  events: AuditRow[];
}

export function toAuditRow(facts: AuditFacts): AuditRow {
  const { action, outcome, actor, subtypes, patients, entities } = indexAuditFacts(facts);
  const lists = { subtypes: toArrayLiteral(subtypes), patients: toArrayLiteral(patients), entities: toArrayLiteral(entities) };
  return { id: facts.id, event: JSON.stringify(facts), action, outcome, actor, ...lists };
}

/** A list of texts as the literal of an array. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
const toArrayLiteral = (texts: readonly string[]): string => `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;

export interface StoredAuditEvent {
  id: string;
  recorded: string;
  event: string;
}

export interface AuditPosition {
  recorded: string;
  id: string;
}

const INSERT_BATCHES = `insert into audit_batch (tenant_id, writer, seq, recorded, count, hash)
  select * from json_to_recordset($1::json) as b(tenant_id int, writer uuid, seq int, recorded timestamptz, count int, hash text) on conflict do nothing`;

/** The columns of an event, and their types as parameters. `batch`: the number of its batch. */
const EVENT_COLUMNS = [
  ['batch', 'int'],
  ['n', 'int'],
  ['id', 'uuid'],
  ['action', 'text'],
  ['outcome', 'smallint'],
  ['subtypes', 'text'],
  ['actor', 'text'],
  ['patients', 'text'],
  ['entities', 'text'],
  ['event', 'text'],
] as const;

/** One array for each column: PostgreSQL needs less time for an event than with a JSON text of all (docs/decisions/0051-audit.md). */
const INSERT_EVENTS = `insert into audit_event (tenant_id, recorded, writer, seq, n, id, action, outcome, subtypes, actor, patients, entities, event)
  select b.tenant_id, b.recorded, b.writer, b.seq, e.n, e.id, e.action, e.outcome, e.subtypes::text[], e.actor, e.patients::text[], e.entities::text[], e.event
  from json_to_recordset($1::json) as b(batch int, tenant_id int, writer uuid, seq int, recorded timestamptz)
  join unnest(${EVENT_COLUMNS.map(([, type], at) => `$${at + 2}::${type}[]`).join(', ')})
    as e(${EVENT_COLUMNS.map(([name]) => name).join(', ')}) on e.batch = b.batch
  on conflict do nothing`;

/** Stores batches in one transaction. A batch that is stored already is not stored again. Their partition must exist. */
export function appendAuditBatches(database: Database, batches: AuditBatch[]): Promise<void> {
  const heads = JSON.stringify(
    batches.map(({ tenant, events, ...head }, batch) => ({ batch, tenant_id: tenant, ...head, count: events.length })),
  );
  const rows = batches.flatMap(({ events }, batch) => events.map((event, n) => ({ batch, n, ...event })));
  const columns = EVENT_COLUMNS.map(([name, type]) =>
    toArrayParameter(
      type,
      rows.map((row) => row[name]),
    ),
  );
  return database.transaction(async (transaction) => {
    await transaction.query(INSERT_BATCHES, [heads]);
    await transaction.query(INSERT_EVENTS, [heads, ...columns]);
  });
}

/** When two processes create a partition at once, the second one fails with one of these codes. */
const CREATED_BY_OTHER = new Set(['42P07', '23505', '42710', '42P17']);

/** Creates the partition of a month, if there is none. */
export async function createAuditPartition(database: Database, month: string): Promise<void> {
  const name = toPartitionName(month);
  const [found] = await database.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [name]);
  if (found!.exists) return;
  const bounds = `from ('${month}-01T00:00:00Z') to ('${addMonth(month)}-01T00:00:00Z')`;
  await database.script(`create table ${name} partition of audit_event for values ${bounds}`).catch((error: unknown) => {
    if (!(error instanceof DatabaseError) || !CREATED_BY_OTHER.has(error.code)) throw error;
  });
}

export const toPartitionName = (month: string): string => `audit_event_${month.replace('-', '_')}`;

/** The month after a month (`2026-11`). */
export function addMonth(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
}

/** The range of an export. `after`: the last event of the page before. */
export interface AuditRange {
  from: string;
  to: string;
  after: AuditPosition;
}

/** The place before all events. */
export const BEFORE_ALL_EVENTS: AuditPosition = { recorded: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

/** Events of a range, oldest first, at most 500. */
export const readAuditRange = (database: Database, tenant: number, { from, to, after }: AuditRange): Promise<StoredAuditEvent[]> =>
  database.query(
    `select id, recorded, event from audit_event where tenant_id = $1 and recorded >= $2::timestamptz and recorded < $3::timestamptz
      and (recorded, id) > ($4::timestamptz, $5::uuid) order by recorded, id limit 500`,
    [tenant, from, to, after.recorded, after.id],
  );

/** Events, newest first. */
export function searchAuditEvents(
  database: Database,
  tenant: number,
  { after, count, ...query }: AuditConditions & { after?: AuditPosition; count: number },
): Promise<StoredAuditEvent[]> {
  const found = buildQuery(tenant, query)
    .select('id', 'recorded', 'event')
    .orderBy([
      { column: 'recorded', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(count);
  if (after) found.whereRaw('(recorded, id) < (?::timestamptz, ?::uuid)', [after.recorded, after.id]);
  return runQuery(database, found);
}

export async function countAuditEvents(database: Database, tenant: number, query: AuditConditions): Promise<number> {
  const [row] = await runQuery<{ count: string }>(database, buildQuery(tenant, query).count('* as count'));
  return Number(row!.count);
}

/** A patient is in one of the two columns. */
const isPatient = (reference: string): boolean => reference.startsWith('Patient/');

function buildQuery(tenant: number, { id, instants, patients, entities, subtypes, actions, outcomes, actors }: AuditConditions) {
  const query = queryBuilder('audit_event').where('tenant_id', tenant);
  if (id !== undefined) query.where('id', id);
  for (const { from, to } of instants) query.whereRaw('recorded >= ?::timestamptz and recorded < ?::timestamptz', [from, to]);
  for (const [column, conditions] of [
    ['patients', patients],
    ['subtypes', subtypes],
  ] as const)
    for (const any of conditions) query.whereRaw(`${column} && ?::text[]`, [any]);
  for (const any of entities) query.whereRaw('(entities && ?::text[] or patients && ?::text[])', [any, any.filter(isPatient)]);
  for (const any of actions) query.whereIn('action', any);
  for (const any of outcomes) query.whereIn('outcome', any);
  for (const any of actors) query.whereIn('actor', any);
  return query;
}
