// Creating many items by one request: all of them in one transaction, in as many statements as one takes, and a list for an answer.
// docs/decisions/0021-vendor-lab-results.md
import { setTimeout as delay } from 'node:timers/promises';
import type { ParsedJson } from '../../fhir/json.ts';
import { writeContention } from '../../fhir/outcome.ts';
import { createResources } from '../../interactions/create-resources.ts';
import { WriteConflict } from '../../interactions/transaction-entry.ts';
import type { BatchCreate, View } from '../../mapping/shape.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { Answer } from '../middleware/request-context.ts';
import { parseKnownParameters } from '../middleware/url-query.ts';
import {
  claimIdempotencyKey,
  findEarlierResponse,
  IdempotencyConflict,
  type IdempotentRequest,
  parseIdempotentRequest,
  storeIdempotentResponse,
} from './idempotent-request.ts';
import { addPathParameters, checkBody } from './path-parameters.ts';
import { resolveAllReferences } from './reference-checks.ts';
import { buildResponse, replayResponse } from './response.ts';
import { buildEnv, buildViews, expiresInADay, inTransaction, translateErrors, type VendorRequest } from './vendor-call.ts';

/** How often a request starts again because another has just made some of the same items, or has taken its idempotency-key. */
const ATTEMPTS = 10;

/** POST the collection, where the request lists its items. */
export async function createMany(call: VendorRequest, sent: ParsedJson): Promise<Answer> {
  const { shape, context } = call;
  parseKnownParameters(call.req.url, []);
  const body = addPathParameters(call, sent);
  checkBody(call, body);
  const items = shape.batch!.splitRequest(shape.pickKnownFields(body.exact as View));
  const promise = parseIdempotentRequest(call.req, shape, context, body.plain as View);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await attemptOnce(call, items, promise);
    } catch (error) {
      if (!(error instanceof WriteConflict || error instanceof IdempotencyConflict)) throw error;
    }
    await delay(Math.random() * 10 * attempt);
  }
  throw writeContention('others kept making the same items: try again');
}

async function attemptOnce(call: VendorRequest, items: View[], promise: IdempotentRequest | undefined): Promise<Answer> {
  const before = promise && (await findEarlierResponse(call, promise));
  const answer = replayResponse(call, call.shape, before);
  if (answer) return answer;
  return inTransaction(call, async (inside) => respondWithList(inside, await storeItems(inside, items, promise), promise));
}

/** The rows of the items, in the order of the request: those that were there already as they stand. */
async function storeItems(call: VendorRequest, items: View[], promise: IdempotentRequest | undefined): Promise<ResourceRow[]> {
  const { shape, context } = call;
  const batch = shape.batch as BatchCreate;
  const places = items.map((_, nth) => (field: string) => batch.toRequestField(field, nth));
  const resolved = await resolveAllReferences(
    call,
    items.map((item, nth) => ({ said: item, whole: item, place: places[nth]! })),
  );
  const known = buildEnv(context, { now: context.clock().toISOString(), resolved });
  const ids = items.map((item) => batch.buildId(item, known) ?? context.newId());
  if (promise)
    await claimIdempotencyKey(
      context,
      promise,
      `${shape.resource}/${ids[0]}`,
      shape.idempotency === 'required' ? null : expiresInADay(context),
    );
  const creations = items.map((item, nth) => ({
    id: ids[nth]!,
    build: () => shape.write(item, undefined, { ...known, newId: ids[nth]! }),
    withErrorContext: <T>(work: () => Promise<T>) => translateErrors(shape, work, places[nth]!),
  }));
  const rows = await createResources(context, shape.resource, creations);
  return ids.map((id) => rows.get(id)!);
}

/** The list, kept for whoever repeats the request under its key. */
async function respondWithList(call: VendorRequest, rows: ResourceRow[], promise: IdempotentRequest | undefined): Promise<Answer> {
  const { shape, context } = call;
  const shown = { status: shape.createdStatus, shown: await buildViews(call, rows) };
  if (promise) await storeIdempotentResponse(context, promise, shown);
  return buildResponse(call, shape, shown);
}
