// Deletes expired idempotency keys, expired ids of access tokens, ended windows of rate limits and unused locks (old webhooks: orders/webhooks/inbox.ts).
// Every process of an installation runs it; a second deletion has no effect.
import type { Database } from '../../store/database/database.ts';
import type { Store } from '../../store/store.ts';

/** `log` gets the number of deleted rows. */
export interface ExpiryParts {
  store: Pick<Store, 'idempotencyKeys' | 'deleteExpiredTokens' | 'pruneLocks' | 'reindexing'>;
  database: Database;
  clock: () => Date;
  log: (facts: Record<string, unknown>, text: string) => void;
  /** The days for which audit events are kept. Absent: without limit. */
  auditRetentionDays?: number | undefined;
}

/** Rows per statement. Small, so that a request that needs a locked row does not wait long. */
const BATCH = 1000;

/** Deletes the responses that were stored for repeated requests, after a day: they contain personal data. */
export async function deleteExpiredAnswers({ store: { idempotencyKeys }, clock, log }: ExpiryParts, signal: AbortSignal): Promise<void> {
  let deleted = 0;
  for (let batch = BATCH; batch === BATCH && !signal.aborted; deleted += batch)
    batch = await idempotencyKeys.deleteExpired(clock().toISOString(), BATCH);
  if (deleted) log({ deleted }, 'expired idempotency keys were deleted');
}

/** Deletes the ids of single-use access tokens that every process refuses by their time. */
export async function deleteExpiredTokens({ store, clock, log }: ExpiryParts, signal: AbortSignal): Promise<void> {
  let deleted = 0;
  for (let batch = BATCH; batch === BATCH && !signal.aborted; deleted += batch)
    batch = await store.deleteExpiredTokens(clock().toISOString(), BATCH);
  if (deleted) log({ deleted }, 'ids of expired access tokens were deleted');
}

/** Deletes the lock rows of match keys (src/store/database/locks.ts) that no transaction uses, tenant by tenant. */
export async function deleteUnusedLocks({ store }: ExpiryParts, signal: AbortSignal): Promise<void> {
  const { reindexing } = store;
  let tenant = await reindexing.findNextTenant(0);
  while (tenant !== undefined && !signal.aborted) {
    let from = await store.pruneLocks(tenant, { limit: BATCH });
    while (from !== undefined && !signal.aborted) from = await store.pruneLocks(tenant, { from, limit: BATCH });
    tenant = await reindexing.findNextTenant(tenant);
  }
}
