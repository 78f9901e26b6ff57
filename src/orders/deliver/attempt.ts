// An attempt that throws is one whose outcome nobody knows: its entry says so at once, and why, as far as that may be said, and it is tried again later.

import { redactError } from '../../messaging/redacted-error.ts';
import type { LeasedEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { retryAt } from './retry-time.ts';
import type { Sending } from './sending.ts';

/** Answers the state the entry is in afterwards. Where not even that can be written down, the entry keeps its lease until that runs out. */
export async function attempt(sending: Sending, leased: LeasedEntry, send: () => Promise<OutboxState>): Promise<OutboxState> {
  try {
    return await send();
  } catch (thrown) {
    return broken(sending, leased, redactError(thrown));
  }
}

async function broken({ store, clock, random, log }: Sending, { entry, by }: LeasedEntry, why: string): Promise<OutboxState> {
  const { tenant, subject } = entry;
  log({ tenant, subject, error: why }, 'an outbox entry could not be sent');
  const now = clock();
  const outcome = {
    state: 'unknown' as const,
    at: now.toISOString(),
    nextAt: retryAt(entry.createdAt, now, random()),
    error: `the attempt broke off: ${why}`,
  };
  const written = await store.outbox.recordOutcome(entry, by, outcome).catch(() => false);
  return written ? 'unknown' : 'sending';
}
