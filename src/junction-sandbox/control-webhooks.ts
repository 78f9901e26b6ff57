// The part of the sandbox's own HTTP API that is about webhooks: where they go, what goes wrong with them, what became of each.
import { announce, deliver, deliverDue, isMishap } from './announce.ts';
import type { Operation } from './operations.ts';
import type { Mishap, Reply, SandboxMessage, World } from './world.ts';

const ok = (body: unknown): Reply => ({ status: 200, body });
const wrong = (text: string): Reply => ({ status: 400, body: { detail: text } });
const missing = (what: string): Reply => ({ status: 404, body: { detail: `${what} not found.` } });

export const WEBHOOK_CONTROL: Operation[] = [
  { name: 'webhooks', method: 'GET', path: /^\/sandbox\/webhooks$/, run: shown },
  { name: 'setWebhooks', method: 'PUT', path: /^\/sandbox\/webhooks$/, run: (world, { body }) => set(world, body) },
  { name: 'deliver', method: 'POST', path: /^\/sandbox\/webhooks\/deliver$/, run: async (world) => ok({ sent: await deliverDue(world) }) },
  { name: 'addMishap', method: 'POST', path: /^\/sandbox\/webhooks\/mishaps$/, run: (world, { body }) => addMishap(world, body) },
  { name: 'clearMishaps', method: 'DELETE', path: /^\/sandbox\/webhooks\/mishaps$/, run: (world) => setMishaps(world, []) },
  { name: 'sendAgain', method: 'POST', path: /^\/sandbox\/webhooks\/([^/]+)\/send$/, run: (world, { path }) => sendAgain(world, path[0]!) },
  { name: 'resend', method: 'POST', path: /^\/sandbox\/orders\/([^/]+)\/resend$/, run: (world, { path }) => resent(world, path[0]!) },
];

/** Without the bodies: those are the patients'. */
function shown({ webhooks }: World): Reply {
  const { messages, ...settings } = webhooks;
  const told = ({ id, type, orderId, due, answers, mishap }: SandboxMessage) => ({
    id,
    type,
    order_id: orderId,
    due: due.map((at) => new Date(at).toISOString()),
    answers,
    ...(mishap && { mishap }),
  });
  return ok({ ...settings, messages: messages.map(told) });
}

const CLOCKS = new Set(['machine', 'team']);

function set(world: World, body: Record<string, unknown>): Reply {
  const { url = world.webhooks.url, automatic = world.webhooks.automatic, clock = world.webhooks.clock } = body;
  if (url !== null && url !== undefined && !URL.canParse(String(url))) return wrong('url must be an absolute URL, or null for none.');
  if (typeof automatic !== 'boolean') return wrong('automatic must be true or false.');
  if (!CLOCKS.has(String(clock))) return wrong('clock must be machine or team.');
  const target = url === null || url === undefined ? undefined : String(url);
  world.webhooks = { ...world.webhooks, url: target, automatic, clock: clock as 'machine' | 'team' };
  return shown(world);
}

function addMishap(world: World, mishap: unknown): Reply {
  if (!isMishap(mishap)) return wrong('A mishap needs a kind: drop, duplicate, delay, forge or skew.');
  return setMishaps(world, [...world.webhooks.mishaps, mishap]);
}

function setMishaps(world: World, mishaps: Mishap[]): Reply {
  world.webhooks.mishaps = mishaps;
  return ok(mishaps);
}

/** The same message once more, under the same id and stamped anew: as a person at the sender's dashboard would. */
async function sendAgain(world: World, id: string): Promise<Reply> {
  const message = world.webhooks.messages.find((one) => one.id === id);
  if (!message) return missing('Message');
  if (world.webhooks.url === undefined) return wrong('There is no url to send to.');
  return ok({ status: await deliver(world, message) });
}

/** How the order stands now, in a message of its own. */
function resent(world: World, id: string): Reply {
  const order = world.orders.get(id);
  if (!order) return missing('Order');
  announce(world, order, 'labtest.order.updated');
  return ok({ status: 'queued' });
}
