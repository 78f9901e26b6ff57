// Reads event type and order id from the body of a webhook. No other content is used: the order is read from Junction again.
// https://docs.junction.com/webhooks/event-structure
import { isObject, toRecord } from '../../fhir/json-values.ts';
import { readTextField } from '../../junction/json-fields.ts';
import type { InboxState } from '../../store/queues/inbox.ts';

interface WebhookEvent {
  type: string | null;
  /** The order's id at Junction. */
  orderId: string | null;
  teamId: string | undefined;
  /** `new`: to be processed. `ignored`: not about an order. `undecodable`: an order event without order id, or malformed. */
  state: Extract<InboxState, 'new' | 'ignored' | 'undecodable'>;
}

const UNREADABLE: WebhookEvent = { type: null, orderId: null, teamId: undefined, state: 'undecodable' };
/** An event of the webhook sender (Svix): it has stopped retrying a message. https://docs.svix.com/incoming-webhooks */
export const DELIVERY_EXHAUSTED = 'message.attempt.exhausted';

/** These events must contain an order id. */
const ABOUT_ORDERS = /^labtest\.(?:order|result)\./;
const MAX_ID_LENGTH = 100;

/** Junction documents an envelope (`{event_type, data, team_id}`) and, on some pages, the order alone. Both are accepted. */
export function parseWebhookEvent(body: Buffer): WebhookEvent {
  const content = parseJsonObject(body);
  if (content === undefined) return UNREADABLE;
  const own = readTextField(content, 'type');
  const type = readTextField(content, 'event_type') ?? (own?.startsWith('message.') ? own : null);
  const data = toRecord(content.data ?? content);
  const orderId = readOrderId(type, data);
  const teamId = readTextField(content, 'team_id') ?? readTextField(data, 'team_id');
  if (orderId !== null) return { type, orderId, teamId, state: 'new' };
  return { type, orderId, teamId, state: type === null || ABOUT_ORDERS.test(type) ? 'undecodable' : 'ignored' };
}

function readOrderId(type: string | null, data: Record<string, unknown>): string | null {
  const named = type?.startsWith('labtest.') ? readTextField(data, 'order_id') : undefined;
  const isOrder = type === null ? 'events' in data || 'last_event' in data : type.startsWith('labtest.order.');
  const id = named ?? (isOrder ? readTextField(data, 'id') : undefined);
  return id !== undefined && id.length <= MAX_ID_LENGTH ? id : null;
}

function parseJsonObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(body.toString('utf8'));
    return isObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}
