// The sandbox's own HTTP API, for people and tests: faults, the clock, the roster, an order's next step, and the truth about what exists.

import { strict } from './control-words.ts';
import { FAULT_KINDS, type Fault, isFault } from './faults.ts';
import { advanceOrder } from './lifecycle.ts';
import type { Operation } from './operations.ts';
import {
  type Reply,
  readCollectionMethod,
  readStatus,
  SANDBOX_PANELS,
  type SandboxOrder,
  type SandboxPhysician,
  type SandboxQuestion,
  type SandboxState,
} from './sandbox-state.ts';
import { WEBHOOK_CONTROL_OPERATIONS } from './webhook-control.ts';

const ok = (body: unknown): Reply => ({ status: 200, body });
const badRequest = (text: string): Reply => ({ status: 400, body: { detail: text } });

const STATE_OPERATIONS: Operation[] = [
  { name: 'guide', method: 'GET', path: /^\/sandbox$/, run: listOperations },
  { name: 'account', method: 'GET', path: /^\/sandbox\/account$/, run: showAccount },
  { name: 'truth', method: 'GET', path: /^\/sandbox\/orders$/, run: (state, { query }) => ok(listOrders(state, query.get('passthrough'))) },
  { name: 'one', method: 'GET', path: /^\/sandbox\/orders\/([^/]+)$/, run: (state, { path }) => showOrder(state, path[0]!) },
  {
    name: 'step',
    method: 'POST',
    path: /^\/sandbox\/orders\/([^/]+)\/step$/,
    run: (state, { path, body }) => stepOrder(state, path[0]!, body),
  },
  { name: 'faults', method: 'GET', path: /^\/sandbox\/faults$/, run: (state) => ok(state.faults) },
  { name: 'addFault', method: 'POST', path: /^\/sandbox\/faults$/, run: (state, { body }) => addFault(state, body) },
  { name: 'clearFaults', method: 'DELETE', path: /^\/sandbox\/faults$/, run: (state) => setFaults(state, []) },
  { name: 'clock', method: 'GET', path: /^\/sandbox\/clock$/, run: (state) => ok({ now: state.now().toISOString() }) },
  { name: 'advance', method: 'POST', path: /^\/sandbox\/clock$/, run: (state, { body }) => advanceClock(state, body.seconds) },
  { name: 'lists', method: 'POST', path: /^\/sandbox\/lists$/, run: (state, { body }) => setListDelay(state, body.seconds) },
  { name: 'keys', method: 'POST', path: /^\/sandbox\/keys$/, run: (state, { body }) => setKeyLifetime(state, body.seconds) },
  { name: 'physicians', method: 'GET', path: /^\/sandbox\/physicians$/, run: (state) => ok(state.physicians) },
  { name: 'setPhysicians', method: 'PUT', path: /^\/sandbox\/physicians$/, run: (state, { body }) => setPhysicians(state, body) },
  { name: 'questions', method: 'GET', path: /^\/sandbox\/questions$/, run: (state) => ok(state.questions) },
  { name: 'setQuestions', method: 'PUT', path: /^\/sandbox\/questions$/, run: (state, { body }) => setQuestions(state, body) },
  { name: 'requests', method: 'GET', path: /^\/sandbox\/requests$/, run: (state) => ok(state.requests) },
];

export const CONTROL_OPERATIONS: Operation[] = [...STATE_OPERATIONS, ...WEBHOOK_CONTROL_OPERATIONS].map(strict);

/** What exists: how many orders, in all or with this passthrough, and where each stands. Nothing of the patients. */
function listOrders(state: SandboxState, passthrough: string | null): object {
  const orders = [...state.orders.values()].filter((order) => passthrough === null || order.passthrough === passthrough);
  return {
    total: orders.length,
    users: state.users.size,
    orders: orders.map((order) => ({ id: order.id, passthrough: order.passthrough, user_id: order.userId, status: readStatus(order) })),
  };
}

/** What another server needs to talk to this team. */
function showAccount({ apiKey, teamId, webhooks, labAccounts }: SandboxState): Reply {
  return ok({
    api_key: apiKey,
    team_id: teamId,
    webhook_secret: webhooks.secret,
    lab_account_ids: [...labAccounts],
    panels: SANDBOX_PANELS,
  });
}

function listOperations(): Reply {
  return ok(
    CONTROL_OPERATIONS.map(
      ({ method, path }) => `${method} ${path.source.replaceAll('\\/', '/').replace('([^/]+)', '{id}').replace(/[\^$]/g, '')}`,
    ),
  );
}

/** One order: its events, its journey, what the laboratory has reported. Nothing of the patient. */
function showOrder(state: SandboxState, id: string): Reply {
  const order = state.orders.get(id);
  if (!order) return { status: 404, body: { detail: 'Order not found.' } };
  const { passthrough, transactionId, parentId, origin, events, report } = order;
  return ok({
    id,
    passthrough,
    order_transaction_id: transactionId,
    parent_id: parentId,
    origin,
    status: readStatus(order),
    events,
    report,
  });
}

/** `{status}` and what comes with it; without a status the next step of the usual way, where it leads on. */
function stepOrder(state: SandboxState, id: string, { status, ...wishes }: Record<string, unknown>): Reply {
  const order = state.orders.get(id);
  if (!order) return { status: 404, body: { detail: 'Order not found.' } };
  if (status !== undefined && typeof status !== 'string') return badRequest('status must be a text.');
  if (!advanceOrder(state, order, status, wishes)) return badRequest(describeDeadEnd(state, order));
  return ok({ status: readStatus(state.orders.get(id)!) });
}

/** What can be done instead. */
function describeDeadEnd(state: SandboxState, order: SandboxOrder): string {
  const next = [...state.orders.values()].find(({ parentId }) => parentId === order.id);
  const instead = next
    ? `the order that follows is ${next.id}`
    : `say where to, {"status":"completed.${readCollectionMethod(order.sent)}.corrected"} for one`;
  return `From ${readStatus(order)} the usual way leads nowhere: ${instead}.`;
}

function addFault(state: SandboxState, fault: unknown): Reply {
  if (!isFault(fault)) return badRequest(`A fault needs a kind: ${FAULT_KINDS.join(', ')}.`);
  return setFaults(state, [...state.faults, fault]);
}

function setFaults(state: SandboxState, faults: Fault[]): Reply {
  state.faults = faults;
  return ok(faults);
}

function advanceClock(state: SandboxState, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return badRequest('Say by how many seconds.');
  state.advance(seconds);
  return ok({ now: state.now().toISOString() });
}

function setListDelay(state: SandboxState, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return badRequest('Say after how many seconds an order is listed.');
  state.listDelaySeconds = seconds;
  return ok({ seconds });
}

function setKeyLifetime(state: SandboxState, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return badRequest('Send `seconds`: how long an answer is kept under its key.');
  state.keyLifetimeSeconds = seconds;
  return ok({ seconds });
}

function setQuestions(state: SandboxState, body: unknown): Reply {
  if (!Array.isArray(body)) return badRequest('Questions are a list of {labTest, markerId, questionId, text}.');
  state.questions = body as SandboxQuestion[];
  return ok(state.questions);
}

function setPhysicians(state: SandboxState, body: unknown): Reply {
  if (!Array.isArray(body)) return badRequest('The roster is a list of {first_name, last_name, npi}.');
  state.physicians = body as SandboxPhysician[];
  return ok(state.physicians);
}
