// Places orders through Loop's API, as its client does: with one idempotency-key for each, repeating the request until the response has the order.
import { setTimeout as delay } from 'node:timers/promises';
import type { Servers } from '../histories/servers.ts';
import type { Ordered } from './orderer.ts';

/** A client repeats a request after this time, in ms. The clock of the run is moved forward, so a `Retry-After` ends sooner. */
const RETRY_MS = 400;
const TRIES = 1500;

/** The id of the patient with this number, in Loop's format. */
export const uuidOf = (nth: number): string => `01936b00-0000-7000-8000-${String(nth).padStart(12, '0')}`;

/** Orders for this patient. Fails on an unexpected response. */
export async function orderThroughLoop({ bases, keys }: Servers, nth: number, patient: string): Promise<Ordered> {
  const body = JSON.stringify({ brand_id: 'loop', patient_id: patient, panel_id: 'pcos' });
  const headers = { 'x-api-key': keys.demo.loop, 'idempotency-key': `order-${nth}`, 'content-type': 'application/json' };
  for (let tries = 0; tries < TRIES; tries++) {
    const url = new URL('/v1/lab-orders', bases()[(nth + tries) % bases().length]);
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (answer?.status === 201 && text !== undefined) {
      const { id, junction_order_id: order } = JSON.parse(text) as Record<string, string>;
      return { tenant: 'demo', id: id!, patient, lives: 1, wanted: true, shown: order! };
    }
    if (answer && answer.status !== 409 && answer.status !== 429 && answer.status < 500)
      throw new Error(`the vendor API: ${answer.status} ${text}`);
    if (answer?.status === 502 && !answer.headers.has('retry-after')) throw new Error(`the vendor API refused order ${nth}: ${text}`);
    await delay(RETRY_MS);
  }
  throw new Error(`the vendor API never responded to order ${nth}`);
}
