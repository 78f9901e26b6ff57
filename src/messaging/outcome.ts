// The outcome of one request to an external system, and the health signal that follows from it. All requests to the lab network are classified here.

/** `why` is for logs and queues: it names status, element and rule, but never a value that was sent. */
export type Outcome<T> =
  | { kind: 'accepted'; value: T }
  /** A definite rejection. The same bytes will never succeed. `why`: the external system's text. `fields`: the elements that it names. */
  | { kind: 'refused'; why: string; status: number; fields: string[] }
  /** It is unknown whether the request had an effect. `status`: the status of the response, if there was one. `isUnsent`: there was no connection to send it on. */
  | { kind: 'unknown'; why: string; status?: number; isUnsent?: true }
  /** The request must be sent again later. `retryAfter`: seconds, if the response contained it. */
  | { kind: 'throttled'; why: string; retryAfter: number | undefined }
  /** The external system does not accept our credential (401). The request itself may be correct. */
  | { kind: 'unauthorised'; why: string };

/** Every outcome but `accepted`. */
export type Failure = Exclude<Outcome<never>, { kind: 'accepted' }>;

/** The seconds until the external system accepts requests again, if the response contained them. */
export const retryAfterSeconds = (outcome: Outcome<unknown>): number | undefined =>
  outcome.kind === 'throttled' ? outcome.retryAfter : undefined;

/**
 * The input of a circuit breaker. `success` closes it, `failure` counts towards opening it, `trip` opens it at once. `ignore` changes nothing: the external
 * system responded, but the response does not show whether it would accept orders.
 */
export type HealthSignal = 'success' | 'failure' | 'trip' | 'ignore';

/** The kind of request. A roster that cannot be read, or a missing partner contract, must not stop the sending of orders. */
type Exchange = 'order' | 'cancellation' | 'roster' | 'registration';

const SIGNALS: Record<Exchange, Record<Outcome<unknown>['kind'], HealthSignal>> = {
  order: { accepted: 'success', refused: 'success', unknown: 'failure', throttled: 'trip', unauthorised: 'trip' },
  cancellation: { accepted: 'success', refused: 'ignore', unknown: 'failure', throttled: 'trip', unauthorised: 'trip' },
  roster: { accepted: 'success', refused: 'success', unknown: 'failure', throttled: 'trip', unauthorised: 'failure' },
  registration: { accepted: 'ignore', refused: 'ignore', unknown: 'failure', throttled: 'trip', unauthorised: 'failure' },
};

export function toHealthSignal(exchange: Exchange, outcome: Outcome<unknown>): HealthSignal {
  // without `Retry-After`, a throttled registration is counted as one failure and does not open the breaker at once
  if (exchange === 'registration' && outcome.kind === 'throttled' && outcome.retryAfter === undefined) return 'failure';
  return SIGNALS[exchange][outcome.kind];
}
