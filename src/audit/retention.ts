// Deletes the audit events that are older than FACET_AUDIT_RETENTION, in whole months. Every process of an installation runs it.
import { listDroppedMonths } from '../store/audit-chains.ts';
import { deleteDroppedBatches, dropAuditMonth, listEndedMonths } from '../store/audit-retention.ts';
import type { Database } from '../store/database/database.ts';

interface RetentionParts {
  database: Database;
  clock: () => Date;
  log(facts: Record<string, unknown>, text: string): void;
}

const DAY_MS = 86_400_000;

/** A month is deleted when its last event is older than this number of days. */
export async function deleteOldAudit({ database, clock, log }: RetentionParts, days: number, signal: AbortSignal): Promise<void> {
  const before = new Date(clock().getTime() - days * DAY_MS).toISOString();
  for (const month of await listEndedMonths(database, before)) {
    const droppedAt = clock().toISOString();
    if (signal.aborted || !(await dropAuditMonth(database, month, droppedAt))) continue;
    const dropped = (await listDroppedMonths(database)).find((one) => one.month === month && one.droppedAt === droppedAt);
    const { chains = 0, batches = 0, events = 0 } = dropped ?? {};
    log({ month, chains, batches, events }, 'audit events older than FACET_AUDIT_RETENTION were deleted');
  }
  await deleteDroppedBatches(database, signal);
}
