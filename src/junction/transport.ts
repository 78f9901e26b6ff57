// Sends one HTTP request to Junction, without retries. response-classification.ts interprets the response.
import { parseExactJson } from '../fhir/json.ts';
import type { JunctionAccount } from './account.ts';
import { readTextField, toJsonObject } from './json-fields.ts';
import type { JunctionResponse, NoResponse } from './response-classification.ts';

export interface JunctionRequest {
  method: 'GET' | 'POST';
  path: string;
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

/** Only the kind of error: messages contain addresses. */
function describeFetchError(error: unknown): string {
  return `no response (${readTextField(toJsonObject(error).cause, 'code') ?? readTextField(error, 'name')})`;
}
