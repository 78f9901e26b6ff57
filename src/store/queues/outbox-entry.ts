// One message to an external system, and the state of its delivery.

export type OutboxState = 'queued' | 'sending' | 'unknown' | 'done' | 'refused' | 'parked' | 'cancelled';

/** The states of entries that are neither finished nor given up. */
export const OPEN_STATES: OutboxState[] = ['queued', 'sending', 'unknown', 'parked'];

/** One message: its bytes, its idempotency key and the state of its delivery. Times are ISO 8601 and come from the server's clock, not the database's. */
export interface OutboxEntry {
  tenant: number;
  id: string;
  /** The account at the lab network that the message is sent with; 0: the account of the environment. It never changes. */
  account: number;
  topic: string;
  /** `Type/id` of the resource that the message is about. */
  subject: string;
  /** The idempotency key that the receiver sees. */
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

/** An entry that `by` has leased. */
export interface LeasedEntry {
  entry: OutboxEntry;
  by: string;
}
