// One request is one request: a repeated `idempotency-key` gets the first answer again. The row is written by the write's own transaction; here it is
// looked up, replayed and settled. Rules: same key and body → the same answer; another body → 409; still running → 409; failures are not kept.
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { parseExactJson } from '../../fhir/json.ts';
import { formatSortedJson } from '../../fhir/json-values.ts';
import { conflict, invalid } from '../../fhir/outcome.ts';
import type { Caller, Context } from '../../interactions/context.ts';
import type { Shape, View } from '../../mapping/shape.ts';
import type { IdempotencyKey, IdempotencyRecord } from '../../store/idempotency-keys.ts';
import type { Answer } from '../middleware/request-context.ts';

/** A request under a key, or undefined when it has none. */
export interface IdempotentRequest {
  key: IdempotencyKey;
  hash: string;
}

const MAX_KEY_LENGTH = 255;

/** The key a request carries. A shape that requires one refuses a request without (400). */
export function parseIdempotentRequest(req: Request, shape: Shape, context: Context, body: View): IdempotentRequest | undefined {
  const text = req.get('idempotency-key')?.trim() ?? '';
  if (text === '') {
    if (shape.idempotency === 'required') throw invalid('the header idempotency-key is required', 'idempotency-key');
    return undefined;
  }
  if (text.length > MAX_KEY_LENGTH) throw invalid(`an idempotency-key has at most ${MAX_KEY_LENGTH} characters`, 'idempotency-key');
  const { tenant } = context.caller;
  const hash = createHash('sha256').update(formatSortedJson(body)).digest('hex');
  const route = shape.interactions.includes('perform') ? shape.itemPath : shape.path;
  return { key: { tenant, caller: toKeyOwner(context.caller), route: `POST ${route}`, key: text }, hash };
}

/** Whose promise it is: the organisation's, whichever of its keys it was first sent with (one may have been changed since), or one person's. */
const toKeyOwner = ({ surface, patient }: Caller): string => (patient === undefined ? surface : `${surface}/${patient}`);

/** The record of an earlier request with this key, if it is the same request; another one is refused in the vendor's words. */
export async function findEarlierResponse(
  { context, shape }: { context: Context; shape: Shape },
  { key, hash }: IdempotentRequest,
): Promise<IdempotencyRecord | undefined> {
  const record = await context.store.idempotencyKeys.find(key);
  if (record && record.hash !== hash) throw conflict(shape.messages.idempotency, 'idempotency-key');
  return record;
}

/** What an answer shows, without the envelope: that tells of the request which is answered. */
export interface StoredResponse {
  status: number;
  headers?: Record<string, string>;
  /** An item, or a list of them. */
  shown: View | View[];
}

/** What is kept of one: the text of what it shows keeps its digits. Before there were envelopes of their own, whole answers were kept. */
type StoredJson = (Omit<StoredResponse, 'shown'> & { shown: string }) | Answer;

/** What a request that has been answered before was shown, or its whole answer; undefined: it was not answered yet. */
export function parseStoredResponse({ response }: IdempotencyRecord): StoredResponse | Answer | undefined {
  if (response === undefined) return undefined;
  const text = JSON.parse(response) as StoredJson;
  return 'shown' in text ? { ...text, shown: parseExactJson(text.shown) as StoredResponse['shown'] } : text;
}

/** Another request with the same key has committed meanwhile: start again, and find its answer. */
export class IdempotencyConflict extends Error {}

/** How often a request starts again because of that. */
export const ATTEMPTS = 3;

/** Inside the write's transaction: takes the key for what is being made. Waits for a concurrent transaction that is taking it, and fails with `IdempotencyConflict` when that commits. */
export async function claimIdempotencyKey(
  context: Context,
  { key, hash }: IdempotentRequest,
  subject: string,
  expires: string | null,
): Promise<void> {
  const record = { hash, subject, at: context.clock().toISOString(), expires };
  if (!(await context.store.idempotencyKeys.claim(key, record))) throw new IdempotencyConflict();
}

/** Keeps the answer for whoever asks again. */
export const storeIdempotentResponse = (context: Context, { key }: IdempotentRequest, { shown, ...rest }: StoredResponse): Promise<void> =>
  context.store.idempotencyKeys.complete(key, JSON.stringify({ ...rest, shown: JSON.stringify(shown) } satisfies StoredJson));
