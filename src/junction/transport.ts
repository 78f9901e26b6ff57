// Sends one HTTP request to Junction, without retries, and classifies the response as one of the outcomes of ../messaging/outcome.ts, without patient data.
// docs/decisions/0024-order-delivery.md

import { parseExactJson } from '../fhir/json.ts';
import { toRecord } from '../fhir/json-values.ts';
import type { Outcome } from '../messaging/outcome.ts';
import { inRequestSpan, recordStatus } from '../tracing/span.ts';
import type { JunctionAccount } from './account.ts';
import { describeError, parseErrorDetails } from './error-description.ts';
import { readTextField } from './json-fields.ts';
import type { JunctionPath } from './path.ts';

export interface JunctionRequest {
  method: 'GET' | 'POST' | 'PATCH';
  path: JunctionPath;
  query?: Record<string, string>;
  body?: string;
  headers?: Record<string, string>;
  /** How the response body is read: as JSON (default), as JSON whose numbers keep their digits, or as bytes. */
  as?: keyof typeof READERS;
  /** Aborts the request, including the reading of the body. */
  signal: AbortSignal;
}

const MB = 1024 * 1024;
/** In bytes: a larger body is not read to its end. A PDF of a laboratory may contain images. */
const MAX_BYTES: Record<keyof typeof READERS, number> = { json: 8 * MB, digits: 8 * MB, bytes: 32 * MB };
/** In seconds: a longer `Retry-After` is shortened. */
const MAX_RETRY_AFTER = 900;

/** `account` is called for every request, because the address of a sandbox is known only after its start. Without an account every response is a 401. */
export const createTransport =
  (account: () => JunctionAccount | undefined) =>
  async (request: JunctionRequest): Promise<JunctionResponse | NoResponse> => {
    const to = account();
    return to ? sendRequest(to, request) : NOT_CONFIGURED;
  };

const NOT_CONFIGURED: JunctionResponse = { status: 401, body: { detail: 'JUNCTION_API_KEY is not set' }, retryAfter: undefined };

/** Never rejects. A network error is returned as NoResponse; a redirect counts as one. */
function sendRequest(account: JunctionAccount, request: JunctionRequest): Promise<JunctionResponse | NoResponse> {
  const { method, path, query, body, signal, as = 'json' } = request;
  const url = account.baseUrl + path.text + (query ? `?${new URLSearchParams(query)}` : '');
  return inRequestSpan({ method, url: account.baseUrl, template: path.template }, async (span) => {
    try {
      const own = { 'x-vital-api-key': account.apiKey, accept: 'application/json' };
      const headers = { ...own, ...(body && JSON_BODY), ...span.headers, ...request.headers };
      const response = await fetch(url, { method, headers, signal, redirect: 'error', body: body ?? null });
      recordStatus(span, response.status);
      return { status: response.status, ...(await readBody(response, as)), retryAfter: parseRetryAfter(response) };
    } catch (error) {
      const failure = toNoResponse(error);
      span.fail(failure.fault);
      return failure;
    }
  });
}

const JSON_BODY = { 'content-type': 'application/json' };

/** An empty JSON body is null. */
const READERS = {
  json: (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8') || 'null'),
  digits: (bytes: Buffer): unknown => parseExactJson(bytes.toString('utf8') || 'null'),
  bytes: (bytes: Buffer): unknown => bytes,
};

/** `body` is undefined if it is malformed, cut off, too large or late: the status stays known. Error responses are always read as JSON. */
async function readBody(response: Response, as: keyof typeof READERS): Promise<Pick<JunctionResponse, 'body' | 'unread'>> {
  const form = response.ok ? as : 'json';
  try {
    const bytes = await readBytes(response, MAX_BYTES[form]);
    return bytes ? { body: READERS[form](bytes) } : { body: undefined, unread: `larger than ${MAX_BYTES[form] / MB} MB` };
  } catch {
    return { body: undefined };
  }
}

/** Undefined if there are more bytes. */
async function readBytes(response: Response, largest: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > largest) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** In seconds, from either form of the header. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function parseRetryAfter(response: Response): number | undefined {
  const header = response.headers.get('retry-after');
  if (header === null) return undefined;
  const sentAt = Date.parse(response.headers.get('date') ?? '');
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - sentAt) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER) : undefined;
}

/** The address was not found, or nothing accepted the connection. */
const UNCONNECTED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT']);

/** What an operator reads beside the code. https://nodejs.org/api/errors.html#common-system-errors */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name was not found',
  EAI_AGAIN: 'the host name was not found',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'it took too long',
  UND_ERR_BODY_TIMEOUT: 'it took too long',
  TimeoutError: 'it took too long',
};

/** Only the kind of error: messages contain addresses. */
function toNoResponse(error: unknown): NoResponse {
  const kind = readTextField(toRecord(error).cause, 'code') ?? readTextField(error, 'name');
  const meaning = MEANINGS[kind ?? ''];
  return {
    fault: `no response (${meaning === undefined ? kind : `${meaning}: ${kind}`})`,
    ...(kind !== undefined && UNCONNECTED.has(kind) && { isUnsent: true }),
  };
}

/** `body` is null if it was empty, undefined if it was cut off, too large or malformed. */
export interface JunctionResponse {
  status: number;
  body: unknown;
  /** Why the body was not read to its end, if known. */
  unread?: string;
  retryAfter: number | undefined;
}

/** `fault`: the kind of network error, without anything that was sent. `isUnsent`: there was no connection. */
export interface NoResponse {
  fault: string;
  isUnsent?: true;
}

/** A request with the same idempotency key is in progress (409, 423), or this one was not processed (408, 425): send it again later. */
const RETRY_STATUSES = new Set([408, 409, 423, 425]);
/** Definite rejections by Junction's documentation: wrong content (400), not found (404), wrong structure (422). */
const REFUSAL_STATUSES = new Set([400, 404, 422]);
const THROTTLED_STATUSES = new Set([429, 503]);

/** `parse` reads a 2xx body; it returns undefined if the body is not as documented. */
export function classifyResponse<T>(response: JunctionResponse | NoResponse, parse: (body: unknown) => T | undefined): Outcome<T> {
  if ('fault' in response) return { kind: 'unknown', why: response.fault, ...(response.isUnsent && { isUnsent: true }) };
  const { status, body, unread } = response;
  if (status < 300 && unread !== undefined) return { kind: 'unknown', why: `${status}, and the body is ${unread}`, status };
  if (status < 300) {
    const value = body === undefined ? undefined : parse(body);
    return value === undefined
      ? { kind: 'unknown', why: `${status}, and the body is not as documented`, status }
      : { kind: 'accepted', value };
  }
  const why = describeError(status, body);
  if (status === 401) return { kind: 'unauthorised', why };
  if (THROTTLED_STATUSES.has(status)) return { kind: 'throttled', why, retryAfter: response.retryAfter };
  if (!REFUSAL_STATUSES.has(status)) return { kind: 'unknown', why, status };
  if (!isJunctionError(response)) return { kind: 'unknown', why: `${why}, in a format that is not Junction's`, status };
  return { kind: 'refused', why, status, fields: parseErrorDetails(body).flatMap(({ loc }) => loc ?? []) };
}

/** Junction's errors are `{detail}`, or `{error, message, status_code}` of a cancellation. A gateway's have other formats. */
function isJunctionError({ status, body }: JunctionResponse): boolean {
  const { detail, message, status_code: code } = toRecord(body);
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
