// POST of what is performed on an item that is there: a change like any other (change.ts), which a repeated idempotency-key does not make twice.
import type { ParsedJson } from '../../fhir/json.ts';
import { writeContention } from '../../fhir/outcome.ts';
import type { View } from '../../mapping/shape.ts';
import type { Answer } from '../middleware/request-context.ts';
import { applyChange } from './change.ts';
import { ATTEMPTS, findEarlierResponse, IdempotencyConflict, parseIdempotentRequest } from './idempotent-request.ts';
import { checkBody } from './path-parameters.ts';
import { replayResponse, responseShape } from './response.ts';
import type { VendorRequest } from './vendor-call.ts';

/** POST …/me/verification, POST …/{id}/verification. */
export async function performItem(call: VendorRequest, body: ParsedJson): Promise<Answer> {
  const { shape, context, req, id, pathParameters } = call;
  checkBody(call, body);
  const promise = parseIdempotentRequest(req, shape, context, { id, within: pathParameters, said: body.plain as View });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const before = promise && (await findEarlierResponse(call, promise));
      return replayResponse(call, responseShape(call), before) ?? (await applyChange(call, { body, how: 'perform', promise }));
    } catch (error) {
      if (!(error instanceof IdempotencyConflict)) throw error;
    }
  }
  throw writeContention('a request with this idempotency-key is running');
}
