// One HTTP exchange with Junction: one request, no retry, an end in time. What the answer means is outcome.ts.
import { parseExact } from '../fhir/json.ts';
import type { JunctionResponse, NoResponse } from './outcome.ts';

/** The account orders go to. `baseUrl` has no trailing slash. */
export interface JunctionAccount {
  apiKey: string;
  baseUrl: string;
  /** Whose roster of physicians is read; without it no physician can be registered. */
  teamId?: string | undefined;
}

export interface JunctionRequest {
  method: 'GET' | 'POST';
  path: string;
  /** The exact text to send. */
  body?: string;
  headers?: Record<string, string>;
  /** What the body is taken for: JSON (default), JSON whose numbers keep their digits, or bytes. */
  as?: keyof typeof READERS;
  /** Ends the exchange, the reading of the body included. */
  signal: AbortSignal;
}

const MB = 1024 * 1024;
/** An answer larger than this is not read to its end, in bytes: a laboratory's document may hold pictures. */
const MAX_BYTES: Record<keyof typeof READERS, number> = { json: 8 * MB, digits: 8 * MB, bytes: 32 * MB };
/** `Retry-After` counts up to a quarter of an hour. */
const MAX_RETRY_AFTER = 900;

/**
 * Exchanges in the name of an account, which is asked for at each call, because a sandbox's address is known only after it has started. Without one every call
 * is as unauthorised as with a wrong key.
 */
export const createTransport =
  (account: () => JunctionAccount | undefined) =>
  async (request: JunctionRequest): Promise<JunctionResponse | NoResponse> => {
    const to = account();
    return to ? sendRequest(to, request) : NOT_CONFIGURED;
  };

const NOT_CONFIGURED: JunctionResponse = { status: 401, body: { detail: 'JUNCTION_API_KEY is not set' }, retryAfter: undefined };

/** Sends it. Never throws: a fault of the way there or back is an answer too. A redirect is a fault. */
async function sendRequest(account: JunctionAccount, request: JunctionRequest): Promise<JunctionResponse | NoResponse> {
  const { method, path, body, signal, as = 'json' } = request;
  try {
    const headers = { 'x-vital-api-key': account.apiKey, accept: 'application/json', ...(body && JSON_BODY), ...request.headers };
    const response = await fetch(account.baseUrl + path, { method, headers, signal, redirect: 'error', body: body ?? null });
    return { status: response.status, ...(await readBody(response, as)), retryAfter: parseRetryAfter(response) };
  } catch (error) {
    return { fault: describeFetchError(error) };
  }
}

const JSON_BODY = { 'content-type': 'application/json' };

/** Bytes → what they say; JSON that is empty is null. */
const READERS = {
  json: (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8') || 'null'),
  digits: (bytes: Buffer): unknown => parseExact(bytes.toString('utf8') || 'null'),
  bytes: (bytes: Buffer): unknown => bytes,
};

/** Undefined when it is not what it is taken for, is cut off, too large or late. The status is known by then, and stays known. Failures are JSON. */
async function readBody(response: Response, as: keyof typeof READERS): Promise<Pick<JunctionResponse, 'body' | 'unread'>> {
  const form = response.ok ? as : 'json';
  try {
    const bytes = await readBytes(response, MAX_BYTES[form]);
    return bytes ? { body: READERS[form](bytes) } : { body: undefined, unread: `larger than ${MAX_BYTES[form] / MB} MB` };
  } catch {
    return { body: undefined };
  }
}

/** Undefined: there is more. */
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

/** Seconds, from either form of the header. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function parseRetryAfter(response: Response): number | undefined {
  const given = response.headers.get('retry-after');
  if (given === null) return undefined;
  const sentAt = Date.parse(response.headers.get('date') ?? '');
  const seconds = /^\d+$/.test(given) ? Number(given) : (Date.parse(given) - sentAt) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER) : undefined;
}

/** The kind of fault alone: messages of the network carry addresses, and none is needed twice. */
function describeFetchError(error: unknown): string {
  const { name, cause } = error as Error;
  const code = (cause as { code?: string } | undefined)?.code;
  return `no answer (${code ?? name})`;
}
