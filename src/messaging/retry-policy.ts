// When a failed operation is retried, and when the server gives up. All queues and poll loops use this table.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Times are in milliseconds. */
interface RetryPolicy {
  /** `age`: the delay is a tenth of the time since the operation began to fail. `failures`: it doubles with each failure in a row. */
  growsWith: 'age' | 'failures';
  shortest: number;
  longest: number;
  /** The share of the delay that is random, so that operations which failed together are not retried together. */
  jitter: number;
  /** The age at which the server gives up. Default: never. */
  giveUpAfter?: number;
}

/** A short outage costs seconds. In a long one the circuit breaker, or the longest delay, keeps the load down. */
const POLICIES = {
  /** An order or a cancellation without a response from the lab network. */
  'order-delivery': { growsWith: 'age', shortest: SECOND, longest: MINUTE, jitter: 0.5, giveUpAfter: 72 * HOUR },
  /** Reading an order from the lab network, also after a webhook. */
  'order-poll': { growsWith: 'failures', shortest: MINUTE, longest: 6 * HOUR, jitter: 0.5 },
  /** Listing the orders that changed. */
  'order-reconciliation': { growsWith: 'failures', shortest: MINUTE, longest: 15 * MINUTE, jitter: 0 },
  /** A physician who is not on the lab network's roster yet. */
  'physician-listing': { growsWith: 'age', shortest: 15 * MINUTE, longest: 6 * HOUR, jitter: 0, giveUpAfter: 180 * 24 * HOUR },
  /** A notification that the subscriber did not accept. */
  'subscription-delivery': { growsWith: 'age', shortest: SECOND, longest: 10 * MINUTE, jitter: 0.5, giveUpAfter: 72 * HOUR },
  /** A worker process that ended soon after its start. */
  'worker-restart': { growsWith: 'failures', shortest: SECOND, longest: MINUTE, jitter: 0.5 },
} as const satisfies Record<string, RetryPolicy>;

type RetryPolicyName = keyof typeof POLICIES;

/** `since`: when the operation was created or began to fail (ms since the epoch). `failures`: in a row, before this one. */
interface RetryProgress {
  age: { since: number };
  failures: { failures: number };
}

type ProgressFor<P extends RetryPolicyName> = RetryProgress[(typeof POLICIES)[P]['growsWith']];

/** `random`: 0 to 1. */
export function nextRetryAt<P extends RetryPolicyName>(
  name: P,
  progress: ProgressFor<P>,
  { now, random }: { now: Date; random: number },
): Date {
  const { shortest, longest, jitter }: RetryPolicy = POLICIES[name];
  const grown = 'since' in progress ? (now.getTime() - progress.since) / 10 : shortest * 2 ** progress.failures;
  const delay = Math.min(Math.max(grown, shortest), longest);
  return new Date(now.getTime() + delay * (1 - jitter + jitter * random));
}

/** Whether an operation that began at `since` (ms since the epoch) has been tried for as long as its policy allows. */
export function isGivenUp(name: RetryPolicyName, since: number, now: Date): boolean {
  const { giveUpAfter = Number.POSITIVE_INFINITY }: RetryPolicy = POLICIES[name];
  return now.getTime() - since >= giveUpAfter;
}
