// What a write shows becomes the answer to the request that is there now, also where an earlier one has made it. A caller who may not read everything that the
// item shows is told its id and what the request itself said. docs/decisions/0013-api-keys-and-scopes.md

import { canRead, canSearch } from '../../interactions/scope-filter.ts';
import type { Shape, View } from '../../mapping/shape.ts';
import type { IdempotencyRecord } from '../../store/idempotency-keys.ts';
import type { Answer } from '../middleware/request-context.ts';
import { buildResponseFacts } from '../middleware/response-facts.ts';
import { parseStoredResponse, type StoredResponse } from './idempotent-request.ts';
import type { VendorRequest } from './vendor-call.ts';

/** The answer in the envelope of a shape, with the id and the time of this request. */
export function buildResponse(call: VendorRequest, shape: Shape, { shown, ...rest }: StoredResponse): Answer {
  const facts = buildResponseFacts(call.requestId, rest.status, call.rate);
  const visible = mayReadAll(call, shape) ? shown : toMinimal(call, shape, shown);
  const body = Array.isArray(visible) ? shape.wrapList(visible, buildWholeListFacts(visible), facts, {}) : shape.wrapItem(visible, facts);
  return { ...rest, body: JSON.stringify(body) };
}

/** The answer that an earlier request under the same idempotency-key was given, told to this one; undefined: it was not answered yet. */
export function replayResponse(call: VendorRequest, shape: Shape, record: IdempotencyRecord | undefined): Answer | undefined {
  const before = record && parseStoredResponse(record);
  if (!before || 'shown' in before) return before && buildResponse(call, shape, before);
  const { body: _body, ...bodiless } = before;
  return mayReadAll(call, shape) ? before : bodiless;
}

/** Whether the caller may read everything that an item of this shape shows. */
const mayReadAll = ({ context: { caller } }: Pick<VendorRequest, 'context'>, { resource, joins }: Shape): boolean =>
  canRead(caller, resource) && joins.every(({ type }) => canSearch(caller, type));

/** The id, and the fields of the request as the request said them. Operations of a JSON Patch name places, and say no fields. */
function toMinimal({ shape, body, pathParameters }: VendorRequest, form: Shape, shown: View | View[]): View | View[] {
  const said = { ...(isObject(body) ? body : {}), ...pathParameters };
  const echo = (view: View, request: View): View => ({
    ...Object.fromEntries(Object.entries(request).filter(([name]) => Object.hasOwn(view, name))),
    [form.idName]: view[form.idName],
  });
  if (!Array.isArray(shown)) return echo(shown, said);
  const items = shape.batch!.splitRequest(shape.pickKnownFields(said));
  return shown.map((view, nth) => echo(view, items[nth]!));
}

const isObject = (value: unknown): value is View => typeof value === 'object' && value !== null && !Array.isArray(value);

const buildWholeListFacts = ({ length }: View[]) => ({
  limit: length,
  offset: 0,
  hasMore: false,
  nextOffset: null,
  cursor: null,
  total: length,
});

/** The shape in whose form what was performed is answered. */
export const responseShape = ({ shape, findShape }: VendorRequest): Shape =>
  shape.responseShape === undefined ? shape : findShape(shape.responseShape);
