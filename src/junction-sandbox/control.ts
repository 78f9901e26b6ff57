// The sandbox's own HTTP API, for people and tests: faults, the clock, the roster, an order's next step, and the truth about what exists.
import { WEBHOOK_CONTROL } from './control-webhooks.ts';
import { strict } from './control-words.ts';
import { type Fault, isFault, KINDS } from './faults.ts';
import { step } from './lifecycle.ts';
import type { Operation } from './operations.ts';
import {
  methodOf,
  type Reply,
  SANDBOX_PANELS,
  type SandboxOrder,
  type SandboxPhysician,
  type SandboxQuestion,
  statusOf,
  type World,
} from './world.ts';

const ok = (body: unknown): Reply => ({ status: 200, body });
const wrong = (text: string): Reply => ({ status: 400, body: { detail: text } });

const OWN: Operation[] = [
  { name: 'guide', method: 'GET', path: /^\/sandbox$/, run: guide },
  { name: 'account', method: 'GET', path: /^\/sandbox\/account$/, run: account },
  { name: 'truth', method: 'GET', path: /^\/sandbox\/orders$/, run: (world, { query }) => ok(truth(world, query.get('passthrough'))) },
  { name: 'one', method: 'GET', path: /^\/sandbox\/orders\/([^/]+)$/, run: (world, { path }) => one(world, path[0]!) },
  {
    name: 'step',
    method: 'POST',
    path: /^\/sandbox\/orders\/([^/]+)\/step$/,
    run: (world, { path, body }) => stepped(world, path[0]!, body),
  },
  { name: 'faults', method: 'GET', path: /^\/sandbox\/faults$/, run: (world) => ok(world.faults) },
  { name: 'addFault', method: 'POST', path: /^\/sandbox\/faults$/, run: (world, { body }) => addFault(world, body) },
  { name: 'clearFaults', method: 'DELETE', path: /^\/sandbox\/faults$/, run: (world) => setFaults(world, []) },
  { name: 'clock', method: 'GET', path: /^\/sandbox\/clock$/, run: (world) => ok({ now: world.now().toISOString() }) },
  { name: 'advance', method: 'POST', path: /^\/sandbox\/clock$/, run: (world, { body }) => advance(world, body.seconds) },
  { name: 'lists', method: 'POST', path: /^\/sandbox\/lists$/, run: (world, { body }) => setListing(world, body.seconds) },
  { name: 'keys', method: 'POST', path: /^\/sandbox\/keys$/, run: (world, { body }) => keepKeys(world, body.seconds) },
  { name: 'physicians', method: 'GET', path: /^\/sandbox\/physicians$/, run: (world) => ok(world.physicians) },
  { name: 'setPhysicians', method: 'PUT', path: /^\/sandbox\/physicians$/, run: (world, { body }) => setPhysicians(world, body) },
  { name: 'questions', method: 'GET', path: /^\/sandbox\/questions$/, run: (world) => ok(world.questions) },
  { name: 'setQuestions', method: 'PUT', path: /^\/sandbox\/questions$/, run: (world, { body }) => setQuestions(world, body) },
  { name: 'requests', method: 'GET', path: /^\/sandbox\/requests$/, run: (world) => ok(world.requests) },
];

export const CONTROL: Operation[] = [...OWN, ...WEBHOOK_CONTROL].map(strict);

/** What exists: how many orders, in all or with this passthrough, and where each stands. Nothing of the patients. */
function truth(world: World, passthrough: string | null): object {
  const orders = [...world.orders.values()].filter((order) => passthrough === null || order.passthrough === passthrough);
  return {
    total: orders.length,
    users: world.users.size,
    orders: orders.map((order) => ({ id: order.id, passthrough: order.passthrough, user_id: order.userId, status: statusOf(order) })),
  };
}

/** What another server needs to talk to this team. */
function account({ apiKey, teamId, webhooks, labAccounts }: World): Reply {
  return ok({
    api_key: apiKey,
    team_id: teamId,
    webhook_secret: webhooks.secret,
    lab_account_ids: [...labAccounts],
    panels: SANDBOX_PANELS,
  });
}

function guide(): Reply {
  return ok(
    CONTROL.map(({ method, path }) => `${method} ${path.source.replaceAll('\\/', '/').replace('([^/]+)', '{id}').replace(/[\^$]/g, '')}`),
  );
}

/** One order: its events, its journey, what the laboratory has reported. Nothing of the patient. */
function one(world: World, id: string): Reply {
  const order = world.orders.get(id);
  if (!order) return { status: 404, body: { detail: 'Order not found.' } };
  const { passthrough, transactionId, parentId, origin, events, report } = order;
  return ok({ id, passthrough, order_transaction_id: transactionId, parent_id: parentId, origin, status: statusOf(order), events, report });
}

/** `{status}` and what comes with it; without a status the next step of the usual way, where it leads on. */
function stepped(world: World, id: string, { status, ...wishes }: Record<string, unknown>): Reply {
  const order = world.orders.get(id);
  if (!order) return { status: 404, body: { detail: 'Order not found.' } };
  if (status !== undefined && typeof status !== 'string') return wrong('status must be a text.');
  if (!step(world, order, status, wishes)) return wrong(nowhere(world, order));
  return ok({ status: statusOf(world.orders.get(id)!) });
}

/** What can be done instead. */
function nowhere(world: World, order: SandboxOrder): string {
  const next = [...world.orders.values()].find(({ parentId }) => parentId === order.id);
  const instead = next
    ? `the order that follows is ${next.id}`
    : `say where to, {"status":"completed.${methodOf(order.sent)}.corrected"} for one`;
  return `From ${statusOf(order)} the usual way leads nowhere: ${instead}.`;
}

function addFault(world: World, fault: unknown): Reply {
  if (!isFault(fault)) return wrong(`A fault needs a kind: ${KINDS.join(', ')}.`);
  return setFaults(world, [...world.faults, fault]);
}

function setFaults(world: World, faults: Fault[]): Reply {
  world.faults = faults;
  return ok(faults);
}

function advance(world: World, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return wrong('Say by how many seconds.');
  world.advance(seconds);
  return ok({ now: world.now().toISOString() });
}

function setListing(world: World, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return wrong('Say after how many seconds an order is listed.');
  world.listedAfter = seconds;
  return ok({ seconds });
}

function keepKeys(world: World, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return wrong('Send `seconds`: how long an answer is kept under its key.');
  world.keysKept = seconds;
  return ok({ seconds });
}

function setQuestions(world: World, body: unknown): Reply {
  if (!Array.isArray(body)) return wrong('Questions are a list of {labTest, markerId, questionId, text}.');
  world.questions = body as SandboxQuestion[];
  return ok(world.questions);
}

function setPhysicians(world: World, body: unknown): Reply {
  if (!Array.isArray(body)) return wrong('The roster is a list of {first_name, last_name, npi}.');
  world.physicians = body as SandboxPhysician[];
  return ok(world.physicians);
}
