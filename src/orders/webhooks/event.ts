// What a webhook's body says it is about: the kind of event and the order. Nothing else in it is believed; the order is read again from the network.
// https://docs.junction.com/webhooks/event-structure

import { objectOf, textIn } from '../../junction/json-accessors.ts';
import type { InboxState } from '../../store/queues/inbox.ts';

interface WebhookEvent {
  type: string | null;
  /** The order's id at the network. */
  orderId: string | null;
  teamId: string | undefined;
  /** What it is on arrival: to be worked through, of no interest here, or not to be understood. */
  state: Extract<InboxState, 'new' | 'ignored' | 'undecodable'>;
}

const UNREADABLE: WebhookEvent = { type: null, orderId: null, teamId: undefined, state: 'undecodable' };
/** What the sender says of its own sending: it has given a message up. https://docs.svix.com/incoming-webhooks */
export const GIVEN_UP = 'message.attempt.exhausted';

/** Events about an order must name it; other kinds may. */
const ABOUT_ORDERS = /^labtest\.(?:order|result)\./;
const LONGEST_ID = 100;

/** The documentation shows an envelope (`{event_type, data, team_id}`) and, in places, the order alone: both are read. */
export function webhookEvent(body: Buffer): WebhookEvent {
  const content = parsed(body);
  if (content === undefined) return UNREADABLE;
  const own = textIn(content, 'type');
  const type = textIn(content, 'event_type') ?? (own?.startsWith('message.') ? own : null);
  const data = objectOf(content.data ?? content);
  const orderId = orderIdOf(type, data);
  const teamId = textIn(content, 'team_id') ?? textIn(data, 'team_id');
  if (orderId !== null) return { type, orderId, teamId, state: 'new' };
  return { type, orderId, teamId, state: type === null || ABOUT_ORDERS.test(type) ? 'undecodable' : 'ignored' };
}

function orderIdOf(type: string | null, data: Record<string, unknown>): string | null {
  const named = type?.startsWith('labtest.') ? textIn(data, 'order_id') : undefined;
  const isOrder = type === null ? 'events' in data || 'last_event' in data : type.startsWith('labtest.order.');
  const id = named ?? (isOrder ? textIn(data, 'id') : undefined);
  return id !== undefined && id.length <= LONGEST_ID ? id : null;
}

function parsed(body: Buffer): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(body.toString('utf8'));
    return content !== null && typeof content === 'object' && !Array.isArray(content) ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
