// What an answer of Junction means for what was asked: one of five outcomes, with the patient's data taken out of every error.

/** `why` is for logs and for the outbox: status, element and rule, never a value that was sent. */
export type Outcome<T> =
  | { kind: 'accepted'; value: T }
  /** A definite no: not done, and the same bytes will never do. `fields`: the elements it names. */
  | { kind: 'refused'; why: string; status: number; fields: string[] }
  /** Done or not, nobody knows. `failed`: Junction itself answered that it failed (5xx), so its memory of the key is not to be relied on. */
  | { kind: 'unknown'; why: string; failed: boolean }
  /** Come back later. `retryAfter`: seconds, when Junction said so. */
  | { kind: 'throttled'; why: string; failed: boolean; retryAfter: number | undefined }
  /** The key is not accepted: nothing is wrong with what was sent. */
  | { kind: 'unauthorised'; why: string };

/** An answer as it came: `body` is null when it was empty, undefined when it was cut off, too large or no JSON. */
export interface Answered {
  status: number;
  body: unknown;
  retryAfter: number | undefined;
}

/** No answer: the text of the fault, without what was sent. */
export interface Unanswered {
  fault: string;
}

/** Still under way under the same key (409, 423), or never looked at (408, 425): the same request again, later. */
const AGAIN = new Set([408, 409, 423, 425]);
const UNAUTHORISED = new Set([401, 403]);
const THROTTLED = new Set([429, 503]);

/** The outcome; `value` answers what a readable 2xx body holds, undefined when that is not what was promised. */
export function outcomeOf<T>(answer: Answered | Unanswered, sent: unknown, value: (body: unknown) => T | undefined): Outcome<T> {
  if ('fault' in answer) return { kind: 'unknown', why: answer.fault, failed: false };
  const { status, body } = answer;
  if (status < 300) return acceptedOf(status, body === undefined ? undefined : value(body));
  const why = `${status}${told(body, sent)}`;
  const failed = status >= 500;
  if (UNAUTHORISED.has(status)) return { kind: 'unauthorised', why };
  if (THROTTLED.has(status)) return { kind: 'throttled', why, failed, retryAfter: answer.retryAfter };
  if (failed || AGAIN.has(status)) return { kind: 'unknown', why, failed };
  return { kind: 'refused', why, status, fields: detailsOf(body).flatMap(({ loc }) => loc ?? []) };
}

const acceptedOf = <T>(status: number, value: T | undefined): Outcome<T> =>
  value === undefined ? { kind: 'unknown', why: `${status}, and the body is not as promised`, failed: false } : { kind: 'accepted', value };

interface Detail {
  loc?: string;
  msg?: string;
}

/** `{"detail": [{loc, msg, input, ctx}]}`, `{"detail": "text"}` or `{"message": "text"}`; of these only where and what rule. */
function detailsOf(body: unknown): Detail[] {
  const { detail, message } = objectOf(body);
  if (Array.isArray(detail))
    return detail.map(objectOf).map(({ loc, msg }) => ({ ...place(loc), ...(typeof msg === 'string' && { msg }) }));
  const text = typeof detail === 'string' ? detail : (objectOf(detail).error_message ?? message);
  return typeof text === 'string' ? [{ msg: text }] : [];
}

function place(loc: unknown): Detail {
  if (!Array.isArray(loc)) return {};
  return { loc: loc.filter((step) => step !== 'body' && /^[\w-]{1,60}$/.test(String(step))).join('.') };
}

const LONGEST = 400;

function told(body: unknown, sent: unknown): string {
  const text = detailsOf(body)
    .map(({ loc, msg }) => [loc, msg].filter(Boolean).join(': '))
    .join('; ');
  return text === '' ? '' : ` ${withoutValues(text, sent).slice(0, LONGEST)}`;
}

/** The text without any of the values that were sent: a free text may repeat them. */
function withoutValues(text: string, sent: unknown): string {
  const values = [...new Set(textsOf(sent))].filter((value) => value.length > 2).sort((a, b) => b.length - a.length);
  return values.reduce((kept, value) => kept.replaceAll(value, '…'), text);
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsOf) : [];
}

/** The value as an object to look into; an empty one when it is none. */
export const objectOf = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
