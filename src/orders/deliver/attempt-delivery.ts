// One attempt to send an outbox entry. If the attempt throws, its outcome is unknown: the entry stores a redacted reason and is sent again later.

import { redactError } from '../../messaging/redacted-error.ts';
import type { LeasedEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { nextDeliveryAt } from './delivery-times.ts';
import type { OrderSender } from './order-sender.ts';

/** Returns the new state of the entry. If the failure cannot be stored either, the entry keeps its lease until the lease expires. */
export async function attemptDelivery(sender: OrderSender, leased: LeasedEntry, send: () => Promise<OutboxState>): Promise<OutboxState> {
  try {
    return await send();
  } catch (thrown) {
    return recordFailedAttempt(sender, leased, redactError(thrown));
  }
}

async function recordFailedAttempt(
  { store, clock, random, log }: OrderSender,
  { entry, by }: LeasedEntry,
  why: string,
): Promise<OutboxState> {
  const { tenant, subject } = entry;
  log({ tenant, subject, error: why }, 'an outbox entry could not be sent');
  const now = clock();
  const outcome = {
    state: 'unknown' as const,
    at: now.toISOString(),
    nextAt: nextDeliveryAt(entry.createdAt, now, random()),
    error: `the attempt failed: ${why}`,
  };
  const written = await store.outbox.recordOutcome(entry, by, outcome).catch(() => false);
  return written ? 'unknown' : 'sending';
}
