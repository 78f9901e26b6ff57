// One thing to tell the outside, and how far it got.

export type OutboxState = 'queued' | 'sending' | 'unknown' | 'done' | 'refused' | 'parked' | 'cancelled';

/** One thing to tell the outside: exact bytes, key, and how far it got. Times are ISO 8601; no decision uses the database's clock. */
export interface OutboxEntry {
  tenant: number;
  id: string;
  topic: string;
  /** `Type/id` of what it is about. */
  subject: string;
  /** The idempotency key the other side sees: minted at accept. */
  key: string;
  payload: string;
  state: OutboxState;
  attempts: number;
  firstSentAt: string | null;
  nextAt: string;
  leaseBy: string | null;
  leaseUntil: string | null;
  lastError: string | null;
  createdAt: string;
}

/** An entry under a lease of `by`. */
export interface LeasedEntry {
  entry: OutboxEntry;
  by: string;
}
