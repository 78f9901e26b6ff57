// What a write shows becomes the answer to the request that is there now, also where an earlier one has made it.
import type { Shape, View } from '../projection/shape.ts';
import { answerFacts } from './answer-facts.ts';
import type { Answer } from './exchange.ts';
import type { Shown } from './idempotency.ts';
import type { V1Call } from './v1-call.ts';

/** The answer in the envelope of a shape, with the id and the time of this request. */
export function told({ requestId, rate }: V1Call, { item, list }: Shape, { shown, ...rest }: Shown): Answer {
  const facts = answerFacts(requestId, rest.status, rate);
  const body = Array.isArray(shown) ? list(shown, wholeOf(shown), facts, {}) : item(shown, facts);
  return { ...rest, body: JSON.stringify(body) };
}

const wholeOf = ({ length }: View[]) => ({ limit: length, offset: 0, hasMore: false, nextOffset: null, cursor: null, total: length });

/** The shape in whose form what was performed is answered. */
export const formOf = ({ shape, beside }: V1Call): Shape => (shape.answers === undefined ? shape : beside(shape.answers));
