// A request with a repeated `idempotency-key` and the same body gets the first response again. With another body, or while the first request runs, the response
// is 409. Errors are not stored. The key is claimed in the transaction of the write.
import { createHash } from 'node:crypto';
import { parseExactJson } from '../fhir/json.ts';
import { formatSortedJson } from '../fhir/json-values.ts';
import { conflict, invalid } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import type { Shape, View } from '../mapping/shape.ts';
import { type IdempotencyKey, type IdempotencyRecord, KEY_LIFETIME_MS } from '../store/idempotency-keys.ts';
import { buildResponse, mayReadAll, type StoredResponse } from './response.ts';
import type { VendorRequest, VendorResponse } from './vendor-request.ts';

/** The key of a request, and the hash of its content. */
export interface IdempotentRequest {
  key: IdempotencyKey;
  hash: string;
}

const MAX_KEY_LENGTH = 255;

/** The error text (409) of a request that lost every race against others with its key. */
export const KEY_IN_USE = 'a request with this idempotency-key is running';

/** Undefined: the request has no key. If the shape requires a key, such a request is refused (400). */
export function parseIdempotentRequest({ headers, shape, context }: VendorRequest, body: View): IdempotentRequest | undefined {
  const text = headers.idempotencyKey?.trim() ?? '';
  if (text === '') {
    if (shape.idempotency === 'required') throw invalid('the header idempotency-key is required', 'idempotency-key');
    return undefined;
  }
  if (text.length > MAX_KEY_LENGTH) throw invalid(`an idempotency-key has at most ${MAX_KEY_LENGTH} characters`, 'idempotency-key');
  const { tenant, surface, patient } = context.caller;
  // the patient of a patient key, otherwise the tenant on this surface, for all of its API keys
  const owner = patient === undefined ? surface : `${surface}/${patient}`;
  const hash = createHash('sha256').update(formatSortedJson(body)).digest('hex');
  const route = shape.interactions.includes('perform') ? shape.itemPath : shape.path;
  return { key: { tenant, caller: owner, route: `POST ${route}`, key: text }, hash };
}

/** The record of an earlier request with this key. If its hash differs, this request is refused (409) with the vendor's text. */
export async function findEarlierRequest(
  { context, shape }: VendorRequest,
  { key, hash }: IdempotentRequest,
): Promise<IdempotencyRecord | undefined> {
  const record = await context.store.idempotencyKeys.find(key);
  if (record && record.hash !== hash) throw conflict(shape.messages.idempotency, 'idempotency-key');
  return record;
}

/** The JSON of a stored response. `shown` is JSON text, so that its numbers keep their digits. Earlier versions stored the whole `body` with its envelope. */
interface StoredJson {
  status: number;
  headers?: Record<string, string>;
  shown?: string;
  body?: string;
}

/** The response of the earlier request, limited to what this caller may read. Undefined: the earlier request has no response yet. */
export function replayResponse(request: VendorRequest, shape: Shape, record: IdempotencyRecord | undefined): VendorResponse | undefined {
  if (record?.response === undefined) return undefined;
  // both assertions: storeIdempotentResponse wrote this JSON
  const { shown, body, ...rest } = JSON.parse(record.response) as StoredJson;
  if (shown !== undefined) return buildResponse(request, shape, { ...rest, shown: parseExactJson(shown) as StoredResponse['shown'] });
  return body !== undefined && mayReadAll(request, shape) ? { ...rest, content: { text: body } } : rest;
}

/**
 * Claims the key for `subject`, in the transaction of the write. Waits for a concurrent transaction with the same key. False: that transaction has committed.
 * If the shape requires a key and `creates` is true, the key never expires. All other keys expire after `KEY_LIFETIME_MS`.
 */
export async function claimIdempotencyKey(
  { context, shape }: VendorRequest,
  { key, hash }: IdempotentRequest,
  { subject, creates }: { subject: string; creates: boolean },
): Promise<boolean> {
  const now = context.clock();
  const expires = creates && shape.idempotency === 'required' ? null : new Date(now.getTime() + KEY_LIFETIME_MS).toISOString();
  return context.store.idempotencyKeys.claim(key, { hash, subject, at: now.toISOString(), expires });
}

/** Stores the response for repetitions of the request. */
export const storeIdempotentResponse = (context: Context, { key }: IdempotentRequest, { shown, ...rest }: StoredResponse): Promise<void> =>
  context.store.idempotencyKeys.complete(key, JSON.stringify({ ...rest, shown: JSON.stringify(shown) } satisfies StoredJson));
