// Creating through a vendor's door: body → view → resource, in one transaction with everything that must be true of it, then the outside step if there is one.
import type { ParsedJson } from '../../fhir/json.ts';
import { conflict, duplicate, writeContention } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { create } from '../../interactions/create.ts';
import type { ExternalStepItem, HeldItem } from '../../interactions/external-step.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import { toDraft } from '../../interactions/write.ts';
import type { Env, View } from '../../mapping/shape.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { Answer } from '../middleware/request-context.ts';
import { parseKnownParameters } from '../middleware/url-query.ts';
import {
  ATTEMPTS,
  claimIdempotencyKey,
  findEarlierResponse,
  IdempotencyConflict,
  type IdempotentRequest,
  parseIdempotentRequest,
  storeIdempotentResponse,
} from './idempotent-request.ts';
import { addPathParameters, checkBody } from './path-parameters.ts';
import { linkToPatient, resolvePatient } from './person.ts';
import { buildEtag } from './preconditions.ts';
import { linkReferences, rejectDuplicate, resolveReferences } from './reference-checks.ts';
import { buildResponse, replayResponse } from './response.ts';
import { findUpsertMatch } from './upsert-match.ts';
import { buildEnv, buildView, expiresInADay, inTransaction, readRow, translateErrors, type VendorRequest } from './vendor-call.ts';

/** Another request is at this item, or somebody has taken it away meanwhile: to be looked at again when that is over. */
class Contended extends Error {
  readonly item: ExternalStepItem;

  constructor(item: ExternalStepItem) {
    super('another request is at this');
    this.item = item;
  }
}

/** POST the collection. */
export async function createItem(call: VendorRequest, sent: ParsedJson): Promise<Answer> {
  const { shape, context } = call;
  parseKnownParameters(call.req.url, []);
  const body = addPathParameters(call, sent);
  checkBody(call, body);
  const request = {
    view: shape.pickKnownFields(body.exact as View),
    promise: parseIdempotentRequest(call.req, shape, context, body.plain as View),
  };
  const since = performance.now();
  for (let attempt = 1; attempt <= ATTEMPTS; ) {
    try {
      return await attemptOnce(call, request);
    } catch (error) {
      if (error instanceof Contended) await call.externalStep!.wait(context, error.item, since);
      else if (error instanceof IdempotencyConflict) attempt++;
      else throw error;
    }
  }
  throw writeContention('a request with this idempotency-key is running');
}

interface CreateRequest {
  view: View;
  promise: IdempotentRequest | undefined;
}

async function attemptOnce(call: VendorRequest, request: CreateRequest): Promise<Answer> {
  const { promise } = request;
  const before = promise && (await findEarlierResponse(call, promise));
  const answer = replayResponse(call, call.shape, before);
  if (answer) return answer;
  if (!before?.subject) return runCreate(call, request);
  try {
    return await runCreate(call, request, before.subject);
  } catch (error) {
    // whoever was at it under this key may have been answered in the meantime: that is no duplicate
    const late = replayResponse(call, call.shape, await findEarlierResponse(call, promise!));
    if (late) return late;
    throw error;
  }
}

/** The item, made or gone on with, and the answer. */
async function runCreate(call: VendorRequest, { view, promise }: CreateRequest, subject?: string): Promise<Answer> {
  const work = (inside: VendorRequest) => (subject === undefined ? storeOnce(inside, view, promise) : resumeEarlier(inside, subject, view));
  if (call.externalStep) {
    const item = await translateErrors(call.shape, () => inTransaction(call, async (inside) => claimItem(inside, await work(inside))));
    return finishStep(call, item, promise);
  }
  return translateErrors(call.shape, () => inTransaction(call, async (inside) => respondWithItem(inside, await work(inside), promise)));
}

/** What a request made, or went into: the row, and which item of it. */
type StoredItem = Pick<ExternalStepItem, 'row' | 'key'> & { view: View };

const toStoredItem = ({ shape }: VendorRequest, row: ResourceRow, view: View): StoredItem => ({
  row,
  key: shape.rows?.readKey(view) ?? '',
  view,
});

/** A request that was accepted before and not answered: the outside step goes on with what it made, which for an item of a shared resource is found as ever. */
async function resumeEarlier(call: VendorRequest, subject: string, view: View): Promise<StoredItem> {
  const { shape, context } = call;
  if (shape.rows) return storeOnce(call, view, undefined);
  const row = await readRow(context, shape.resource, subject.slice(subject.indexOf('/') + 1));
  if (!row) throw duplicate('what this idempotency-key made has been deleted');
  return toStoredItem(call, row, view);
}

/** Inside the transaction: everything that must be true of it, and the write. */
async function storeOnce(call: VendorRequest, view: View, promise: IdempotentRequest | undefined): Promise<StoredItem> {
  const { context, shape } = call;
  const newId = context.newId();
  const ids = await resolveReferences(call, view);
  const target = await findUpsertMatch(call, view, ids);
  const subject = `${shape.resource}/${target?.id ?? newId}`;
  if (promise) await claimIdempotencyKey(context, promise, subject, shape.idempotency === 'required' ? null : expiresInADay(context));
  const env = buildEnv(context, { newId, now: context.clock().toISOString(), ...(await resolvePatient(call, ids)) });
  await rejectDuplicate(call, view);
  return storeItem(call, { view, env, target, newId });
}

interface NewItem {
  view: View;
  env: Env;
  target: ResourceRow | undefined;
  newId: string;
}

async function storeItem(call: VendorRequest, { view, env, target, newId }: NewItem): Promise<StoredItem> {
  const { shape, context, externalStep } = call;
  if (!externalStep && target && shape.rows?.readKeys(JSON.parse(target.body!)).includes(shape.rows.readKey(view)))
    throw duplicate(shape.messages.duplicate);
  const made = (current?: Resource) => linkReferences(call, view, shape.write(view, current, env));
  const row = target
    ? await readModifyWrite(context, { type: shape.resource, id: target.id, edit: made })
    : (await create(context, { type: shape.resource, id: newId, draft: toDraft(await made()) })).row;
  if (!row) throw conflict('what this request goes into was deleted meanwhile: repeat the request');
  await linkToPatient(call, row);
  return toStoredItem(call, row, view);
}

type ClaimedItem = HeldItem & StoredItem;

/** The item, to be finished by this request and no other. */
async function claimItem(call: VendorRequest, made: StoredItem): Promise<ClaimedItem> {
  const { externalStep, context, shape } = call;
  const item: ExternalStepItem & StoredItem = {
    ...made,
    id: await readItemId(call, made),
    own: () => shape.write(made.view, undefined, buildEnv(context)),
  };
  const claim = await externalStep!.claim(context, item);
  if (claim.state !== 'open') throw claim.state === 'busy' ? new Contended(item) : duplicate(shape.messages.duplicate);
  return { ...item, by: claim.by };
}

/** The id of the item with this key in a resource as it stands. */
async function readItemId(call: VendorRequest, { row, key }: Pick<StoredItem, 'row' | 'key'>): Promise<string> {
  const { rows } = call.shape;
  return String((await buildView(call, row, rows && { [rows.name]: key }))[call.shape.idName]);
}

/** Everything after the commit: the outside step, what it answered, the answer. */
async function finishStep(call: VendorRequest, item: ClaimedItem, promise: IdempotentRequest | undefined): Promise<Answer> {
  const { externalStep, context } = call;
  try {
    const fields = await externalStep!.finish(context, item);
    return await inTransaction(call, async (inside) =>
      respondWithItem(inside, { ...item, row: await completeItem(inside, item, fields) }, promise),
    );
  } catch (error) {
    // where even this fails, the hold ends by itself
    await externalStep!.release(context, item).catch(() => {});
    throw error;
  }
}

/** The row with the fields that only the server fills in, written through the same lens. */
async function completeItem(call: VendorRequest, item: ClaimedItem, fields: View | undefined): Promise<ResourceRow> {
  const { shape, context } = call;
  const { tenant } = context.caller;
  // several items of one resource (a physician's states) are completed one after the other: none writes over what another has just written
  await context.store.lockKeys(tenant, [shape.buildTargetSearch(item.view) ?? `${shape.resource}/${item.row.id}`]);
  const [row] = await context.store.readForUpdate(tenant, [{ type: shape.resource, id: item.row.id }]);
  const stands = row?.body && (await readItemId(call, { row, key: item.key })) === item.id;
  if (!stands && !shape.rows) throw conflict('what this request made was deleted meanwhile');
  if (!stands || !(await call.externalStep!.settle(context, item, fields))) throw new Contended(item);
  if (!fields) return row;
  const env = buildEnv(context, { now: context.clock().toISOString(), ...(shape.rows && { [shape.rows.name]: item.key }) });
  const edit = (current: Resource) => shape.write(fields, current, env, { server: true });
  return (await readModifyWrite(context, { type: shape.resource, id: row.id, edit })) ?? row;
}

/** The answer, kept for whoever repeats the request. */
async function respondWithItem(call: VendorRequest, { row, key }: StoredItem, promise: IdempotentRequest | undefined): Promise<Answer> {
  const { shape } = call;
  const view = await buildView(call, row, shape.rows && { [shape.rows.name]: key });
  const { createdStatus: status } = shape;
  const where = status === 201 && { Location: `${call.collectionUrl}/${view[shape.idName]}` };
  const headers = { ...where, ETag: buildEtag(call.context.caller, shape, row, view) };
  const shown = { status, headers, shown: view };
  if (promise) await storeIdempotentResponse(call.context, promise, shown);
  return buildResponse(call, shape, shown);
}
