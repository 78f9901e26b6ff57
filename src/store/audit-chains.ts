// Reads the chains of audit batches in order, a page at a time. docs/decisions/0051-audit.md
import type { AuditIndex } from '../fhir/audit-event.ts';
import type { Database } from './database/database.ts';

/** The chain of one process and tenant. */
export interface ChainId {
  tenant: number;
  /** The process. */
  writer: string;
}

/** A place in a chain, with the hash of its batch. */
export interface ChainEnd {
  seq: number;
  hash: string;
  recorded: string;
}

export interface ChainBatch extends ChainEnd {
  /** The number of events. */
  count: number;
}

export interface ChainEvent extends AuditIndex {
  seq: number;
  n: number;
  id: string;
  recorded: string;
  event: string;
}

/** What one deletion of a month has removed, in all chains. */
interface DroppedMonth {
  month: string;
  droppedAt: string;
  chains: number;
  batches: number;
  events: number;
}

const FIRST_TENANT = -(2 ** 31);
const LAST_WRITER = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** Events of one page. An event lists at most 1,000 references, so a page has a few MB. */
const EVENTS = 500;
const BATCHES = 1000;

/** The place before the first chain of a tenant, or before all chains. */
export const startOfChains = (tenant?: number): ChainId => ({
  tenant: tenant === undefined ? FIRST_TENANT : tenant - 1,
  writer: LAST_WRITER,
});

/** Also finds a chain of which only events are left. */
const NEXT_CHAIN = `select tenant_id as tenant, writer from (${['audit_batch', 'audit_event', 'audit_dropped']
  .map(
    (table) =>
      `(select tenant_id, writer from ${table} where (tenant_id, writer) > ($1::int, $2::uuid) order by tenant_id, writer limit 1)`,
  )
  .join(' union all ')}) c order by 1, 2 limit 1`;

export async function findNextChain(database: Database, after: ChainId): Promise<ChainId | undefined> {
  const [next] = await database.query<ChainId>(NEXT_CHAIN, [after.tenant, after.writer]);
  return next;
}

/** The batches after a number, at most 1,000. */
export const readBatches = (database: Database, { tenant, writer }: ChainId, after: number): Promise<ChainBatch[]> =>
  database.query(
    `select seq, hash, recorded, count from audit_batch where tenant_id = $1 and writer = $2 and seq > $3 order by seq limit ${BATCHES}`,
    [tenant, writer, after],
  );

/** The batch with a number. */
export async function readBatch(database: Database, { tenant, writer }: ChainId, seq: number): Promise<ChainEnd | undefined> {
  const [batch] = await database.query<ChainEnd>(
    'select seq, hash, recorded from audit_batch where tenant_id = $1 and writer = $2 and seq = $3',
    [tenant, writer, seq],
  );
  return batch;
}

/** The events after one, in the order of their batches, at most 500. */
export function readChainEvents(database: Database, { tenant, writer }: ChainId, after: ChainEvent | undefined): Promise<ChainEvent[]> {
  const place = after ? [after.seq, after.n, after.id, after.recorded] : [];
  return database.query(
    `select seq, n, id, recorded, event, action, outcome, subtypes, actor, patients, entities from audit_event
      where tenant_id = $1 and writer = $2 ${after ? 'and (seq, n, id, recorded) > ($3::int, $4::int, $5::uuid, $6::timestamptz)' : ''}
      order by seq, n, id, recorded limit ${EVENTS}`,
    [tenant, writer, ...place],
  );
}

/** The last batch of a chain that the retention has deleted. */
export async function readDroppedEnd(database: Database, { tenant, writer }: ChainId): Promise<ChainEnd | undefined> {
  const [dropped] = await database.query<ChainEnd>(
    'select seq, hash, recorded from audit_dropped where tenant_id = $1 and writer = $2 order by seq desc limit 1',
    [tenant, writer],
  );
  return dropped;
}

/** The last batch of a chain, also if it was deleted. */
export async function readChainEnd(database: Database, { tenant, writer }: ChainId): Promise<ChainEnd | undefined> {
  const [last] = await database.query<ChainEnd>(
    `select seq, hash, recorded from (
      (select seq, hash, recorded from audit_batch where tenant_id = $1 and writer = $2 order by seq desc limit 1) union all
      (select seq, hash, recorded from audit_dropped where tenant_id = $1 and writer = $2 order by seq desc limit 1)) e order by seq desc limit 1`,
    [tenant, writer],
  );
  return last;
}

/** What the retention has deleted of one tenant, or of all, oldest first. */
export const listDroppedMonths = (database: Database, tenant?: number): Promise<DroppedMonth[]> =>
  database.query(
    `select month, dropped_at as "droppedAt", count(*)::int as chains, sum(batches)::int as batches, sum(events)::int as events from audit_dropped
      ${tenant === undefined ? '' : 'where tenant_id = $1'} group by month, dropped_at order by month, dropped_at`,
    tenant === undefined ? [] : [tenant],
  );
