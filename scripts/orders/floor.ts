// `node scripts/orders/floor.ts <url> <api key> <orders> <at once>`: the bare fetch loop that the drain of the outbox is measured beside: a user and an order
// each, nothing looked up and nothing written down. Prints the milliseconds it took.
import { randomUUID } from 'node:crypto';
import { SAMPLE_ORDER } from './sample-order.ts';

const [url = '', apiKey = '', orders = '0', atOnce = '1'] = process.argv.slice(2);
const PATIENTS = 50;
const HEADERS = { 'x-vital-api-key': apiKey, 'content-type': 'application/json' };

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const response = await fetch(url + path, { method: 'POST', headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) });
  return (await response.json()) as Record<string, unknown>;
}

async function send(n: number, order: object): Promise<void> {
  const user = await post('/v2/user', { client_user_id: `floor-${n % PATIENTS}` });
  const { user_id } = (user.detail ?? user) as { user_id: string };
  const key = randomUUID();
  const created = await post('/v3/order', { user_id, ...order, passthrough: key }, { 'x-idempotency-key': key });
  if (created.status !== 'SUCCESS') throw new Error('the minimal program cannot create an order');
}

let next = 0;
const runOrder = async () => {
  while (next < Number(orders)) await send(next++, SAMPLE_ORDER);
};
await send(0, SAMPLE_ORDER);
const began = performance.now();
await Promise.all(Array.from({ length: Number(atOnce) }, runOrder));
console.log(performance.now() - began);
