// What a write shows becomes the answer to the request that is there now, also where an earlier one has made it. A caller who may not read everything that the
// item shows is told its id and what the request itself said. docs/decisions/0013-api-keys-and-scopes.md

import { mayRead, maySearch } from '../../interactions/scope-filter.ts';
import type { Shape, View } from '../../mapping/shape.ts';
import type { IdempotencyRecord } from '../../store/idempotency-keys.ts';
import type { Answer } from '../middleware/request-context.ts';
import { responseFacts } from '../middleware/response-facts.ts';
import { parseStoredResponse, type ShownItem } from './idempotent-request.ts';
import type { VendorCall } from './vendor-call.ts';

/** The answer in the envelope of a shape, with the id and the time of this request. */
export function buildResponse(call: VendorCall, shape: Shape, { shown, ...rest }: ShownItem): Answer {
  const { item, list } = shape;
  const facts = responseFacts(call.requestId, rest.status, call.rate);
  const visible = showsAll(call, shape) ? shown : minimal(call, shape, shown);
  const body = Array.isArray(visible) ? list(visible, wholeOf(visible), facts, {}) : item(visible, facts);
  return { ...rest, body: JSON.stringify(body) };
}

/** The answer that an earlier request under the same idempotency-key was given, told to this one; undefined: it was not answered yet. */
export function replayResponse(call: VendorCall, shape: Shape, record: IdempotencyRecord | undefined): Answer | undefined {
  const before = record && parseStoredResponse(record);
  if (!before || 'shown' in before) return before && buildResponse(call, shape, before);
  const { body: _body, ...bodiless } = before;
  return showsAll(call, shape) ? before : bodiless;
}

/** Whether the caller may read everything that an item of this shape shows. */
const showsAll = ({ context: { caller } }: Pick<VendorCall, 'context'>, { resource, joins }: Shape): boolean =>
  mayRead(caller, resource) && joins.every(({ type }) => maySearch(caller, type));

/** The id, and the fields of the request as the request said them. Operations of a JSON Patch name places, and say no fields. */
function minimal({ shape, sent, within }: VendorCall, form: Shape, shown: View | View[]): View | View[] {
  const said = { ...(isObject(sent) ? sent : {}), ...within };
  const echo = (view: View, request: View): View => ({
    ...Object.fromEntries(Object.entries(request).filter(([name]) => Object.hasOwn(view, name))),
    [form.idName]: view[form.idName],
  });
  if (!Array.isArray(shown)) return echo(shown, said);
  const items = shape.many!.items(shape.known(said));
  return shown.map((view, nth) => echo(view, items[nth]!));
}

const isObject = (value: unknown): value is View => typeof value === 'object' && value !== null && !Array.isArray(value);

const wholeOf = ({ length }: View[]) => ({ limit: length, offset: 0, hasMore: false, nextOffset: null, cursor: null, total: length });

/** The shape in whose form what was performed is answered. */
export const responseShape = ({ shape, beside }: VendorCall): Shape => (shape.answers === undefined ? shape : beside(shape.answers));
