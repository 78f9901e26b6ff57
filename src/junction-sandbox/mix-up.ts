// An answer that belongs to another request, as of a cache or a gateway that mixes up two clients.
import { randomUUID } from 'node:crypto';
import { shown } from './order-shown.ts';
import type { Reply, World } from './world.ts';

type Json = Record<string, unknown>;

/** The reply with another order, user or journey in the place of its own. If there is only one order: without the reference that was sent. */
export function withAnother(world: World, reply: Reply): Reply {
  const body = reply.body as Json;
  if (reply.status >= 300) return reply;
  if (typeof body.client_user_id === 'string') return { ...reply, body: { ...body, ...anotherUser(world, body.client_user_id) } };
  if ('order' in body) return { ...reply, body: { ...body, order: anotherOrder(world, body.order as Json) } };
  if ('results' in body) return { ...reply, body: { ...body, order_transaction: { id: randomUUID(), status: 'active', orders: [] } } };
  return 'passthrough' in body ? { ...reply, body: anotherOrder(world, body) } : reply;
}

function anotherUser(world: World, name: string): Json {
  const other = [...world.users.values()].find((user) => user.client_user_id !== name);
  return { user_id: other?.user_id ?? randomUUID(), client_user_id: other?.client_user_id ?? 'another-user' };
}

function anotherOrder(world: World, own: Json): object {
  const other = [...world.orders.values()].find((order) => order.id !== own.id);
  return other ? shown(world, other) : { ...own, id: randomUUID(), passthrough: null };
}
