// Junction's operations as this project uses them, each a function of the world and one request. https://docs.junction.com/api-reference
import { randomUUID } from 'node:crypto';
import { announce } from './announce.ts';
import { begun, cancel, step } from './lifecycle.ts';
import { refusalOf } from './order-check.ts';
import { journeyOf, shown, siblings } from './order-shown.ts';
import { documentShown, metadataOf, resultShown } from './report.ts';
import { type Reply, type SandboxOrder, type SandboxUser, statusOf, type World } from './world.ts';

export interface SandboxRequest {
  /** What the path's groups hold. */
  path: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
}

export interface Operation {
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: RegExp;
  /** Whether an idempotency key counts here. */
  keyed?: boolean;
  run(world: World, request: SandboxRequest): Reply | Promise<Reply>;
}

const ok = (body: unknown): Reply => ({ status: 200, body });
const refused = (status: number, detail: unknown): Reply => ({ status, body: { detail } });

export const OPERATIONS: Operation[] = [
  { name: 'user', method: 'POST', path: /^\/v2\/user$/, run: createUser },
  { name: 'deleteUser', method: 'DELETE', path: /^\/v2\/user\/([^/]+)$/, run: deleteUser },
  { name: 'resolveUser', method: 'GET', path: /^\/v2\/user\/resolve\/([^/]+)$/, run: resolveUser },
  { name: 'roster', method: 'GET', path: /^\/v2\/team\/([^/]+)\/physicians$/, run: roster },
  { name: 'createOrder', method: 'POST', path: /^\/v3\/order$/, keyed: true, run: createOrder },
  { name: 'orders', method: 'GET', path: /^\/v3\/orders$/, run: listOrders },
  { name: 'order', method: 'GET', path: /^\/v3\/order\/([^/]+)$/, run: withOrder((_world, order) => ok(order)) },
  { name: 'result', method: 'GET', path: /^\/v3\/order\/([^/]+)\/result$/, run: withOrders(result) },
  { name: 'resultMetadata', method: 'GET', path: /^\/v3\/order\/([^/]+)\/result\/metadata$/, run: withOrders(resultMetadata) },
  { name: 'document', method: 'GET', path: /^\/v3\/order\/([^/]+)\/result\/pdf$/, run: withOrders(document) },
  { name: 'journeyResult', method: 'GET', path: /^\/v3\/order_transaction\/([^/]+)\/result$/, run: withJourney(result) },
  { name: 'journeyDocument', method: 'GET', path: /^\/v3\/order_transaction\/([^/]+)\/result\/pdf$/, run: withJourney(document) },
  { name: 'cancelOrder', method: 'POST', path: /^\/v3\/order\/([^/]+)\/cancel$/, run: cancelOrder },
  { name: 'simulate', method: 'POST', path: /^\/v3\/order\/([^/]+)\/test$/, run: simulate },
  // Junction has no operation that registers a physician; this is the kind of path a partner contract would add.
  { name: 'pushPhysician', method: 'POST', path: /^\/partner\/([^/]+)\/physicians$/, keyed: true, run: pushPhysician },
];

/** A name that is taken is a 400 that carries the user of that name. */
function createUser(world: World, { body }: SandboxRequest): Reply {
  const name = body.client_user_id;
  if (typeof name !== 'string' || name === '')
    return refused(422, [{ type: 'missing', loc: ['body', 'client_user_id'], msg: 'Field required', input: body }]);
  const existing = userOf(world, name);
  if (existing) return refused(400, conflictOf(existing));
  if ([...world.users.values()].filter((user) => isThere(world, user)).length >= world.mostUsers)
    return refused(400, `This team has reached its maximum of ${world.mostUsers} users.`);
  const user = { user_id: randomUUID(), team_id: world.teamId, client_user_id: name, created_on: world.now().toISOString() };
  world.users.set(name, user);
  return ok({ ...user, connected_sources: [], fallback_time_zone: null });
}

const conflictOf = ({ user_id, created_on }: SandboxUser): object => ({
  error_type: 'INVALID_REQUEST',
  error_message: 'Client user id already exists.',
  user_id,
  created_on,
});

function userOf(world: World, name: string): SandboxUser | undefined {
  const user = world.users.get(name);
  return user && isThere(world, user) ? user : undefined;
}

const isThere = (world: World, { goneAt = Number.POSITIVE_INFINITY }: SandboxUser): boolean => world.now().getTime() < goneAt;

const GRACE_MS = 7 * 24 * 3_600_000;

/** Done a week later; until then nothing tells. */
function deleteUser(world: World, { path: [id] }: SandboxRequest): Reply {
  const user = [...world.users.values()].find(({ user_id }) => user_id === id);
  if (!user || !isThere(world, user)) return refused(404, 'User not found.');
  world.users.set(user.client_user_id, { ...user, goneAt: world.now().getTime() + GRACE_MS });
  return ok({ success: true });
}

function resolveUser(world: World, { path: [name] }: SandboxRequest): Reply {
  const { goneAt: _unsaid, ...user } = userOf(world, name!) ?? {};
  return 'user_id' in user ? ok({ ...user, connected_sources: [], fallback_time_zone: null }) : refused(404, 'User not found.');
}

function roster(world: World, { path: [team] }: SandboxRequest): Reply {
  return team === world.teamId ? ok(world.physicians) : refused(403, 'Not allowed for this team.');
}

function createOrder(world: World, { body }: SandboxRequest): Reply {
  const refusal = refusalOf(body, world);
  if (refusal) return refusal;
  if (![...world.users.values()].some((user) => user.user_id === body.user_id && isThere(world, user)))
    return refused(404, 'User not found in this team.');
  const order: SandboxOrder = {
    id: randomUUID(),
    transactionId: randomUUID(),
    userId: body.user_id as string,
    passthrough: typeof body.passthrough === 'string' ? body.passthrough : null,
    createdAt: world.now().toISOString(),
    events: begun(world, body),
    sent: body,
    origin: 'initial',
    parentId: null,
    report: null,
  };
  world.orders.set(order.id, order);
  announce(world, order, 'labtest.order.created');
  return ok({ order: shown(world, order), status: 'SUCCESS', message: 'Order submitted' });
}

function listOrders(world: World, { query }: SandboxRequest): Reply {
  const page = Number(query.get('page') ?? 1);
  const size = Number(query.get('size') ?? 50);
  if (!(page >= 1) || !(size >= 1 && size <= 100))
    return refused(422, [{ type: 'value_error', loc: ['query', 'size'], msg: 'Input should be from 1 to 100', input: query.get('size') }]);
  const listed = world.now().getTime() - world.listedAfter * 1000;
  const shownYet = [...world.orders.values()].filter(({ createdAt }) => Date.parse(createdAt) <= listed);
  const all = shownYet.filter((order) => FILTERS.every((filter) => filter(order, query))).reverse();
  return ok({ orders: all.slice((page - 1) * size, page * size).map((order) => shown(world, order)), total: all.length, page, size });
}

const time = (text: string | null, standard: number): number => (text === null ? standard : Date.parse(text));
const changedAt = ({ events }: SandboxOrder): number => Date.parse(events.at(-1)!.created_at);

/** What a list may be narrowed by. */
const FILTERS: ((order: SandboxOrder, query: URLSearchParams) => boolean)[] = [
  (order, query) => [null, order.userId].includes(query.get('user_id')),
  (order, query) => [null, order.transactionId].includes(query.get('order_transaction_id')),
  ({ id }, query) => !query.has('order_ids') || query.getAll('order_ids').includes(id),
  (order, query) => Date.parse(order.createdAt) >= time(query.get('start_date'), 0),
  (order, query) => Date.parse(order.createdAt) <= time(query.get('end_date'), Number.POSITIVE_INFINITY),
  (order, query) => changedAt(order) >= time(query.get('updated_start_date'), 0),
  (order, query) => changedAt(order) <= time(query.get('updated_end_date'), Number.POSITIVE_INFINITY),
];

function result(orders: SandboxOrder[], world: World): Reply {
  const found = resultShown(orders);
  return found ? ok({ ...found, order_transaction: journeyOf(world, orders.at(-1)!) }) : refused(404, 'Results not found.');
}

function resultMetadata([order]: SandboxOrder[]): Reply {
  return order?.report ? ok(metadataOf(order, order.report)) : refused(404, 'Results not found.');
}

function document(orders: SandboxOrder[]): Reply {
  const last = orders.findLast(({ report }) => report?.hasDocument);
  return last ? { status: 200, body: documentShown(last), headers: { 'content-type': 'application/pdf' } } : refused(404, 'No PDF.');
}

function cancelOrder(world: World, { path: [id] }: SandboxRequest): Reply {
  const order = world.orders.get(id!);
  if (!order) return refused(404, 'Order not found.');
  if (!cancel(world, order))
    return {
      status: 400,
      body: { error: 'bad_request', message: `An order that is ${statusOf(order)} cannot be cancelled.`, status_code: 400 },
    };
  return ok({ order: shown(world, world.orders.get(order.id)!), status: 'SUCCESS', message: 'Order cancelled' });
}

function simulate(world: World, { path: [id], query, body }: SandboxRequest): Reply {
  const order = world.orders.get(id!);
  if (!order) return refused(404, 'Order not found.');
  const { interpretation, has_missing_results: missing } = body as { interpretation?: string; has_missing_results?: boolean };
  step(world, order, query.get('final_status') ?? undefined, { ...(interpretation && { interpretation }), ...(missing && { missing }) });
  return ok('Success');
}

function pushPhysician(world: World, { path: [team], body }: SandboxRequest): Reply {
  if (team !== world.teamId) return refused(403, 'Not allowed for this team.');
  const { first_name, last_name, npi } = body as Record<string, string>;
  const id = randomUUID();
  world.physicians = [...world.physicians, { first_name: first_name!, last_name: last_name!, npi: npi!, id }];
  return ok({ id });
}

function withOrder(run: (world: World, order: object) => Reply): Operation['run'] {
  return (world, { path: [id] }) => {
    const order = world.orders.get(id!);
    return order ? run(world, shown(world, order)) : refused(404, 'Order not found.');
  };
}

function withOrders(run: (orders: SandboxOrder[], world: World) => Reply): Operation['run'] {
  return (world, { path: [id] }) => {
    const order = world.orders.get(id!);
    return order ? run([order], world) : refused(404, 'Order not found.');
  };
}

function withJourney(run: (orders: SandboxOrder[], world: World) => Reply): Operation['run'] {
  return (world, { path: [id] }) => run(siblings(world, id!), world);
}
