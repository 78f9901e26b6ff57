// Deletes rows that have expired: idempotency keys and unused locks. Old webhooks: orders/webhooks/inbox.ts. Every process of an installation does it: deleting twice deletes nothing more.
import type { Store } from '../../store/store.ts';

/** `log` gets the number of deleted rows. */
export interface ExpiryParts {
  store: Pick<Store, 'idempotencyKeys' | 'pruneLocks' | 'reindexing'>;
  clock: () => Date;
  log: (facts: Record<string, unknown>, text: string) => void;
}

/** Rows per statement, so that a request that needs one of them waits for few others. */
const BATCH = 1000;

/** The responses stored for repeated requests contain personal data: they are deleted a day later. */
export async function deleteExpiredAnswers({ store: { idempotencyKeys }, clock, log }: ExpiryParts, signal: AbortSignal): Promise<void> {
  let deleted = 0;
  for (let batch = BATCH; batch === BATCH && !signal.aborted; deleted += batch)
    batch = await idempotencyKeys.deleteExpired(clock().toISOString(), BATCH);
  if (deleted) log({ deleted }, 'expired idempotency keys were deleted');
}

/** The rows of match keys (src/store/database/locks.ts) that no transaction uses, tenant by tenant. */
export async function deleteUnusedLocks({ store }: ExpiryParts, signal: AbortSignal): Promise<void> {
  const { reindexing } = store;
  let tenant = await reindexing.findNextTenant(0);
  while (tenant !== undefined && !signal.aborted) {
    let from = await store.pruneLocks(tenant, { limit: BATCH });
    while (from !== undefined && !signal.aborted) from = await store.pruneLocks(tenant, { from, limit: BATCH });
    tenant = await reindexing.findNextTenant(tenant);
  }
}
