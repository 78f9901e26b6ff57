// What came of one request to another system, and what that says about the system's health: one classification for everything that is sent or polled.

/** `why` is for logs and queues: status, element and rule, never a value that was sent. */
export type Outcome<T> =
  | { kind: 'accepted'; value: T }
  /** A definite rejection in the other system's own words. The same bytes will never succeed. `fields`: the elements it names. */
  | { kind: 'refused'; why: string; status: number; fields: string[] }
  /** Nobody knows whether it was done. `status`: of the response, when there was one. */
  | { kind: 'unknown'; why: string; status?: number }
  /** Try again later. `retryAfter`: seconds, when the response said so. */
  | { kind: 'throttled'; why: string; retryAfter: number | undefined }
  /** Our credential is not accepted (401): nothing is wrong with what was sent. */
  | { kind: 'unauthorised'; why: string };

/** Every outcome but `accepted`. */
export type Failure = Exclude<Outcome<never>, { kind: 'accepted' }>;

/** For how many seconds the other system wants no requests, when it says so. */
export const retryAfterSeconds = (outcome: Outcome<unknown>): number | undefined =>
  outcome.kind === 'throttled' ? outcome.retryAfter : undefined;

/**
 * What a circuit breaker learns. `success` closes it, `failure` counts towards opening it, `trip` opens it at once, `ignore` changes nothing: the system
 * responded, but the response does not show that orders would be accepted.
 */
export type HealthSignal = 'success' | 'failure' | 'trip' | 'ignore';

/** What was asked for. A roster that cannot be read, or a partner contract that is missing, must not stop the sending of orders. */
type Exchange = 'order' | 'cancellation' | 'roster' | 'registration';

const SIGNALS: Record<Exchange, Record<Outcome<unknown>['kind'], HealthSignal>> = {
  order: { accepted: 'success', refused: 'success', unknown: 'failure', throttled: 'trip', unauthorised: 'trip' },
  cancellation: { accepted: 'success', refused: 'ignore', unknown: 'failure', throttled: 'trip', unauthorised: 'trip' },
  roster: { accepted: 'success', refused: 'success', unknown: 'failure', throttled: 'trip', unauthorised: 'failure' },
  registration: { accepted: 'ignore', refused: 'ignore', unknown: 'failure', throttled: 'trip', unauthorised: 'failure' },
};

export function toHealthSignal(exchange: Exchange, outcome: Outcome<unknown>): HealthSignal {
  // a directory that is throttled for an unknown time fails alone
  if (exchange === 'registration' && outcome.kind === 'throttled' && outcome.retryAfter === undefined) return 'failure';
  return SIGNALS[exchange][outcome.kind];
}
