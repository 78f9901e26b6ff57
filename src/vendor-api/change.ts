// Changes and deletes items. A write applies the requested fields to the current version of the resource. Elements that the shape does not show keep their
// values. A change without an effect creates no version. docs/decisions/0016-vendor-requests.md
import { matchesEtag } from '../fhir/etag.ts';
import { invalidIssues, notFound, versionMismatch } from '../fhir/outcome.ts';
import { hasTestOperation } from '../fhir/patch/json-patch.ts';
import type { Resource } from '../fhir/types.ts';
import { remove } from '../interactions/delete.ts';
import { readModifyWrite } from '../interactions/read-modify-write.ts';
import { requireReadScopeForTests } from '../interactions/scope-filter.ts';
import { isUnset } from '../mapping/lens/lens-read.ts';
import type { Shape, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
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
import { linkReferences, rejectDuplicate, resolveReferences } from './reference-checks.ts';
import { buildEtag, buildResponse, findResponseShape } from './response.ts';
import { PATIENT_GONE, readItemRow } from './stored-rows.ts';
import { checkBody, parseParameters, translateErrors, type VendorRequest, type VendorResponse } from './vendor-request.ts';
import { buildEnv, buildView } from './views.ts';

const METHODS = { merge: 'PATCH', replace: 'PUT', perform: 'PATCH' } as const;

type ChangeKind = keyof typeof METHODS;

/** PATCH …/{id}: changes some fields. */
export const patchItem = (request: VendorRequest): Promise<VendorResponse> => changeOnce(request, 'merge');

/** PUT …/{id}: replaces all fields. */
export const replaceItem = (request: VendorRequest): Promise<VendorResponse> => changeOnce(request, 'replace');

/** POST …/me/verification, POST …/{id}/verification: a change. A request with a repeated idempotency-key does not apply it again. */
export async function performItem(request: VendorRequest): Promise<VendorResponse> {
  const { id, pathParameters, body } = request;
  checkBody(request, body.plain);
  // `id`, `within` and `said` are part of stored hashes: they must not be renamed
  const idempotent = parseIdempotentRequest(request, { id, within: pathParameters, said: body.plain });
  return changeOnce(request, 'perform', idempotent);
}

const changeOnce = (request: VendorRequest, kind: ChangeKind, idempotent?: IdempotentRequest): Promise<VendorResponse> =>
  retryLostRaces(request, { attempts: 3, message: KEY_IN_USE }, async () => {
    const earlier = idempotent && (await findEarlierRequest(request, idempotent));
    return replayResponse(request, findResponseShape(request), earlier) ?? attemptChange(request, kind, idempotent);
  });

async function attemptChange(
  request: VendorRequest,
  kind: ChangeKind,
  idempotent: IdempotentRequest | undefined,
): Promise<VendorResponse | LostRace> {
  const {
    context: { caller },
    shape,
    body,
  } = request;
  parseParameters(request, []);
  requireReadScopeForTests(caller, shape.resource, { comparesValues: kind === 'merge' && hasTestOperation(body) });
  return translateErrors(shape, () =>
    inTransaction(request, async (inside) => {
      const { context } = inside;
      const { id } = await findCurrentItem(inside);
      const subject = `${shape.resource}/${id}`;
      if (idempotent && !(await claimIdempotencyKey(inside, idempotent, { subject, creates: false }))) return new LostRace();
      const edit = (resource: Resource, row: ResourceRow): Promise<Resource> => applyFields(inside, { resource, row, kind });
      const row = await readModifyWrite(context, { type: shape.resource, id, edit, method: METHODS[kind] });
      if (!row) throw buildNotFound(shape);
      const { view, form, etag } = await renderItem(inside, row);
      const response = { status: 200, headers: { ETag: etag }, shown: view };
      if (idempotent) await storeIdempotentResponse(context, idempotent, response);
      return buildResponse(inside, form, response);
    }),
  );
}

const buildNotFound = ({ itemIsCaller }: Shape) => notFound(itemIsCaller ? PATIENT_GONE : 'there is nothing with this id');

/** Reads the item of the path. 404 if it does not exist. */
async function findCurrentItem(request: VendorRequest): Promise<ResourceRow> {
  const row = await readItemRow(request);
  if (!row || !request.shape.isItem(await buildView(request, row))) throw buildNotFound(request.shape);
  return row;
}

interface ItemChange {
  resource: Resource;
  row: ResourceRow;
  kind: ChangeKind;
}

async function applyFields(request: VendorRequest, { resource, row, kind }: ItemChange): Promise<Resource> {
  const { shape, context, body, headers } = request;
  if (headers.ifMatch !== undefined) checkIfMatch(request, (await renderItem(request, row)).etag);
  const now = context.clock().toISOString();
  const bare = kind === 'perform';
  const view = shape.read(resource, buildEnv(context, { created: row.created }), { all: true, bare });
  const { fields, issues } = shape.planChange(kind, body, { view, time: now });
  if (issues.length) throw invalidIssues(issues);
  if (!Object.keys(fields).length) return resource;
  const whole: View = { ...view, ...fields };
  const env = buildEnv(context, { created: row.created, now, resolved: await resolveReferences(request, [{ fields, whole }]) });
  await rejectDuplicate(request, whole, row.id);
  const changed = bare ? shape.write(fields, resource, env, { server: true, bare }) : shape.write(whole, resource, env);
  const stillSet = Object.values(fields).some(isUnset)
    ? shape.checkUnsetFields(fields, shape.read(changed, env, { all: true, bare: true }))
    : [];
  if (stillSet.length) throw invalidIssues(stillSet);
  return linkReferences(request, fields, changed);
}

/** The view of the item in the shape of the response, which may differ from the shape of the request. */
async function renderItem(request: VendorRequest, row: ResourceRow): Promise<{ view: View; form: Shape; etag: string }> {
  const { context } = request;
  const form = findResponseShape(request);
  const view = await buildView({ shape: form, context }, row);
  return { view, form, etag: buildEtag(context.caller, form, row, view) };
}

/** DELETE …/{id}: 204. An item that was deleted before is a 404, as if it had never existed. */
export async function deleteItem(request: VendorRequest): Promise<VendorResponse> {
  const { shape } = request;
  parseParameters(request, []);
  await request.context.store.transaction(async (store) => {
    const context = { ...request.context, store };
    const inside = { ...request, context };
    const { id } = await findCurrentItem(inside);
    const [row] = await store.readForUpdate(context.caller.tenant, [{ type: shape.resource, id }]);
    if (!row?.body) throw buildNotFound(shape);
    checkIfMatch(request, buildEtag(context.caller, shape, row, await buildView(inside, row)));
    await remove(context, { type: shape.resource, id });
  });
  return { status: 204 };
}

/** Refuses (412) a request whose If-Match does not name the current version. A request without If-Match passes. */
function checkIfMatch({ headers: { ifMatch } }: VendorRequest, etag: string): void {
  if (ifMatch !== undefined && !matchesEtag(etag, ifMatch))
    throw versionMismatch('If-Match names a version that is not the current one: read it again');
}
