// Builds the response to a write. A caller who may not read everything that the item shows gets the item's id and the fields of the request.
// docs/decisions/0013-api-keys-and-scopes.md

import { createHash } from 'node:crypto';
import { toRecord } from '../fhir/json-values.ts';
import type { Caller } from '../interactions/context.ts';
import { canRead, canSearch } from '../interactions/scope-filter.ts';
import type { PageInfo, Shape, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { VendorRequest, VendorResponse } from './vendor-request.ts';

/** A response as stored: without the envelope, because that has facts of the current request. */
export interface StoredResponse {
  status: number;
  headers?: Record<string, string>;
  /** One item, or a list of items. */
  shown: View | View[];
}

/** Builds the response in a shape. */
export function buildResponse(request: VendorRequest, shape: Shape, { shown, ...rest }: StoredResponse): VendorResponse {
  const visible = mayReadAll(request, shape) ? shown : toMinimal(request, shape, shown);
  if (!Array.isArray(visible)) return { ...rest, content: { shape, view: visible } };
  return { ...rest, content: { shape, views: visible, page: buildWholeListFacts(visible.length), filters: {} } };
}

/** The paging facts of a list that has a single page. */
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

/** The id, and the request's own fields and values. A JSON Patch has no fields: then only the id. */
function toMinimal({ shape, body, pathParameters }: VendorRequest, form: Shape, shown: View | View[]): View | View[] {
  const sent = { ...toRecord(body.exact), ...pathParameters };
  const echo = (view: View, fields: View): View => ({
    ...Object.fromEntries(Object.entries(fields).filter(([name]) => Object.hasOwn(view, name))),
    [form.idName]: view[form.idName],
  });
  if (!Array.isArray(shown)) return echo(shown, sent);
  const items = shape.batch!.splitRequest(shape.pickKnownFields(sent));
  return shown.map((view, index) => echo(view, items[index]!));
}

/** The shape of the response to a change. */
export const findResponseShape = ({ shape, findShape }: VendorRequest): Shape =>
  shape.responseShape === undefined ? shape : findShape(shape.responseShape);

/** The ETag of an item: the resource's version, or a hash of the view if the shape has joins. A caller without the read scope always gets the version, because a hash would reveal changes of joined resources. */
export function buildEtag(caller: Caller, { joins, resource }: Shape, { version }: Pick<ResourceRow, 'version'>, view: View): string {
  const isHash = joins.length > 0 && canRead(caller, resource);
  return `W/"${isHash ? createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 16) : version}"`;
}
