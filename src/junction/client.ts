// Junction's operations as functions, one each. None is retried here: whoever asks decides what an unknown outcome means.
// https://docs.junction.com/api-reference
import type { Outcome } from '../messaging/outcome.ts';
import { asking, type JunctionAccount } from './exchange.ts';
import { objectOf, textIn } from './json-accessors.ts';
import { PAGE, pageOf } from './orders-page.ts';
import { type Answered, onlyAbout, outcomeOf, type Unanswered } from './outcome.ts';

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
interface Pushed {
  offered: boolean;
  id: string | null;
}

/** Each call ends with its `signal` at the latest. */
export interface JunctionClient {
  /** The user of this name, made when there is none. */
  user(clientUserId: string, signal: AbortSignal): Promise<Outcome<string>>;
  /** Accepted only with the `passthrough` of the body: an answer about another order leaves the outcome unknown. */
  createOrder(order: { body: string; key: string }, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  order(id: string, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  /** Looks through a user's orders, or the team's since then, for the one that carries this text; accepted with undefined: all were seen, it is not there. */
  findOrder(
    sought: { passthrough: string } & ({ userId: string } | { since: string }),
    signal: AbortSignal,
  ): Promise<Outcome<JunctionOrder | undefined>>;
  cancelOrder(id: string, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  roster(signal: AbortSignal): Promise<Outcome<RosterPhysician[]>>;
  /** Tells a partner's path (`{team_id}` is filled in) of a physician; one it holds already is accepted too. */
  pushPhysician(path: string, physician: { body: object; key: string }, signal: AbortSignal): Promise<Outcome<Pushed>>;
}

/** The client of an account. */
export function junctionClient(account: () => JunctionAccount | undefined): JunctionClient {
  const reach = asking(account);
  const get = (path: string, signal: AbortSignal) => reach({ method: 'GET', path, signal });
  const post = (path: string, body: string, signal: AbortSignal, headers = {}) => reach({ method: 'POST', path, body, signal, headers });
  return {
    async user(clientUserId, signal) {
      const sent = { client_user_id: clientUserId };
      const answer = await post('/v2/user', JSON.stringify(sent), signal);
      const existing = 'fault' in answer ? undefined : conflicting(answer);
      if (existing !== undefined) return { kind: 'accepted', value: existing };
      const made = notMissing(outcomeOf(answer, userNamed(clientUserId)));
      if (made.kind !== 'refused' && !('status' in answer && answer.status === 409)) return made;
      const resolved = outcomeOf(await get(`/v2/user/resolve/${encodeURIComponent(clientUserId)}`, signal), userNamed(clientUserId));
      return resolved.kind === 'refused' ? made : resolved;
    },
    async createOrder({ body, key }, signal) {
      const answer = await post('/v3/order', body, signal, { 'x-idempotency-key': key });
      const sent = textIn(JSON.parse(body), 'passthrough');
      return onlyAbout(outcomeOf(answer, orderWithin), ({ passthrough }) => passthrough === sent);
    },
    order: async (id, signal) =>
      onlyAbout(outcomeOf(await get(`/v3/order/${encodeURIComponent(id)}`, signal), orderOf), (order) => order.id === id),
    async findOrder({ passthrough, ...sought }, signal) {
      const whose = 'userId' in sought ? { user_id: sought.userId } : { start_date: sought.since };
      for (let page = 1; page <= MOST_PAGES; page++) {
        const query = new URLSearchParams({ ...whose, page: String(page), size: String(PAGE) });
        const listed = outcomeOf(await get(`/v3/orders?${query}`, signal), pageOf(orderOf));
        if (listed.kind !== 'accepted') return listed;
        const found = listed.value.orders.find((order) => order.passthrough === passthrough);
        if (found || listed.value.last) return { kind: 'accepted', value: found };
      }
      return { kind: 'unknown', why: 'there are more orders than are looked through' };
    },
    cancelOrder: async (id, signal) =>
      onlyAbout(outcomeOf(await post(`/v3/order/${encodeURIComponent(id)}/cancel`, '', signal), orderWithin), (order) => order.id === id),
    async roster(signal) {
      const teamId = account()?.teamId;
      if (teamId === undefined) return { kind: 'unauthorised', why: 'JUNCTION_TEAM_ID is not set' };
      return outcomeOf(await get(`/v2/team/${encodeURIComponent(teamId)}/physicians`, signal), rosterOf);
    },
    async pushPhysician(path, { body, key }, signal) {
      const filled = path.replace('{team_id}', () => encodeURIComponent(account()?.teamId ?? ''));
      const answer = await post(filled, JSON.stringify(body), signal, { 'x-idempotency-key': key });
      return pushedOf(answer) ?? outcomeOf(answer, (given) => ({ offered: true, id: physicianId(given) }));
    },
  };
}

const MOST_PAGES = 50;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const userId = (body: unknown): string | undefined => textIn(body, 'user_id');

/** The id of the user with this name; undefined when the answer is about another user. https://docs.junction.com/api-reference/user/create-user */
const userNamed =
  (name: string) =>
  (body: unknown): string | undefined =>
    (textIn(body, 'client_user_id') ?? name) === name ? userId(body) : undefined;

/** A user of that name exists: 400 (or 409) with the user's id in `detail`. Known by the id, never by the message. */
function conflicting({ status, body }: Answered): string | undefined {
  const id = userId(objectOf(body).detail);
  return (status === 400 || status === 409) && id !== undefined && UUID.test(id) ? id : undefined;
}

/** Who is to be made cannot be missing: it is the operation that is not there, because the address is wrong or a gateway answers. */
const notMissing = <T>(outcome: Outcome<T>): Outcome<T> =>
  outcome.kind === 'refused' && outcome.status === 404 ? { kind: 'unknown', why: outcome.why, status: 404 } : outcome;

const orderWithin = (body: unknown): JunctionOrder | undefined => orderOf(objectOf(body).order);

/** Its status is that of the event which the network names as the last; which is the newest by its number is asked by who follows it (order-snapshot.ts). */
function orderOf(given: unknown): JunctionOrder | undefined {
  const order = objectOf(given);
  const id = textIn(order, 'id');
  if (id === undefined) return undefined;
  const event = order.last_event ?? (Array.isArray(order.events) ? order.events.at(-1) : undefined);
  return {
    id,
    transactionId: textIn(order.order_transaction, 'id'),
    status: textIn(event, 'status') ?? textIn(order, 'status'),
    passthrough: textIn(order, 'passthrough'),
  };
}

function rosterOf(body: unknown): RosterPhysician[] | undefined {
  if (!Array.isArray(body)) return undefined;
  return body.map((one) => ({ npi: String(objectOf(one).npi ?? ''), id: physicianId(one) }));
}

const NOT_OFFERED = new Set([404, 405, 501]);

/** The answers that need no second look: no such operation, or a physician that is there already. */
function pushedOf(answer: Answered | Unanswered): Outcome<Pushed> | undefined {
  if ('fault' in answer) return undefined;
  if (NOT_OFFERED.has(answer.status)) return { kind: 'accepted', value: { offered: false, id: null } };
  const existing = physicianId(objectOf(answer.body).detail) ?? physicianId(answer.body);
  const there = answer.status === 409 || (answer.status === 400 && existing !== null);
  return there ? { kind: 'accepted', value: { offered: true, id: existing } } : undefined;
}

const physicianId = (given: unknown): string | null => textIn(given, 'id') ?? textIn(given, 'physician_id') ?? null;
