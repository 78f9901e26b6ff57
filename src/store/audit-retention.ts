// Deletes months of audit events. A note for each chain keeps the last deleted hash, so that the rest can still be verified. docs/decisions/0051-audit.md
import { addMonth, toPartitionName } from './audit-events.ts';
import type { Database } from './database/database.ts';

const PARTITION = /^audit_event_(\d{4})_(\d{2})$/;
const MONTHS = `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'audit_event'::regclass`;
/** Batches of one statement. */
const STEP = 10_000;

/** One process at a time. A search that runs for longer than the timeout delays the deletion, and the deletion never delays requests for longer. */
const LOCK = "set local lock_timeout = '2s'; lock table audit_dropped in exclusive mode";

const NOTE = `with ended as (
    select b.tenant_id, b.writer, max(b.seq) as seq, count(*) as batches, sum(b.count) as events from audit_batch b
    left join (select tenant_id, writer, max(seq) as seq from audit_dropped group by tenant_id, writer) d on d.tenant_id = b.tenant_id and d.writer = b.writer
    where b.recorded < $1::timestamptz and b.seq > coalesce(d.seq, 0) group by b.tenant_id, b.writer)
  insert into audit_dropped (tenant_id, writer, seq, recorded, hash, batches, events, month, dropped_at)
  select e.tenant_id, e.writer, e.seq, b.recorded, b.hash, e.batches, e.events, $2, $3::timestamptz
  from ended e join audit_batch b on b.tenant_id = e.tenant_id and b.writer = e.writer and b.seq = e.seq`;

const startOfNext = (month: string): string => `${addMonth(month)}-01T00:00:00.000Z`;

/** The stored months whose events are all older than this time, oldest first. */
export async function listEndedMonths(database: Database, before: string): Promise<string[]> {
  const partitions = await database.query<{ name: string }>(MONTHS);
  const months = partitions.flatMap(({ name }) => PARTITION.exec(name)?.slice(1).join('-') ?? []);
  return months.filter((month) => startOfNext(month) <= before).sort();
}

/** Deletes the events of a month, and notes it. Returns false if another process has done so. The batches are left (deleteDroppedBatches). */
export function dropAuditMonth(database: Database, month: string, at: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    await transaction.script(LOCK);
    const name = toPartitionName(month);
    const [found] = await transaction.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [name]);
    if (!found!.exists) return false;
    await transaction.query(NOTE, [startOfNext(month), month, at]);
    await transaction.script(`drop table ${name}`);
    return true;
  });
}

interface Leftover {
  tenant: number;
  writer: string;
  first: number;
  last: number;
}

const LEFTOVERS = `select d.tenant_id as tenant, d.writer, max(d.seq) as last,
    (select min(b.seq) from audit_batch b where b.tenant_id = d.tenant_id and b.writer = d.writer) as first
  from audit_dropped d where exists (select from audit_batch b where b.tenant_id = d.tenant_id and b.writer = d.writer and b.seq <= d.seq)
  group by d.tenant_id, d.writer limit 100`;

/** Deletes the batches without events that the deletion of months has left, in steps. Safe to stop and to run again. */
export async function deleteDroppedBatches(database: Database, signal: AbortSignal): Promise<void> {
  for (;;) {
    const leftovers = await database.query<Leftover>(LEFTOVERS);
    if (!leftovers.length) return;
    for (const { tenant, writer, first, last } of leftovers)
      for (let to = first; to <= last; ) {
        if (signal.aborted) return;
        to = Math.min(to + STEP, last + 1);
        await database.query('delete from audit_batch where tenant_id = $1 and writer = $2 and seq < $3', [tenant, writer, to]);
      }
  }
}
