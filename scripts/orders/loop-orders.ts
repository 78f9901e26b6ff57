// Places orders through Loop's API, as its client does: with one idempotency-key for each, repeating the request until the response has the order.
import { setTimeout as delay } from 'node:timers/promises';
import type { Servers } from '../histories/servers.ts';
import type { Ordered } from './orderer.ts';

/** A client repeats a request after this time, in ms. The clock of the run is moved forward, so a `Retry-After` ends sooner. */
const RETRY_MS = 400;
const TRIES = 1500;

/** The id of the patient with this number, in Loop's format. */
export const uuidOf = (n: number): string => `01936b00-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Orders for this patient. Fails on an unexpected response. */
export async function orderThroughLoop({ bases, keys }: Servers, n: number, patient: string): Promise<Ordered> {
  const body = JSON.stringify({ brand_id: 'loop', patient_id: patient, panel_id: 'pcos' });
  const headers = { 'x-api-key': keys.demo.loop, 'idempotency-key': `order-${n}`, 'content-type': 'application/json' };
  for (let tries = 0; tries < TRIES; tries++) {
    const url = new URL('/v1/lab-orders', bases()[(n + tries) % bases().length]);
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
    const text = await response?.text().catch(() => undefined);
    if (response?.status === 201 && text !== undefined) {
      const { id, junction_order_id: order } = JSON.parse(text) as Record<string, string>;
      return { tenant: 'demo', id: id!, patient, lives: 1, wanted: true, shown: order! };
    }
    if (response && response.status !== 409 && response.status !== 429 && response.status < 500)
      throw new Error(`the vendor API: ${response.status} ${text}`);
    if (response?.status === 502 && !response.headers.has('retry-after')) throw new Error(`the vendor API refused order ${n}: ${text}`);
    await delay(RETRY_MS);
  }
  throw new Error(`the vendor API never responded to order ${n}`);
}
