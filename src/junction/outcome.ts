// What an answer of Junction means for what was asked: one of five outcomes (../messaging/outcome.ts), without the patient's data.
// docs/decisions/0024-order-delivery.md

import type { Outcome } from '../messaging/outcome.ts';
import { describeError, parseErrorDetails } from './error-description.ts';
import { toJsonObject } from './json-fields.ts';

/** An answer as it came: `body` is null when it was empty, undefined when it was cut off, too large or no JSON. */
export interface JunctionResponse {
  status: number;
  body: unknown;
  /** Why it was not read to its end, when that is known: too large. */
  unread?: string;
  retryAfter: number | undefined;
}

/** No answer: the text of the fault, without what was sent. */
export interface NoResponse {
  fault: string;
}

/** Still under way under the same key (409, 423), or never looked at (408, 425): the same request again, later. */
const RETRY_STATUSES = new Set([408, 409, 423, 425]);
/** The statuses that say no to what was asked, as far as Junction's pages tell: wrong in what it says (400), not there (404), wrong in its form (422). */
const REFUSAL_STATUSES = new Set([400, 404, 422]);
const THROTTLED_STATUSES = new Set([429, 503]);

/** The outcome; `value` answers what a readable 2xx body holds, undefined when that is not what was promised. */
export function classifyResponse<T>(answer: JunctionResponse | NoResponse, value: (body: unknown) => T | undefined): Outcome<T> {
  if ('fault' in answer) return { kind: 'unknown', why: answer.fault };
  const { status, body, unread } = answer;
  if (status < 300 && unread !== undefined) return { kind: 'unknown', why: `${status}, and the body is ${unread}`, status };
  if (status < 300) return toAccepted(status, body === undefined ? undefined : value(body));
  const why = describeError(status, body);
  if (status === 401) return { kind: 'unauthorised', why };
  if (THROTTLED_STATUSES.has(status)) return { kind: 'throttled', why, retryAfter: answer.retryAfter };
  if (!REFUSAL_STATUSES.has(status)) return { kind: 'unknown', why, status };
  if (!isJunctionError(answer)) return { kind: 'unknown', why: `${why}, and not in the words of the network`, status };
  return { kind: 'refused', why, status, fields: parseErrorDetails(body).flatMap(({ loc }) => loc ?? []) };
}

/** Whether Junction speaks: `{detail}`, or `{error, message, status_code}` of a cancellation. Gateways and other addresses answer pages, nothing, or JSON of their own. */
function isJunctionError({ status, body }: JunctionResponse): boolean {
  const { detail, message, status_code: code } = toJsonObject(body);
  return detail !== undefined || (message !== undefined && code === status);
}

/** Whether this is the other side's word that it failed: an answer that may be kept under the key. 503 is none: nothing was begun. */
export const isServerFailure = <T>(outcome: Outcome<T>): outcome is { kind: 'unknown'; why: string; status: number } =>
  outcome.kind === 'unknown' && outcome.status !== undefined && outcome.status >= 400 && !RETRY_STATUSES.has(outcome.status);

/** An answer about something else than was asked for (a cache or a gateway that mixes up two requests) leaves the outcome unknown. */
export const requireSubject = <T>(outcome: Outcome<T>, isAsked: (value: T) => boolean): Outcome<T> =>
  outcome.kind !== 'accepted' || isAsked(outcome.value)
    ? outcome
    : { kind: 'unknown', why: 'the answer is about another order than was asked for', status: 200 };

const toAccepted = <T>(status: number, value: T | undefined): Outcome<T> =>
  value === undefined ? { kind: 'unknown', why: `${status}, and the body is not as promised`, status } : { kind: 'accepted', value };
