// Creates all items of one request in one transaction, with as many statements as for one item. The response is a list.
// docs/decisions/0021-vendor-lab-results.md
import { createResources } from '../interactions/create-resources.ts';
import type { BatchCreate, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import {
  claimIdempotencyKey,
  findEarlierRequest,
  type IdempotentRequest,
  parseIdempotentRequest,
  replayResponse,
  storeIdempotentResponse,
} from './idempotency.ts';
import { inTransaction, LostRace, retryLostRaces } from './lost-race.ts';
import { resolveReferences } from './reference-checks.ts';
import { buildResponse } from './response.ts';
import { parseParameters, readCheckedBody, translateErrors, type VendorRequest, type VendorResponse } from './vendor-request.ts';
import { buildEnv, buildViews } from './views.ts';

const RETRY = { attempts: 10, pauseMs: 10, message: 'other requests keep creating the same items: try again' };

/** POST to the collection with a list of items. */
export async function createMany(request: VendorRequest, many: BatchCreate): Promise<VendorResponse> {
  const { shape } = request;
  parseParameters(request, []);
  const { plain, exact } = readCheckedBody(request);
  const items = many.splitRequest(shape.pickKnownFields(exact));
  const idempotent = parseIdempotentRequest(request, plain);
  return retryLostRaces(request, RETRY, async () => {
    const earlier = idempotent && (await findEarlierRequest(request, idempotent));
    const replay = replayResponse(request, shape, earlier);
    if (replay) return replay;
    return inTransaction(request, async (inside) => {
      const rows = await storeItems(inside, many, { items, idempotent });
      return rows instanceof LostRace ? rows : respondWithList(inside, rows, idempotent);
    });
  });
}

interface Creations {
  items: View[];
  idempotent: IdempotentRequest | undefined;
}

/** The rows of the items, in the order of the request. Items that exist already are not changed. */
async function storeItems(request: VendorRequest, many: BatchCreate, { items, idempotent }: Creations): Promise<ResourceRow[] | LostRace> {
  const { shape, context } = request;
  const places = items.map((_, index) => (field: string) => many.toRequestField(field, index));
  const resolved = await resolveReferences(
    request,
    items.map((item, index) => ({ fields: item, whole: item, toPlace: places[index]! })),
  );
  const env = buildEnv(context, { resolved });
  const ids = items.map((item) => many.buildId(item, env) ?? context.newId());
  const subject = `${shape.resource}/${ids[0]}`;
  if (idempotent && !(await claimIdempotencyKey(request, idempotent, { subject, creates: true }))) return new LostRace();
  const creations = items.map((item, index) => ({
    id: ids[index]!,
    build: () => shape.write(item, undefined, { ...env, newId: ids[index]! }),
    withErrorContext: <T>(work: () => Promise<T>) => translateErrors(shape, work, places[index]!),
  }));
  const rows = await createResources(context, shape.resource, creations);
  return ids.map((id) => rows.get(id)!);
}

/** Builds the list response, and stores it for repetitions of the request. */
async function respondWithList(
  request: VendorRequest,
  rows: ResourceRow[],
  idempotent: IdempotentRequest | undefined,
): Promise<VendorResponse> {
  const { shape, context } = request;
  const response = { status: shape.createdStatus, shown: await buildViews(request, rows) };
  if (idempotent) await storeIdempotentResponse(context, idempotent, response);
  return buildResponse(request, shape, response);
}
