// The sandbox's own API, for people and tests: faults, the clock, the roster, the next status of an order, and what exists.
import { formatKnownNames } from '../fhir/closest-name.ts';
import { FAULT_KINDS, type Fault, isFault } from './faults.ts';
import { advanceOrder } from './lifecycle.ts';
import { defineOperation, type Operation } from './operations.ts';
import {
  ok,
  type Reply,
  readCollectionMethod,
  readStatus,
  refuse,
  SANDBOX_PANELS,
  type SandboxOrder,
  type SandboxPhysician,
  type SandboxQuestion,
  type SandboxState,
} from './sandbox-state.ts';
import { listSteps } from './steps.ts';
import { WEBHOOK_CONTROL_OPERATIONS } from './webhook-control.ts';

const STATE_OPERATIONS: Operation[] = [
  defineOperation('GET /sandbox', listOperations),
  defineOperation('GET /sandbox/account', showAccount),
  defineOperation('GET /sandbox/orders', (state, { query }) => ok(listOrders(state, query.get('passthrough')))),
  defineOperation('GET /sandbox/orders/{id}', (state, { path }) => showOrder(state, path[0]!)),
  defineOperation('POST /sandbox/orders/{id}/step', (state, { path, body }) => stepOrder(state, path[0]!, body), {
    fields: ['step', 'status', 'interpretation', 'missing', 'results', 'noDocument', 'detail', 'passthrough', 'silent'],
  }),
  defineOperation('GET /sandbox/faults', (state) => ok(state.faults)),
  defineOperation('POST /sandbox/faults', (state, { body }) => addFault(state, body), {
    fields: ['operation', 'kind', 'when', 'times', 'status', 'forgotten', 'retryAfter', 'seconds'],
  }),
  defineOperation('DELETE /sandbox/faults', (state) => setFaults(state, [])),
  defineOperation('GET /sandbox/clock', (state) => ok({ now: state.now().toISOString() })),
  defineOperation('POST /sandbox/clock', (state, { body }) => advanceClock(state, body.seconds), { fields: ['seconds'] }),
  defineOperation('POST /sandbox/lists', (state, { body }) => setListDelay(state, body.seconds), { fields: ['seconds'] }),
  defineOperation('POST /sandbox/keys', (state, { body }) => setKeyLifetime(state, body.seconds), { fields: ['seconds'] }),
  defineOperation('GET /sandbox/physicians', (state) => ok(state.physicians)),
  defineOperation('PUT /sandbox/physicians', (state, { body }) => setPhysicians(state, body), {
    itemFields: ['first_name', 'last_name', 'npi', 'id'],
  }),
  defineOperation('GET /sandbox/questions', (state) => ok(state.questions)),
  defineOperation('PUT /sandbox/questions', (state, { body }) => setQuestions(state, body), {
    itemFields: ['labTest', 'markerId', 'questionId', 'text'],
  }),
  defineOperation('GET /sandbox/requests', (state) => ok(state.requests)),
];

export const CONTROL_OPERATIONS: Operation[] = [...STATE_OPERATIONS, ...WEBHOOK_CONTROL_OPERATIONS].map(rejectUnknownFields);

/** Fails with 400 for a body with another field: a misspelt one would have no effect. */
function rejectUnknownFields(operation: Operation): Operation {
  const { fields = [], itemFields, run } = operation;
  return {
    ...operation,
    run(state, request) {
      const known = itemFields ?? fields;
      const bodies: unknown[] = itemFields && Array.isArray(request.body) ? request.body : [request.body];
      const unknown = bodies.flatMap((body) => Object.keys(body ?? {})).find((name) => !known.includes(name));
      return unknown === undefined ? run(state, request) : refuse(400, `Unknown field ${unknown}${formatKnownNames(unknown, known)}.`);
    },
  };
}

/** All orders, or those with this passthrough. No patient data. */
function listOrders(state: SandboxState, passthrough: string | null): object {
  const orders = [...state.orders.values()].filter((order) => passthrough === null || order.passthrough === passthrough);
  return {
    total: orders.length,
    users: state.users.size,
    orders: orders.map((order) => ({ id: order.id, passthrough: order.passthrough, user_id: order.userId, status: readStatus(order) })),
  };
}

/** What another server needs to use this sandbox. */
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
  return ok(CONTROL_OPERATIONS.map(({ endpoint }) => endpoint));
}

/** Events, order transaction and report of an order. No patient data. */
function showOrder(state: SandboxState, id: string): Reply {
  const order = state.orders.get(id);
  if (!order) return refuse(404, 'Order not found.');
  const { passthrough, transactionId, parentId, origin, events, report } = order;
  return ok({
    id,
    passthrough,
    order_transaction_id: transactionId,
    parent_id: parentId,
    origin,
    status: readStatus(order),
    steps: [...listSteps(order).keys()],
    events,
    report,
  });
}

/** With the name of a step: its status. Without a name and a status: the next one of the usual sequence. */
function stepOrder(state: SandboxState, id: string, { step, status: named, ...options }: Record<string, unknown>): Reply {
  const order = state.orders.get(id);
  if (!order) return refuse(404, 'Order not found.');
  const steps = listSteps(order);
  if (step !== undefined && (typeof step !== 'string' || !steps.has(step) || named !== undefined))
    return refuse(
      400,
      `${readStatus(order)} has no such step: ${steps.size ? `use one of ${[...steps.keys()].join(', ')}` : 'there is none'}.`,
    );
  const status = step === undefined ? named : steps.get(String(step));
  if (status !== undefined && typeof status !== 'string') return refuse(400, 'status must be a text.');
  if (!advanceOrder(state, order, status, options)) return refuse(400, describeDeadEnd(state, order));
  return ok({ status: readStatus(state.orders.get(id)!) });
}

/** Why there is no next status, and what to do instead. */
function describeDeadEnd(state: SandboxState, order: SandboxOrder): string {
  const next = [...state.orders.values()].find(({ parentId }) => parentId === order.id);
  const instead = next
    ? `the order that replaces it is ${next.id}`
    : `send a status, such as {"status":"completed.${readCollectionMethod(order.sent)}.corrected"}`;
  return `${readStatus(order)} has no next status: ${instead}.`;
}

function addFault(state: SandboxState, fault: Record<string, unknown>): Reply {
  if (!isFault(fault)) return refuse(400, `A fault needs a kind: ${FAULT_KINDS.join(', ')}.`);
  return setFaults(state, [...state.faults, fault]);
}

function setFaults(state: SandboxState, faults: Fault[]): Reply {
  state.faults = faults;
  return ok(faults);
}

function advanceClock(state: SandboxState, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return refuse(400, 'Send `seconds`: by how much to move the clock.');
  state.advance(seconds);
  return ok({ now: state.now().toISOString() });
}

function setListDelay(state: SandboxState, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return refuse(400, 'Send `seconds`: the age from which an order is listed.');
  state.listDelaySeconds = seconds;
  return ok({ seconds });
}

function setKeyLifetime(state: SandboxState, seconds: unknown): Reply {
  if (typeof seconds !== 'number') return refuse(400, 'Send `seconds`: how long a reply is stored under its key.');
  state.keyLifetimeSeconds = seconds;
  return ok({ seconds });
}

function setQuestions(state: SandboxState, body: unknown): Reply {
  if (!Array.isArray(body)) return refuse(400, 'Questions are a list of {labTest, markerId, questionId, text}.');
  // type assertion: the caller is a test or a developer, and invokeControl has checked the field names
  state.questions = body as SandboxQuestion[];
  return ok(state.questions);
}

function setPhysicians(state: SandboxState, body: unknown): Reply {
  if (!Array.isArray(body)) return refuse(400, 'The roster is a list of {first_name, last_name, npi}.');
  // type assertion: see setQuestions
  state.physicians = body as SandboxPhysician[];
  return ok(state.physicians);
}
