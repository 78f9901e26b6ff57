// Junction's operations, without retries: the caller decides how to treat an unknown outcome.
// https://docs.junction.com/api-reference
import { toRecord } from '../fhir/json-values.ts';
import type { Outcome } from '../messaging/outcome.ts';
import type { JunctionAccount } from './account.ts';
import { createInsuranceClient, type InsuranceClient } from './insurance-client.ts';
import { readTextField } from './json-fields.ts';
import { PAGE_SIZE, parseOrdersPage } from './orders-page.ts';
import { buildPath, type JunctionPath } from './path.ts';
import { classifyResponse, createTransport, type JunctionResponse, type NoResponse, requireSubject } from './transport.ts';

/** The fields of an order that are read; the others are Junction's copy of the request. */
export interface JunctionOrder {
  id: string;
  transactionId: string | undefined;
  /** `received.walk_in_test.ordered`: phase, collection method, detail. */
  status: string | undefined;
  /** Our idempotency key, sent with the order. */
  passthrough: string | undefined;
}

export interface RosterPhysician {
  npi: string;
  /** Not documented; read if present. */
  id: string | null;
}

/** `offered`: false if the operation does not exist. `id`: of the physician at the partner, if returned. */
interface PushResult {
  offered: boolean;
  id: string | null;
}

/** Each request is aborted by its `signal`. */
export interface JunctionClient extends InsuranceClient {
  /** Returns the id of the user with this name, and creates the user if necessary. `isFresh`: an id that is remembered is not returned. */
  ensureUser(clientUserId: string, signal: AbortSignal, isFresh?: boolean): Promise<Outcome<string>>;
  /** `accepted` only if the response has the `passthrough` of the body. */
  createOrder(order: { body: string; key: string }, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  readOrder(id: string, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  /** Searches a user's orders, or the team's orders since a time, for this `passthrough`. `accepted` with undefined: all orders were read, and none matches. */
  findOrder(
    criteria: { passthrough: string } & ({ userId: string } | { since: string }),
    signal: AbortSignal,
  ): Promise<Outcome<JunctionOrder | undefined>>;
  cancelOrder(id: string, signal: AbortSignal): Promise<Outcome<JunctionOrder>>;
  listPhysicians(signal: AbortSignal): Promise<Outcome<RosterPhysician[]>>;
  /** Posts a physician to a partner's path, in which `{team_id}` is replaced. `accepted` also if the partner has the physician already. */
  pushPhysician(path: string, physician: { body: object; key: string }, signal: AbortSignal): Promise<Outcome<PushResult>>;
}

export function createJunctionClient(account: () => JunctionAccount | undefined): JunctionClient {
  const send = createTransport(account);
  const get = (path: JunctionPath, signal: AbortSignal) => send({ method: 'GET', path, signal });
  const post = (path: JunctionPath, body: string, signal: AbortSignal, headers = {}) =>
    send({ method: 'POST', path, body, signal, headers });
  return {
    ...createInsuranceClient(send),
    async ensureUser(clientUserId, signal) {
      const response = await post(buildPath`/v2/user`, JSON.stringify({ client_user_id: clientUserId }), signal);
      const existing = 'fault' in response ? undefined : readConflictingUserId(response);
      if (existing !== undefined) return { kind: 'accepted', value: existing };
      const created = missingOperationToUnknown(classifyResponse(response, readUserIdNamed(clientUserId)));
      if (created.kind !== 'refused' && !('status' in response && response.status === 409)) return created;
      const resolved = classifyResponse(await get(buildPath`/v2/user/resolve/${clientUserId}`, signal), readUserIdNamed(clientUserId));
      return resolved.kind === 'refused' ? created : resolved;
    },
    async createOrder({ body, key }, signal) {
      const response = await post(buildPath`/v3/order`, body, signal, { 'x-idempotency-key': key });
      const sent = readTextField(JSON.parse(body), 'passthrough');
      return requireSubject(classifyResponse(response, parseOrderEnvelope), ({ passthrough }) => passthrough === sent);
    },
    readOrder: async (id, signal) =>
      requireSubject(classifyResponse(await get(buildPath`/v3/order/${id}`, signal), parseOrder), (order) => order.id === id),
    async findOrder({ passthrough, ...scope }, signal) {
      const filter = 'userId' in scope ? { user_id: scope.userId } : { start_date: scope.since };
      for (let page = 1; page <= MAX_PAGES; page++) {
        const query = { ...filter, page: String(page), size: String(PAGE_SIZE) };
        const response = await send({ method: 'GET', path: buildPath`/v3/orders`, query, signal });
        const listed = classifyResponse(response, parseOrdersPage(parseOrder));
        if (listed.kind !== 'accepted') return listed;
        const found = listed.value.orders.find((order) => order.passthrough === passthrough);
        if (found || listed.value.last) return { kind: 'accepted', value: found };
      }
      return { kind: 'unknown', why: 'there are more orders than are searched' };
    },
    cancelOrder: async (id, signal) =>
      requireSubject(
        classifyResponse(await post(buildPath`/v3/order/${id}/cancel`, '', signal), parseOrderEnvelope),
        (order) => order.id === id,
      ),
    async listPhysicians(signal) {
      const teamId = account()?.teamId;
      if (teamId === undefined) return { kind: 'unauthorised', why: 'JUNCTION_TEAM_ID is not set' };
      return classifyResponse(await get(buildPath`/v2/team/${teamId}/physicians`, signal), parseRoster);
    },
    async pushPhysician(path, { body, key }, signal) {
      // the path is a setting
      const teamPath = { text: path.replace('{team_id}', () => encodeURIComponent(account()?.teamId ?? '')), template: path };
      const response = await post(teamPath, JSON.stringify(body), signal, { 'x-idempotency-key': key });
      return classifyPushResponse(response) ?? classifyResponse(response, (parsed) => ({ offered: true, id: readPhysicianId(parsed) }));
    },
  };
}

const MAX_PAGES = 50;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const readUserId = (body: unknown): string | undefined => readTextField(body, 'user_id');

/** Undefined if the response is about another user. https://docs.junction.com/api-reference/user/create-user */
const readUserIdNamed =
  (name: string) =>
  (body: unknown): string | undefined =>
    (readTextField(body, 'client_user_id') ?? name) === name ? readUserId(body) : undefined;

/** The name is taken: 400 (or 409) with the user's id in `detail`. Recognized by the id, not by the message. */
function readConflictingUserId({ status, body }: JunctionResponse): string | undefined {
  const id = readUserId(toRecord(body).detail);
  return (status === 400 || status === 409) && id !== undefined && UUID.test(id) ? id : undefined;
}

/** A creation cannot refer to a missing user: after a 404 the address is wrong, or a gateway responded. */
const missingOperationToUnknown = <T>(outcome: Outcome<T>): Outcome<T> =>
  outcome.kind === 'refused' && outcome.status === 404 ? { kind: 'unknown', why: outcome.why, status: 404 } : outcome;

const parseOrderEnvelope = (body: unknown): JunctionOrder | undefined => parseOrder(toRecord(body).order);

/** The status is that of `last_event`. order-snapshot.ts compares event ids to find the newest one. */
function parseOrder(json: unknown): JunctionOrder | undefined {
  const order = toRecord(json);
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
  return body.map((physician) => ({ npi: String(toRecord(physician).npi ?? ''), id: readPhysicianId(physician) }));
}

const NOT_OFFERED = new Set([404, 405, 501]);

/** No such operation, or the partner has the physician already; undefined for every other response. */
function classifyPushResponse(response: JunctionResponse | NoResponse): Outcome<PushResult> | undefined {
  if ('fault' in response) return undefined;
  if (NOT_OFFERED.has(response.status)) return { kind: 'accepted', value: { offered: false, id: null } };
  const existing = readPhysicianId(toRecord(response.body).detail) ?? readPhysicianId(response.body);
  const exists = response.status === 409 || (response.status === 400 && existing !== null);
  return exists ? { kind: 'accepted', value: { offered: true, id: existing } } : undefined;
}

const readPhysicianId = (json: unknown): string | null => readTextField(json, 'id') ?? readTextField(json, 'physician_id') ?? null;
