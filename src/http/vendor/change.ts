// Changing and deleting through a vendor's door: what the client says becomes the smallest change of the resource, made on what stands at the moment of
// writing. Elements the shape cannot see stay, and a change that changes nothing makes no version. docs/decisions/0016-vendor-requests.md
import type { ParsedJson } from '../../fhir/json.ts';
import { invalidIssues, notFound } from '../../fhir/outcome.ts';
import { hasTestOperation } from '../../fhir/patch/json-patch.ts';
import type { Resource } from '../../fhir/types.ts';
import { remove } from '../../interactions/delete.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import { requireReadScopeForTests } from '../../interactions/scope-filter.ts';
import { isUnset } from '../../mapping/lens/lens-read.ts';
import type { Shape, View } from '../../mapping/shape.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { Answer } from '../middleware/request-context.ts';
import { parseKnownParameters } from '../middleware/url-query.ts';
import { claimIdempotencyKey, type IdempotentRequest, storeIdempotentResponse } from './idempotent-request.ts';
import { buildEtag, checkIfMatch } from './preconditions.ts';
import { linkReferences, rejectDuplicate, resolveReferences } from './reference-checks.ts';
import { buildResponse, responseShape } from './response.ts';
import {
  buildEnv,
  buildView,
  expiresInADay,
  inTransaction,
  PATIENT_GONE,
  readItemRow,
  translateErrors,
  type VendorRequest,
} from './vendor-call.ts';

/** PATCH …/{id}: some fields. */
export const patchItem = (call: VendorRequest, body: ParsedJson): Promise<Answer> => applyChange(call, { body, how: 'merge' });

/** PUT …/{id}: all fields. */
export const replaceItem = (call: VendorRequest, body: ParsedJson): Promise<Answer> => applyChange(call, { body, how: 'replace' });

const METHODS = { merge: 'PATCH', replace: 'PUT', perform: 'PATCH' } as const;

interface ChangeRequest {
  body: ParsedJson;
  how: keyof typeof METHODS;
  /** The idempotency-key it came under, taken and settled with the change. */
  promise?: IdempotentRequest | undefined;
}

/** The change, and the item as it is shown then. Fails with `IdempotencyConflict` when another request under its key has just committed. */
export async function applyChange(call: VendorRequest, { body, how, promise }: ChangeRequest): Promise<Answer> {
  parseKnownParameters(call.req.url, []);
  requireReadScopeForTests(call.context.caller, call.shape.resource, { comparesValues: how === 'merge' && hasTestOperation(body) });
  return translateErrors(call.shape, () =>
    inTransaction(call, async (inside) => {
      const { context, shape } = inside;
      const { id } = await findCurrentItem(inside);
      if (promise) await claimIdempotencyKey(context, promise, `${shape.resource}/${id}`, expiresInADay(context));
      const edit = (resource: Resource, row: ResourceRow): Promise<Resource> => applyFields(inside, { resource, row, body, how });
      const row = await readModifyWrite(context, { type: shape.resource, id, edit, method: METHODS[how] });
      if (!row) throw buildNotFound(call);
      const { view, form, etag } = await renderItem(inside, row);
      const shown = { status: 200, headers: { ETag: etag }, shown: view };
      if (promise) await storeIdempotentResponse(context, promise, shown);
      return buildResponse(inside, form, shown);
    }),
  );
}

const buildNotFound = ({ shape }: VendorRequest) => notFound(shape.itemIsCaller ? PATIENT_GONE : 'there is nothing with this id');

/** The item that the path names (404: there is none). */
async function findCurrentItem(call: VendorRequest): Promise<ResourceRow> {
  const row = await readItemRow(call);
  if (!row || !call.shape.isItem(await buildView(call, row))) throw buildNotFound(call);
  return row;
}

interface ItemChange extends ChangeRequest {
  resource: Resource;
  row: ResourceRow;
}

async function applyFields(call: VendorRequest, { resource, row, body, how }: ItemChange): Promise<Resource> {
  const { shape, context, req } = call;
  if (req.headers['if-match'] !== undefined) checkIfMatch(req, (await renderItem(call, row)).etag);
  const now = context.clock().toISOString();
  const bare = how === 'perform';
  const view = shape.read(resource, buildEnv(context, { created: row.created }), { all: true, bare });
  const { fields, issues } = shape.planChange(how, body, { view, time: now });
  if (issues.length) throw invalidIssues(issues);
  if (!Object.keys(fields).length) return resource;
  const whole: View = { ...view, ...fields };
  const env = buildEnv(context, { created: row.created, now, resolved: await resolveReferences(call, fields, whole) });
  await rejectDuplicate(call, whole, row.id);
  const made = bare ? shape.write(fields, resource, env, { server: true, bare }) : shape.write(whole, resource, env);
  const stay = Object.values(fields).some(isUnset) ? shape.checkUnsetFields(fields, shape.read(made, env, { all: true, bare: true })) : [];
  if (stay.length) throw invalidIssues(stay);
  return linkReferences(call, fields, made);
}

/** The item in the form it is answered in, which may be another shape's. */
async function renderItem(call: VendorRequest, row: ResourceRow): Promise<{ view: View; form: Shape; etag: string }> {
  const form = responseShape(call);
  const view = await buildView({ ...call, shape: form }, row);
  return { view, form, etag: buildEtag(call.context.caller, form, row, view) };
}

/** DELETE …/{id}: 204; what is deleted already is a 404 like anything that is not there. */
export async function deleteItem(call: VendorRequest): Promise<Answer> {
  parseKnownParameters(call.req.url, []);
  return inTransaction(call, async (inside) => {
    const { context, shape, req } = inside;
    const { id } = await findCurrentItem(inside);
    const [held] = await context.store.readForUpdate(context.caller.tenant, [{ type: shape.resource, id }]);
    if (!held?.body) throw buildNotFound(call);
    checkIfMatch(req, buildEtag(context.caller, shape, held, await buildView(inside, held)));
    await remove(context, { type: shape.resource, id });
    return { status: 204 };
  });
}
