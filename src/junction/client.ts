// Junction's operations as functions, one each. None is retried here: whoever asks decides what an unknown outcome means.
// https://docs.junction.com/api-reference
import type { Outcome } from '../messaging/outcome.ts';
import { readTextField, toJsonObject } from './json-fields.ts';
import { PAGE_SIZE, parseOrdersPage } from './orders-page.ts';
import { classifyResponse, type JunctionResponse, type NoResponse, requireSubject } from './outcome.ts';
import { createTransport, type JunctionAccount } from './transport.ts';

/** What is read of an order; everything else in it is Junction's copy of what we sent. */
export interface JunctionOrder {
  id: string;
  transactionId: string | undefined;
  /** `received.walk_in_test.ordered`: phase, way of collecting, detail. */
  status: string | undefined;
  /** The text that was sent with it: our key. */
  passthrough: string | undefined;
}

export interface RosterPhysician {
  npi: string;
  /** Not documented today; taken when it is there. */
  id: string | null;
}

/** `offered`: false when there is no such operation. `id`: as the other side calls the physician, when it says so. */
interface PushResult {
  offered: boolean;
  id: string | null;
}

/** Each call ends with its `signal` at the latest. */
export interface JunctionClient {
  /** The user of this name, made when there is none. */
  ensureUser(clientUserId: string, signal: AbortSignal): Promise<Outcome<string>>;
  /** Accepted only with the `passthrough` of the body: an answer about another order leaves the outcome unknown. */
  createOrder(readOrder: { body: string; key: string }, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  order(id: string, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  /** Looks through a user's orders, or the team's since then, for the one that carries this text; accepted with undefined: all were seen, it is not there. */
  findOrder(
    sought: { passthrough: string } & ({ userId: string } | { since: string }),
    signal: AbortSignal,
  ): Promise<Outcome<JunctionOrder | undefined>>;
  cancelOrder(id: string, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  listPhysicians(signal: AbortSignal): Promise<Outcome<RosterPhysician[]>>;
  /** Tells a partner's path (`{team_id}` is filled in) of a physician; one it holds already is accepted too. */
  pushPhysician(path: string, physician: { body: object; key: string }, signal: AbortSignal): Promise<Outcome<PushResult>>;
}

/** The client of an account. */
export function createJunctionClient(account: () => JunctionAccount | undefined): JunctionClient {
  const reach = createTransport(account);
  const get = (path: string, signal: AbortSignal) => reach({ method: 'GET', path, signal });
  const post = (path: string, body: string, signal: AbortSignal, headers = {}) => reach({ method: 'POST', path, body, signal, headers });
  return {
    async ensureUser(clientUserId, signal) {
      const sent = { client_user_id: clientUserId };
      const answer = await post('/v2/user', JSON.stringify(sent), signal);
      const existing = 'fault' in answer ? undefined : readConflictingUserId(answer);
      if (existing !== undefined) return { kind: 'accepted', value: existing };
      const made = missingOperationToUnknown(classifyResponse(answer, readUserIdNamed(clientUserId)));
      if (made.kind !== 'refused' && !('status' in answer && answer.status === 409)) return made;
      const resolved = classifyResponse(
        await get(`/v2/user/resolve/${encodeURIComponent(clientUserId)}`, signal),
        readUserIdNamed(clientUserId),
      );
      return resolved.kind === 'refused' ? made : resolved;
    },
    async createOrder({ body, key }, signal) {
      const answer = await post('/v3/order', body, signal, { 'x-idempotency-key': key });
      const sent = readTextField(JSON.parse(body), 'passthrough');
      return requireSubject(classifyResponse(answer, parseOrderEnvelope), ({ passthrough }) => passthrough === sent);
    },
    order: async (id, signal) =>
      requireSubject(classifyResponse(await get(`/v3/order/${encodeURIComponent(id)}`, signal), parseOrder), (order) => order.id === id),
    async findOrder({ passthrough, ...sought }, signal) {
      const whose = 'userId' in sought ? { user_id: sought.userId } : { start_date: sought.since };
      for (let page = 1; page <= MAX_PAGES; page++) {
        const query = new URLSearchParams({ ...whose, page: String(page), size: String(PAGE_SIZE) });
        const listed = classifyResponse(await get(`/v3/orders?${query}`, signal), parseOrdersPage(parseOrder));
        if (listed.kind !== 'accepted') return listed;
        const found = listed.value.orders.find((order) => order.passthrough === passthrough);
        if (found || listed.value.last) return { kind: 'accepted', value: found };
      }
      return { kind: 'unknown', why: 'there are more orders than are looked through' };
    },
    cancelOrder: async (id, signal) =>
      requireSubject(
        classifyResponse(await post(`/v3/order/${encodeURIComponent(id)}/cancel`, '', signal), parseOrderEnvelope),
        (order) => order.id === id,
      ),
    async listPhysicians(signal) {
      const teamId = account()?.teamId;
      if (teamId === undefined) return { kind: 'unauthorised', why: 'JUNCTION_TEAM_ID is not set' };
      return classifyResponse(await get(`/v2/team/${encodeURIComponent(teamId)}/physicians`, signal), parseRoster);
    },
    async pushPhysician(path, { body, key }, signal) {
      const filled = path.replace('{team_id}', () => encodeURIComponent(account()?.teamId ?? ''));
      const answer = await post(filled, JSON.stringify(body), signal, { 'x-idempotency-key': key });
      return classifyPushResponse(answer) ?? classifyResponse(answer, (given) => ({ offered: true, id: readPhysicianId(given) }));
    },
  };
}

const MAX_PAGES = 50;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const readUserId = (body: unknown): string | undefined => readTextField(body, 'user_id');

/** The id of the user with this name; undefined when the answer is about another user. https://docs.junction.com/api-reference/user/create-user */
const readUserIdNamed =
  (name: string) =>
  (body: unknown): string | undefined =>
    (readTextField(body, 'client_user_id') ?? name) === name ? readUserId(body) : undefined;

/** A user of that name exists: 400 (or 409) with the user's id in `detail`. Known by the id, never by the message. */
function readConflictingUserId({ status, body }: JunctionResponse): string | undefined {
  const id = readUserId(toJsonObject(body).detail);
  return (status === 400 || status === 409) && id !== undefined && UUID.test(id) ? id : undefined;
}

/** Who is to be made cannot be missing: it is the operation that is not there, because the address is wrong or a gateway answers. */
const missingOperationToUnknown = <T>(outcome: Outcome<T>): Outcome<T> =>
  outcome.kind === 'refused' && outcome.status === 404 ? { kind: 'unknown', why: outcome.why, status: 404 } : outcome;

const parseOrderEnvelope = (body: unknown): JunctionOrder | undefined => parseOrder(toJsonObject(body).order);

/** Its status is that of the event which the network names as the last; which is the newest by its number is asked by who follows it (order-snapshot.ts). */
function parseOrder(given: unknown): JunctionOrder | undefined {
  const order = toJsonObject(given);
  const id = readTextField(order, 'id');
  if (id === undefined) return undefined;
  const event = order.last_event ?? (Array.isArray(order.events) ? order.events.at(-1) : undefined);
  return {
    id,
    transactionId: readTextField(order.order_transaction, 'id'),
    status: readTextField(event, 'status') ?? readTextField(order, 'status'),
    passthrough: readTextField(order, 'passthrough'),
  };
}

function parseRoster(body: unknown): RosterPhysician[] | undefined {
  if (!Array.isArray(body)) return undefined;
  return body.map((one) => ({ npi: String(toJsonObject(one).npi ?? ''), id: readPhysicianId(one) }));
}

const NOT_OFFERED = new Set([404, 405, 501]);

/** The answers that need no second look: no such operation, or a physician that is there already. */
function classifyPushResponse(answer: JunctionResponse | NoResponse): Outcome<PushResult> | undefined {
  if ('fault' in answer) return undefined;
  if (NOT_OFFERED.has(answer.status)) return { kind: 'accepted', value: { offered: false, id: null } };
  const existing = readPhysicianId(toJsonObject(answer.body).detail) ?? readPhysicianId(answer.body);
  const there = answer.status === 409 || (answer.status === 400 && existing !== null);
  return there ? { kind: 'accepted', value: { offered: true, id: existing } } : undefined;
}

const readPhysicianId = (given: unknown): string | null => readTextField(given, 'id') ?? readTextField(given, 'physician_id') ?? null;
