// Classifies a response of Junction as one of the outcomes of ../messaging/outcome.ts, without patient data.
// docs/decisions/0024-order-delivery.md

import type { Outcome } from '../messaging/outcome.ts';
import { describeError, parseErrorDetails } from './error-description.ts';
import { toJsonObject } from './json-fields.ts';

/** `body` is null if it was empty, undefined if it was cut off, too large or malformed. */
export interface JunctionResponse {
  status: number;
  body: unknown;
  /** Why the body was not read to its end, if known. */
  unread?: string;
  retryAfter: number | undefined;
}

/** `fault`: the kind of network error, without anything that was sent. */
export interface NoResponse {
  fault: string;
}

/** A request with the same idempotency key is in progress (409, 423), or this one was not processed (408, 425): send it again later. */
const RETRY_STATUSES = new Set([408, 409, 423, 425]);
/** Definite rejections by Junction's documentation: wrong content (400), not found (404), wrong structure (422). */
const REFUSAL_STATUSES = new Set([400, 404, 422]);
const THROTTLED_STATUSES = new Set([429, 503]);

/** `parse` reads a 2xx body; it returns undefined if the body is not as documented. */
export function classifyResponse<T>(response: JunctionResponse | NoResponse, parse: (body: unknown) => T | undefined): Outcome<T> {
  if ('fault' in response) return { kind: 'unknown', why: response.fault };
  const { status, body, unread } = response;
  if (status < 300 && unread !== undefined) return { kind: 'unknown', why: `${status}, and the body is ${unread}`, status };
  if (status < 300) return toAccepted(status, body === undefined ? undefined : parse(body));
  const why = describeError(status, body);
  if (status === 401) return { kind: 'unauthorised', why };
  if (THROTTLED_STATUSES.has(status)) return { kind: 'throttled', why, retryAfter: response.retryAfter };
  if (!REFUSAL_STATUSES.has(status)) return { kind: 'unknown', why, status };
  if (!isJunctionError(response)) return { kind: 'unknown', why: `${why}, in a format that is not Junction's`, status };
  return { kind: 'refused', why, status, fields: parseErrorDetails(body).flatMap(({ loc }) => loc ?? []) };
}

/** Junction's errors are `{detail}`, or `{error, message, status_code}` of a cancellation. A gateway's have other formats. */
function isJunctionError({ status, body }: JunctionResponse): boolean {
  const { detail, message, status_code: code } = toJsonObject(body);
  return detail !== undefined || (message !== undefined && code === status);
}

/** Whether Junction itself reported a failure: it may replay that response under the same idempotency key. After a 503 nothing was begun. */
export const isServerFailure = <T>(outcome: Outcome<T>): outcome is { kind: 'unknown'; why: string; status: number } =>
  outcome.kind === 'unknown' && outcome.status !== undefined && outcome.status >= 400 && !RETRY_STATUSES.has(outcome.status);

/** A response about another subject (a cache or gateway has mixed up two requests) leaves the outcome unknown. */
export const requireSubject = <T>(outcome: Outcome<T>, isSubject: (value: T) => boolean): Outcome<T> =>
  outcome.kind !== 'accepted' || isSubject(outcome.value)
    ? outcome
    : { kind: 'unknown', why: 'the response is about another order', status: 200 };

const toAccepted = <T>(status: number, value: T | undefined): Outcome<T> =>
  value === undefined ? { kind: 'unknown', why: `${status}, and the body is not as documented`, status } : { kind: 'accepted', value };
