// POST of what is performed on an item that is there: a change like any other (change.ts), which a repeated idempotency-key does not make twice.
import type { Parsed } from '../../fhir/json.ts';
import { contended } from '../../fhir/outcome.ts';
import type { View } from '../../mapping/shape.ts';
import type { Answer } from '../middleware/request-context.ts';
import { changed } from './change.ts';
import { ATTEMPTS, earlier, promised, Taken } from './idempotent-request.ts';
import { refuseWrong } from './path-parameters.ts';
import { formOf, toldAgain } from './response.ts';
import type { V1Call } from './vendor-call.ts';

/** POST …/me/verification, POST …/{id}/verification. */
export async function performItem(call: V1Call, body: Parsed): Promise<Answer> {
  const { shape, context, req, id, within } = call;
  refuseWrong(call, body);
  const promise = promised(req, shape, context, { id, within, said: body.plain as View });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const before = promise && (await earlier(call, promise));
      return toldAgain(call, formOf(call), before) ?? (await changed(call, { body, how: 'perform', promise }));
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
    }
  }
  throw contended('a request with this idempotency-key is running');
}
