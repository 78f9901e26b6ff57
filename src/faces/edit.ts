// An edited face as the write that saves it: an update of the FHIR resource, or a change through the API of the vendor whose face it is.
import type { ParsedJson } from '../fhir/json.ts';
import { toRecord } from '../fhir/json-values.ts';
import { InsufficientScope, notFound, notSupported } from '../fhir/outcome.ts';
import type { Context, Draft } from '../interactions/context.ts';
import type { PageTokens } from '../interactions/page-token.ts';
import { update } from '../interactions/update.ts';
import type { Mappings, Shape } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { patchItem, replaceItem } from '../vendor-api/change.ts';
import { buildEtag } from '../vendor-api/response.ts';
import type { VendorHandler } from '../vendor-api/vendor-request.ts';
import { findChangeMethod, findFaceShapes, listMissingScopes, loadFaceItems } from './face-shapes.ts';
import { buildMergePatch } from './merge-patch.ts';

/** The request that saves an edit. `path`: below the FHIR base or the base of the vendor's API. */
interface WriteRequest {
  method: 'PUT' | 'PATCH';
  path: string;
  ifMatch: string;
  body: unknown;
}

/** The write of an edit. */
export interface EditWrite {
  request: WriteRequest;
  /** Runs it. Throws what the request would be refused with. */
  run(): Promise<unknown>;
}

/** `draft`: the edited resource. */
export function buildFhirWrite(context: Context, { type, id, version }: ResourceRow, draft: Draft): EditWrite {
  return {
    request: { method: 'PUT', path: `/${type}/${id}`, ifMatch: `W/"${version}"`, body: draft.exact },
    run: () => update(context, { type, id, draft, ifMatch: String(version) }),
  };
}

interface VendorEdit {
  surface: string;
  shape: string;
  /** The whole edited item. */
  content: ParsedJson;
}

interface VendorParts {
  mappings: Pick<Mappings, 'shapes'>;
  pageTokens: PageTokens;
}

/** Refuses a face that there is not, one that the caller may not see, and one that can only be read. */
export async function buildVendorWrite(
  context: Context,
  row: ResourceRow,
  { surface, shape: name, content }: VendorEdit,
  { mappings, pageTokens }: VendorParts,
): Promise<EditWrite> {
  const shape = findFaceShapes(mappings, row.type).find((one) => one.surface.name === surface && one.name === name);
  if (!shape) throw notFound(`${surface} has no shape ${name} that shows a ${row.type}`);
  const [missing] = listMissingScopes(context.caller, shape);
  if (missing !== undefined) throw new InsufficientScope('the face shows other resources, which the scopes do not cover', missing);
  const { method, handle } = findHandler(shape);
  const [item] = await loadFaceItems(context, shape, row);
  if (!item) throw notFound('this resource has no such face');
  const view = shape.read(item.resource, item.env);
  const body = method === 'PUT' ? content : buildPatchBody(view, content, shape);
  const id = String(view[shape.idName]);
  return {
    request: {
      method,
      path: shape.itemPath.replace('{id}', encodeURIComponent(id)),
      ifMatch: buildEtag(context.caller, shape, row, view),
      body: body.exact,
    },
    run: () =>
      handle({
        shape,
        context,
        id,
        pathParameters: {},
        query: [],
        body,
        headers: {},
        collectionUrl: '',
        pageTokens,
        findShape: (other) => mappings.shapes.find((one) => one.surface === shape.surface && one.name === other)!,
      }),
  };
}

const buildPatchBody = (view: Record<string, unknown>, { plain, exact }: ParsedJson, { mergesObjects }: Shape): ParsedJson => ({
  plain: buildMergePatch(view, toRecord(plain), mergesObjects),
  exact: buildMergePatch(view, toRecord(exact), mergesObjects),
});

function findHandler(shape: Shape): { method: WriteRequest['method']; handle: VendorHandler } {
  if (shape.isPersonal) throw notSupported("this face can be changed with the patient's own key only");
  const method = findChangeMethod(shape);
  if (method === undefined) throw notSupported("this face can only be read: the vendor's API has no update of it");
  return { method, handle: method === 'PATCH' ? patchItem : replaceItem };
}
