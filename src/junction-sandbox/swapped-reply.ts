// An answer that belongs to another request, as of a cache or a gateway that mixes up two clients.
import { randomUUID } from 'node:crypto';
import { toOrderJson } from './order-json.ts';
import type { Reply, SandboxState } from './sandbox-state.ts';

type Json = Record<string, unknown>;

/** The reply with another order, user or journey in the place of its own. If there is only one order: without the reference that was sent. */
export function swapReplySubject(state: SandboxState, reply: Reply): Reply {
  const body = reply.body as Json;
  if (reply.status >= 300) return reply;
  if (typeof body.client_user_id === 'string') return { ...reply, body: { ...body, ...pickOtherUser(state, body.client_user_id) } };
  if ('order' in body) return { ...reply, body: { ...body, order: pickOtherOrder(state, body.order as Json) } };
  if ('results' in body) return { ...reply, body: { ...body, order_transaction: { id: randomUUID(), status: 'active', orders: [] } } };
  return 'passthrough' in body ? { ...reply, body: pickOtherOrder(state, body) } : reply;
}

function pickOtherUser(state: SandboxState, name: string): Json {
  const other = [...state.users.values()].find((user) => user.client_user_id !== name);
  return { user_id: other?.user_id ?? randomUUID(), client_user_id: other?.client_user_id ?? 'another-user' };
}

function pickOtherOrder(state: SandboxState, own: Json): object {
  const other = [...state.orders.values()].find((order) => order.id !== own.id);
  return other ? toOrderJson(state, other) : { ...own, id: randomUUID(), passthrough: null };
}
