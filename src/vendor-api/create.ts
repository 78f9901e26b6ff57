// Creates one item. The body becomes a view and then a resource, which is checked and stored in one transaction. The external step of the shape follows.
import { conflict, duplicate } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { create } from '../interactions/create.ts';
import { toDraft } from '../interactions/prepare-write.ts';
import { readModifyWrite } from '../interactions/read-modify-write.ts';
import type { Env, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { ExternalStep, StepClaim, StepFields } from './external-step.ts';
import {
  claimIdempotencyKey,
  findEarlierRequest,
  type IdempotentRequest,
  KEY_IN_USE,
  parseIdempotentRequest,
  replayResponse,
  storeIdempotentResponse,
} from './idempotency.ts';
import { inTransaction, LostRace, retryLostRaces } from './lost-race.ts';
import { linkToPatient, resolvePatient } from './patient-key.ts';
import { linkReferences, rejectDuplicate, resolveReferences } from './reference-checks.ts';
import { buildEtag, buildResponse } from './response.ts';
import { parseStored, readRow } from './stored-rows.ts';
import { findUpsertMatch } from './upsert-match.ts';
import { parseParameters, readCheckedBody, translateErrors, type VendorRequest, type VendorResponse } from './vendor-request.ts';
import { buildEnv, buildView } from './views.ts';

interface Creation {
  view: View;
  idempotent: IdempotentRequest | undefined;
}

/** POST to the collection. */
export async function createItem(request: VendorRequest): Promise<VendorResponse> {
  parseParameters(request, []);
  const { plain, exact } = readCheckedBody(request);
  const creation = { view: request.shape.pickKnownFields(exact), idempotent: parseIdempotentRequest(request, plain) };
  return retryLostRaces(request, { attempts: 3, message: KEY_IN_USE }, () => attemptCreate(request, creation));
}

async function attemptCreate(request: VendorRequest, creation: Creation): Promise<VendorResponse | LostRace> {
  const { idempotent } = creation;
  const replay = async () => {
    const earlier = idempotent && (await findEarlierRequest(request, idempotent));
    return { earlier, response: replayResponse(request, request.shape, earlier) };
  };
  const { earlier, response } = await replay();
  if (response) return response;
  if (!earlier?.subject) return runCreate(request, creation);
  try {
    return await runCreate(request, creation, earlier.subject);
  } catch (error) {
    // the earlier request may have ended in the meantime: then its response is replayed instead of the error
    const late = (await replay()).response;
    if (late) return late;
    throw error;
  }
}

/** `subject`: the resource that an earlier request with the same idempotency-key has stored. */
async function runCreate(request: VendorRequest, creation: Creation, subject?: string): Promise<VendorResponse | LostRace> {
  const { shape, externalStep } = request;
  const { view, idempotent } = creation;
  const result = await translateErrors(shape, () =>
    inTransaction(request, async (inside) => {
      const stored = await (subject === undefined ? storeOnce(inside, creation) : resume(inside, subject, view));
      if (stored instanceof LostRace) return stored;
      return externalStep ? claimItem(inside, stored, externalStep) : respondWithItem(inside, stored, idempotent);
    }),
  );
  return 'claim' in result ? finishStep(request, result, idempotent) : result;
}

/** `key`: the key of the element that is the item. Empty for shapes whose items are whole resources. */
interface StoredItem {
  row: ResourceRow;
  key: string;
  view: View;
}

const toStoredItem = ({ shape }: VendorRequest, row: ResourceRow, view: View): StoredItem => ({
  row,
  key: shape.rows?.readKey(view) ?? '',
  view,
});

/** Continues a request that was stored but has no response yet. The external step uses the stored item. An element of a shared resource is found by its content. */
async function resume(request: VendorRequest, subject: string, view: View): Promise<StoredItem | LostRace> {
  const { shape, context } = request;
  if (shape.rows) return storeOnce(request, { view, idempotent: undefined });
  const row = await readRow(context, shape.resource, subject.slice(subject.indexOf('/') + 1));
  if (!row) throw duplicate('the item that was created with this idempotency-key has been deleted');
  return toStoredItem(request, row, view);
}

/** Inside the transaction: all checks, the claim of the idempotency-key, and the write. */
async function storeOnce(request: VendorRequest, { view, idempotent }: Creation): Promise<StoredItem | LostRace> {
  const { context, shape } = request;
  const newId = context.newId();
  const ids = await resolveReferences(request, [{ fields: view, whole: view }]);
  const criteria = shape.buildTargetSearch(view, ids);
  const target = criteria === null ? undefined : await findUpsertMatch(request, view, criteria);
  const subject = `${shape.resource}/${target?.id ?? newId}`;
  if (idempotent && !(await claimIdempotencyKey(request, idempotent, { subject, creates: true }))) return new LostRace();
  const env = buildEnv(context, { newId, resolved: ids, ...(shape.isPersonal && (await resolvePatient(request, ids))) });
  await rejectDuplicate(request, view);
  return storeItem(request, { view, env, target, newId });
}

interface NewItem {
  view: View;
  env: Env;
  target: ResourceRow | undefined;
  newId: string;
}

async function storeItem(request: VendorRequest, { view, env, target, newId }: NewItem): Promise<StoredItem> {
  const { shape, context, externalStep } = request;
  if (!externalStep && target && shape.rows?.readKeys(parseStored(target)).includes(shape.rows.readKey(view)))
    throw duplicate(shape.messages.duplicate);
  const build = (current?: Resource) => linkReferences(request, view, shape.write(view, current, env));
  const row = target
    ? await readModifyWrite(context, { type: shape.resource, id: target.id, edit: build })
    : (await create(context, { type: shape.resource, id: newId, draft: toDraft(await build()) })).row;
  if (!row) throw conflict('the resource that this request changes was deleted in the meantime: repeat the request');
  if (shape.linkBack) await linkToPatient(request, row, shape.linkBack);
  return toStoredItem(request, row, view);
}

interface ClaimedItem extends StoredItem {
  id: string;
  claim: StepClaim;
}

/** Claims the item: from now on only this request runs its external step. */
async function claimItem(request: VendorRequest, stored: StoredItem, step: ExternalStep): Promise<ClaimedItem | LostRace> {
  const { context, shape } = request;
  const id = await readItemId(request, stored);
  const toResource = (): Resource => shape.write(stored.view, undefined, buildEnv(context));
  const claim = await step.claim(context, { resourceId: stored.row.id, id, key: stored.key, toResource });
  if (claim.state === 'busy') return new LostRace(claim.wait);
  if (claim.state === 'complete') throw duplicate(shape.messages.duplicate);
  return { ...stored, id, claim };
}

/** The id of the item. If the item is an element, its view has the id. */
async function readItemId(request: VendorRequest, { row, key }: Pick<StoredItem, 'row' | 'key'>): Promise<string> {
  const { rows, idName } = request.shape;
  return rows ? String((await buildView(request, row, { bindings: { [rows.name]: key } }))[idName]) : row.id;
}

/** After the commit: runs the external step, stores its fields and builds the response. */
async function finishStep(
  request: VendorRequest,
  item: ClaimedItem,
  idempotent: IdempotentRequest | undefined,
): Promise<VendorResponse | LostRace> {
  let response: VendorResponse | LostRace | undefined;
  try {
    const fields = await item.claim.run(request.context);
    response = await inTransaction(request, async (inside) => {
      const row = await completeItem(inside, item, fields);
      return row instanceof LostRace ? row : respondWithItem(inside, { ...item, row }, idempotent);
    });
    return response;
  } finally {
    // if the release fails, the claim expires
    if (!response || response instanceof LostRace) await item.claim.release?.(request.context).catch(() => {});
  }
}

/** Writes the fields that only the server sets, with the lens of the shape. */
async function completeItem(request: VendorRequest, item: ClaimedItem, fields: StepFields | undefined): Promise<ResourceRow | LostRace> {
  const { shape, context } = request;
  const { tenant } = context.caller;
  // locks the resource: concurrent completions of its other items (a physician's states) would overwrite these fields
  await context.store.lockKeys(tenant, [shape.buildTargetSearch(item.view) ?? `${shape.resource}/${item.row.id}`]);
  const [row] = await context.store.readForUpdate(tenant, [{ type: shape.resource, id: item.row.id }]);
  const isPresent = row?.body && (await readItemId(request, { row, key: item.key })) === item.id;
  if (!isPresent && !shape.rows) throw conflict('the item that this request created was deleted in the meantime');
  if (!isPresent || (await item.claim.complete?.(context, fields)) === false) return new LostRace(NO_WAIT);
  if (!fields) return row;
  const env = buildEnv(context, shape.rows && { [shape.rows.name]: item.key });
  const edit = (current: Resource) => shape.write(fields, current, env, { server: true });
  return (await readModifyWrite(context, { type: shape.resource, id: row.id, edit })) ?? row;
}

/** Another request has taken over the item. The next attempt checks whether that request still runs. */
const NO_WAIT = async (): Promise<void> => {};

/** Builds the response, and stores it for repetitions of the request. */
async function respondWithItem(
  request: VendorRequest,
  { row, key }: StoredItem,
  idempotent: IdempotentRequest | undefined,
): Promise<VendorResponse> {
  const { shape, context } = request;
  const view = await buildView(request, row, { bindings: shape.rows && { [shape.rows.name]: key } });
  const { createdStatus: status } = shape;
  const location = status === 201 && { Location: `${request.collectionUrl}/${view[shape.idName]}` };
  const response = { status, headers: { ...location, ETag: buildEtag(context.caller, shape, row, view) }, shown: view };
  if (idempotent) await storeIdempotentResponse(context, idempotent, response);
  return buildResponse(request, shape, response);
}
