// Places orders through Loop's door, as its client does: one idempotency-key for each, and the same request again until it is answered with the order.
import { setTimeout as delay } from 'node:timers/promises';
import type { Servers } from '../histories/servers.ts';
import type { Ordered } from './orderer.ts';

/** A client comes again after this time at the latest, in ms: the clock of the run leaps, so that a `Retry-After` is over sooner. */
const COMES_AGAIN_MS = 400;
const TRIES = 1500;

/** The id of the patient with this number, in the form that Loop asks for. */
export const uuidOf = (nth: number): string => `01936b00-0000-7000-8000-${String(nth).padStart(12, '0')}`;

/** Orders for this patient. Fails when the door answers what it should not, or names another order to the same key. */
export async function orderAtTheDoor({ bases, keys }: Servers, nth: number, patient: string): Promise<Ordered> {
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
      throw new Error(`the door: ${answer.status} ${text}`);
    if (answer?.status === 502 && !answer.headers.has('retry-after')) throw new Error(`the door refused order ${nth}: ${text}`);
    await delay(COMES_AGAIN_MS);
  }
  throw new Error(`the door never answered order ${nth}`);
}
