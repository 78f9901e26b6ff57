// What a write has stored → the response to this request. A caller who may not read everything that the item shows gets its id and the fields that the
// request itself had. docs/decisions/0013-api-keys-and-scopes.md
import { createHash } from 'node:crypto';
import type { Caller } from '../interactions/context.ts';
import { canRead, canSearch } from '../interactions/scope-filter.ts';
import type { PageInfo, Shape, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { toObject, type VendorRequest, type VendorResponse } from './vendor-request.ts';

/** What is stored of a response: without the envelope, which has facts of the request that is answered. */
export interface StoredResponse {
  status: number;
  headers?: Record<string, string>;
  /** An item, or a list of them. */
  shown: View | View[];
}

/** The response in the form of a shape. */
export function buildResponse(request: VendorRequest, shape: Shape, { shown, ...rest }: StoredResponse): VendorResponse {
  const visible = mayReadAll(request, shape) ? shown : toMinimal(request, shape, shown);
  if (!Array.isArray(visible)) return { ...rest, content: { shape, view: visible } };
  return { ...rest, content: { shape, views: visible, page: buildWholeListFacts(visible.length), filters: {} } };
}

/** The facts of a list that is one page. */
export const buildWholeListFacts = (length: number): PageInfo => ({
  limit: length,
  offset: 0,
  hasMore: false,
  nextOffset: null,
  cursor: null,
  total: length,
});

/** Whether the caller may read everything that an item of this shape shows. */
export const mayReadAll = ({ context: { caller } }: Pick<VendorRequest, 'context'>, { resource, joins }: Shape): boolean =>
  canRead(caller, resource) && joins.every(({ type }) => canSearch(caller, type));

/** The id, and the fields of the request with the request's values. The operations of a JSON Patch name no fields. */
function toMinimal({ shape, body, pathParameters }: VendorRequest, form: Shape, shown: View | View[]): View | View[] {
  const sent = { ...toObject(body.exact), ...pathParameters };
  const echo = (view: View, fields: View): View => ({
    ...Object.fromEntries(Object.entries(fields).filter(([name]) => Object.hasOwn(view, name))),
    [form.idName]: view[form.idName],
  });
  if (!Array.isArray(shown)) return echo(shown, sent);
  const items = shape.batch!.splitRequest(shape.pickKnownFields(sent));
  return shown.map((view, nth) => echo(view, items[nth]!));
}

/** The shape in whose form a change is answered. */
export const findResponseShape = ({ shape, findShape }: VendorRequest): Shape =>
  shape.responseShape === undefined ? shape : findShape(shape.responseShape);

/** The ETag of an item: the resource's version; for a shape with joins a hash of the whole view. A caller without the read scope gets no hash of what it may not read. */
export function buildEtag(caller: Caller, { joins, resource }: Shape, { version }: Pick<ResourceRow, 'version'>, view: View): string {
  const isHash = joins.length > 0 && canRead(caller, resource);
  return `W/"${isHash ? createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 16) : version}"`;
}
