// Changing and deleting through a vendor's door: what the client says becomes the smallest change of the resource, made on what stands at the moment of
// writing. Elements the shape cannot see stay, and a change that changes nothing makes no version.
import type { Parsed } from '../fhir/json.ts';
import { invalidAll, notFound } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { View } from '../projection/shape.ts';
import { remove } from '../resource/delete.ts';
import { rewrite } from '../resource/rewrite.ts';
import type { Row } from '../store/store.ts';
import { answerFacts } from './answer-facts.ts';
import type { Answer } from './exchange.ts';
import { knownOnly } from './url-query.ts';
import { linked, refuseDuplicate, resolved } from './v1-accept.ts';
import { envOf, inTransaction, inVendorWords, rowInPath, type V1Call, viewOf } from './v1-call.ts';
import { etagOf, refuseOtherVersion } from './v1-conditions.ts';

/** PATCH …/{id}: some fields. */
export const changeItem = (call: V1Call, body: Parsed): Promise<Answer> => changed(call, body, 'merge');

/** PUT …/{id}: all fields. */
export const replaceItem = (call: V1Call, body: Parsed): Promise<Answer> => changed(call, body, 'replace');

const METHODS = { merge: 'PATCH', replace: 'PUT' } as const;

async function changed(call: V1Call, body: Parsed, how: 'merge' | 'replace'): Promise<Answer> {
  knownOnly(call.req.url, []);
  return inVendorWords(call.shape, () =>
    inTransaction(call, async (inside) => {
      const { context, shape } = inside;
      const { id } = await standing(inside);
      const edit = (resource: Resource, row: Row): Promise<Resource> => edited(inside, { resource, row, body, how });
      const row = await rewrite(context, { type: shape.resource, id, edit, method: METHODS[how] });
      if (!row) throw nothingThere();
      return answered(inside, row);
    }),
  );
}

const nothingThere = () => notFound('there is nothing with this id');

/** The item that the path names (404: there is none). */
async function standing(call: V1Call): Promise<Row> {
  const row = await rowInPath(call);
  if (!row || !call.shape.belongs(await viewOf(call, row))) throw nothingThere();
  return row;
}

interface Asking {
  resource: Resource;
  row: Row;
  body: Parsed;
  how: 'merge' | 'replace';
}

async function edited(call: V1Call, { resource, row, body, how }: Asking): Promise<Resource> {
  const { shape, context, req } = call;
  if (req.headers['if-match'] !== undefined) refuseOtherVersion(req, etagOf(shape, row, await viewOf(call, row)));
  const now = context.clock().toISOString();
  const view = shape.read(resource, envOf(context, { created: row.created }), { all: true });
  const { fields, issues } = shape.change(how, body, { view, time: now });
  if (issues.length) throw invalidAll(issues);
  if (!Object.keys(fields).length) return resource;
  const whole: View = { ...view, ...fields };
  const env = envOf(context, { created: row.created, now, resolved: await resolved(call, fields, whole) });
  await refuseDuplicate(call, whole, row.id);
  return linked(call, fields, shape.write(whole, resource, env));
}

async function answered(call: V1Call, row: Row): Promise<Answer> {
  const { shape, requestId, rate } = call;
  const view = await viewOf(call, row);
  const body = JSON.stringify(shape.surface.item(view, answerFacts(requestId, 200, rate)));
  return { status: 200, headers: { ETag: etagOf(shape, row, view) }, body };
}

/** DELETE …/{id}: 204; what is deleted already is a 404 like anything that is not there. */
export async function deleteItem(call: V1Call): Promise<Answer> {
  knownOnly(call.req.url, []);
  return inTransaction(call, async (inside) => {
    const { context, shape, req } = inside;
    const { id } = await standing(inside);
    const [held] = await context.store.hold(context.caller.tenant, [{ type: shape.resource, id }]);
    if (!held?.body) throw nothingThere();
    refuseOtherVersion(req, etagOf(shape, held, await viewOf(inside, held)));
    await remove(context, { type: shape.resource, id });
    return { status: 204 };
  });
}
