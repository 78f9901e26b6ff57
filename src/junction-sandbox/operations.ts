// Junction's operations, as far as this project uses them: each is a function of the state and a request. https://docs.junction.com/api-reference
import { randomUUID } from 'node:crypto';
import { listLabTestMarkers, listLabTests, listSingleMarkers } from './catalogue.ts';
import { createInsurance, findBilledInsurance, readLatestInsurance, updateUserInfo } from './insurance.ts';
import { advanceOrder, buildFirstEvents, cancelIfPossible } from './lifecycle.ts';
import { listTransactionOrders, toOrderJson, toTransactionJson } from './order-json.ts';
import { validateOrder } from './order-validation.ts';
import { buildPdf, toMetadataJson, toResultJson } from './report.ts';
import {
  ok,
  type Reply,
  readStatus,
  refuse,
  type SandboxOrder,
  type SandboxRequest,
  type SandboxState,
  type SandboxUser,
} from './sandbox-state.ts';
import { queueOrderWebhook } from './webhook-sender.ts';

export interface Operation {
  /** `POST /v3/order/{id}/cancel` */
  endpoint: string;
  /** By which a fault names the operation. */
  name: string;
  /** Supports idempotency keys. */
  keyed?: boolean;
  /** Of the sandbox's own API: the fields of the body, or of the items of a list. */
  fields?: string[];
  itemFields?: string[];
  run(state: SandboxState, request: SandboxRequest): Reply | Promise<Reply>;
}

export const defineOperation = (endpoint: string, run: Operation['run'], options: Partial<Operation> = {}): Operation => ({
  name: endpoint,
  endpoint,
  run,
  ...options,
});

export const JUNCTION_OPERATIONS: Operation[] = [
  defineOperation('POST /v2/user', createUser, { name: 'user' }),
  defineOperation('DELETE /v2/user/{id}', deleteUser, { name: 'deleteUser' }),
  defineOperation('GET /v2/user/resolve/{id}', resolveUser, { name: 'resolveUser' }),
  defineOperation('PATCH /v2/user/{id}/info', updateUserInfo, { name: 'userInfo' }),
  defineOperation('POST /v2/user/{id}/insurance', createInsurance, { name: 'createInsurance' }),
  defineOperation('GET /v2/user/{id}/insurance/latest', readLatestInsurance, { name: 'insurance' }),
  defineOperation('GET /v2/team/{id}/physicians', listPhysicians, { name: 'roster' }),
  defineOperation('POST /v3/order', createOrder, { name: 'createOrder', keyed: true }),
  defineOperation('GET /v3/orders', listOrders, { name: 'orders' }),
  defineOperation(
    'GET /v3/order/{id}',
    withOrder((_state, order) => ok(order)),
    { name: 'order' },
  ),
  defineOperation('GET /v3/order/{id}/result', withOrders(readResult), { name: 'result' }),
  defineOperation('GET /v3/order/{id}/result/metadata', withOrders(readResultMetadata), { name: 'resultMetadata' }),
  defineOperation('GET /v3/order/{id}/result/pdf', withOrders(readDocument), { name: 'document' }),
  defineOperation('GET /v3/order_transaction/{id}/result', withTransaction(readResult), { name: 'journeyResult' }),
  defineOperation('GET /v3/order_transaction/{id}/result/pdf', withTransaction(readDocument), { name: 'journeyDocument' }),
  defineOperation('POST /v3/order/{id}/cancel', cancelOrder, { name: 'cancelOrder' }),
  defineOperation('POST /v3/order/{id}/test', simulateOrder, { name: 'simulate' }),
  defineOperation('GET /v3/lab_test', listLabTests, { name: 'labTests' }),
  defineOperation('GET /v3/lab_tests/markers', listSingleMarkers, { name: 'markers' }),
  defineOperation('GET /v3/lab_tests/{id}/markers', listLabTestMarkers, { name: 'labTestMarkers' }),
  // Junction has no operation that registers a physician; this is the kind of path a partner contract would add.
  defineOperation('POST /partner/{id}/physicians', pushPhysician, { name: 'pushPhysician', keyed: true }),
];

/** Fails with 400 and the existing user if the name is taken. */
function createUser(state: SandboxState, { body }: SandboxRequest): Reply {
  const name = String(body.client_user_id);
  const existing = findUser(state, name);
  if (existing) return refuse(400, toUserConflict(existing));
  if ([...state.users.values()].filter((user) => isExisting(state, user)).length >= state.maxUsers)
    return refuse(400, `This team has reached its maximum of ${state.maxUsers} users.`);
  const user = { user_id: randomUUID(), team_id: state.teamId, client_user_id: name, created_on: state.now().toISOString() };
  state.users.set(name, user);
  return ok({ ...user, connected_sources: [], fallback_time_zone: null });
}

const toUserConflict = ({ user_id, created_on }: SandboxUser): object => ({
  error_type: 'INVALID_REQUEST',
  error_message: 'Client user id already exists.',
  user_id,
  created_on,
});

function findUser(state: SandboxState, name: string): SandboxUser | undefined {
  const user = state.users.get(name);
  return user && isExisting(state, user) ? user : undefined;
}

const isExisting = (state: SandboxState, { deletedAt = Number.POSITIVE_INFINITY }: SandboxUser): boolean =>
  state.now().getTime() < deletedAt;

const GRACE_MS = 7 * 24 * 3_600_000;

/** Takes effect a week later, as at Junction. */
function deleteUser(state: SandboxState, { path: [id] }: SandboxRequest): Reply {
  const user = [...state.users.values()].find(({ user_id }) => user_id === id);
  if (!user || !isExisting(state, user)) return refuse(404, 'User not found.');
  state.users.set(user.client_user_id, { ...user, deletedAt: state.now().getTime() + GRACE_MS });
  return ok({ success: true });
}

function resolveUser(state: SandboxState, { path: [name] }: SandboxRequest): Reply {
  const { deletedAt: _hidden, ...user } = findUser(state, name!) ?? {};
  return 'user_id' in user ? ok({ ...user, connected_sources: [], fallback_time_zone: null }) : refuse(404, 'User not found.');
}

function listPhysicians(state: SandboxState, { path: [team] }: SandboxRequest): Reply {
  return team === state.teamId ? ok(state.physicians) : refuse(403, 'Not allowed for this team.');
}

function createOrder(state: SandboxState, { body }: SandboxRequest): Reply {
  const refusal = validateOrder(body, state);
  if (refusal) return refusal;
  const user = [...state.users.values()].find(({ user_id }) => user_id === body.user_id);
  if (!user || !isExisting(state, user)) return refuse(404, 'User not found in this team.');
  const order: SandboxOrder = {
    id: randomUUID(),
    transactionId: randomUUID(),
    userId: user.user_id,
    passthrough: typeof body.passthrough === 'string' ? body.passthrough : null,
    createdAt: state.now().toISOString(),
    events: buildFirstEvents(state, body),
    sent: body,
    insuranceId: findBilledInsurance(state, body) ?? null,
    origin: 'initial',
    parentId: null,
    report: null,
  };
  state.orders.set(order.id, order);
  queueOrderWebhook(state, order, 'labtest.order.created');
  return ok({ order: toOrderJson(state, order), status: 'SUCCESS', message: 'Order submitted' });
}

function listOrders(state: SandboxState, { query }: SandboxRequest): Reply {
  const page = Number(query.get('page') ?? 1);
  const size = Number(query.get('size') ?? 50);
  if (!(page >= 1) || !(size >= 1 && size <= 100))
    return refuse(422, [{ type: 'value_error', loc: ['query', 'size'], msg: 'Input should be from 1 to 100', input: query.get('size') }]);
  const listed = state.now().getTime() - state.listDelaySeconds * 1000;
  const shownYet = [...state.orders.values()].filter(({ createdAt }) => Date.parse(createdAt) <= listed);
  const all = shownYet.filter((order) => ORDER_FILTERS.every((filter) => filter(order, query))).reverse();
  return ok({ orders: all.slice((page - 1) * size, page * size).map((order) => toOrderJson(state, order)), total: all.length, page, size });
}

const parseTime = (text: string | null, standard: number): number => (text === null ? standard : Date.parse(text));
const toChangeTime = ({ events }: SandboxOrder): number => Date.parse(events.at(-1)!.created_at);

/** By the query parameters of the list. */
const ORDER_FILTERS: ((order: SandboxOrder, query: URLSearchParams) => boolean)[] = [
  (order, query) => [null, order.userId].includes(query.get('user_id')),
  (order, query) => [null, order.transactionId].includes(query.get('order_transaction_id')),
  ({ id }, query) => !query.has('order_ids') || query.getAll('order_ids').includes(id),
  (order, query) => Date.parse(order.createdAt) >= parseTime(query.get('start_date'), 0),
  (order, query) => Date.parse(order.createdAt) <= parseTime(query.get('end_date'), Number.POSITIVE_INFINITY),
  (order, query) => toChangeTime(order) >= parseTime(query.get('updated_start_date'), 0),
  (order, query) => toChangeTime(order) <= parseTime(query.get('updated_end_date'), Number.POSITIVE_INFINITY),
];

function readResult(orders: SandboxOrder[], state: SandboxState): Reply {
  const found = toResultJson(orders);
  return found ? ok({ ...found, order_transaction: toTransactionJson(state, orders.at(-1)!) }) : refuse(404, 'Results not found.');
}

function readResultMetadata([order]: SandboxOrder[]): Reply {
  return order?.report ? ok(toMetadataJson(order, order.report)) : refuse(404, 'Results not found.');
}

function readDocument(orders: SandboxOrder[]): Reply {
  const last = orders.findLast(({ report }) => report?.hasDocument);
  return last ? { status: 200, body: buildPdf(last), headers: { 'content-type': 'application/pdf' } } : refuse(404, 'No PDF.');
}

function cancelOrder(state: SandboxState, { path: [id] }: SandboxRequest): Reply {
  const order = state.orders.get(id!);
  if (!order) return refuse(404, 'Order not found.');
  if (!cancelIfPossible(state, order))
    return {
      status: 400,
      body: { error: 'bad_request', message: `An order that is ${readStatus(order)} cannot be cancelled.`, status_code: 400 },
    };
  return ok({ order: toOrderJson(state, state.orders.get(order.id)!), status: 'SUCCESS', message: 'Order cancelled' });
}

function simulateOrder(state: SandboxState, { path: [id], query, body }: SandboxRequest): Reply {
  const order = state.orders.get(id!);
  if (!order) return refuse(404, 'Order not found.');
  const { interpretation, has_missing_results: missing } = body;
  advanceOrder(state, order, query.get('final_status') ?? undefined, {
    ...(typeof interpretation === 'string' && { interpretation }),
    ...(missing === true && { missing }),
  });
  return ok('Success');
}

function pushPhysician(state: SandboxState, { path: [team], body }: SandboxRequest): Reply {
  if (team !== state.teamId) return refuse(403, 'Not allowed for this team.');
  const [first_name, last_name, npi] = [body.first_name, body.last_name, body.npi].map(String);
  const id = randomUUID();
  state.physicians = [...state.physicians, { first_name: first_name!, last_name: last_name!, npi: npi!, id }];
  return ok({ id });
}

function withOrder(run: (state: SandboxState, order: object) => Reply): Operation['run'] {
  return (state, { path: [id] }) => {
    const order = state.orders.get(id!);
    return order ? run(state, toOrderJson(state, order)) : refuse(404, 'Order not found.');
  };
}

function withOrders(run: (orders: SandboxOrder[], state: SandboxState) => Reply): Operation['run'] {
  return (state, { path: [id] }) => {
    const order = state.orders.get(id!);
    return order ? run([order], state) : refuse(404, 'Order not found.');
  };
}

function withTransaction(run: (orders: SandboxOrder[], state: SandboxState) => Reply): Operation['run'] {
  return (state, { path: [id] }) => run(listTransactionOrders(state, id!), state);
}
