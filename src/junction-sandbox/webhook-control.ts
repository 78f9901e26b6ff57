// The webhook operations of the sandbox's own API: the target, the faults, and the messages with their attempts.

import { defineOperation, type Operation } from './operations.ts';
import { ok, type Reply, refuse, type SandboxMessage, type SandboxState, type WebhookFault } from './sandbox-state.ts';
import { isWebhookFault, queueOrderWebhook, sendDueWebhooks, sendWebhook } from './webhook-sender.ts';

export const WEBHOOK_CONTROL_OPERATIONS: Operation[] = [
  defineOperation('GET /sandbox/webhooks', showWebhooks),
  defineOperation('PUT /sandbox/webhooks', (state, { body }) => configureWebhooks(state, body), { fields: ['url', 'automatic', 'clock'] }),
  defineOperation('POST /sandbox/webhooks/deliver', async (state) => ok({ sent: await sendDueWebhooks(state) })),
  defineOperation('POST /sandbox/webhooks/faults', (state, { body }) => addWebhookFault(state, body), {
    fields: ['kind', 'seconds', 'times'],
  }),
  defineOperation('DELETE /sandbox/webhooks/faults', (state) => setWebhookFaults(state, [])),
  defineOperation('POST /sandbox/webhooks/{id}/send', (state, { path }) => resendMessage(state, path[0]!)),
  defineOperation('POST /sandbox/orders/{id}/resend', (state, { path }) => queueCurrentState(state, path[0]!)),
];

/** Without the bodies, which contain patient data. `mishaps` and `mishap` are the former names of `faults` and `fault`, for one more release. */
function showWebhooks({ webhooks }: SandboxState): Reply {
  const { messages, ...settings } = webhooks;
  const toJson = ({ id, type, orderId, due, answers, fault }: SandboxMessage) => ({
    id,
    type,
    order_id: orderId,
    due: due.map((at) => new Date(at).toISOString()),
    answers,
    ...(fault && { fault, mishap: fault }),
  });
  return ok({ ...settings, mishaps: settings.faults, messages: messages.map(toJson) });
}

function configureWebhooks(state: SandboxState, body: Record<string, unknown>): Reply {
  const { url = state.webhooks.url, automatic = state.webhooks.automatic, clock = state.webhooks.clock } = body;
  if (url !== null && url !== undefined && !URL.canParse(String(url))) return refuse(400, 'url must be an absolute URL, or null for none.');
  if (typeof automatic !== 'boolean') return refuse(400, 'automatic must be true or false.');
  if (clock !== 'machine' && clock !== 'team') return refuse(400, 'clock must be machine or team.');
  const target = url === null || url === undefined ? undefined : String(url);
  state.webhooks = { ...state.webhooks, url: target, automatic, clock };
  return showWebhooks(state);
}

function addWebhookFault(state: SandboxState, fault: Record<string, unknown>): Reply {
  if (!isWebhookFault(fault)) return refuse(400, 'A fault needs a kind: drop, duplicate, delay, forge or skew.');
  return setWebhookFaults(state, [...state.webhooks.faults, fault]);
}

function setWebhookFaults(state: SandboxState, faults: WebhookFault[]): Reply {
  state.webhooks.faults = faults;
  return ok(faults);
}

/** Sends the same message again, with the same id and a new timestamp, as the sender's dashboard does. */
async function resendMessage(state: SandboxState, id: string): Promise<Reply> {
  const message = state.webhooks.messages.find((message) => message.id === id);
  if (!message) return refuse(404, 'Message not found.');
  if (state.webhooks.url === undefined) return refuse(400, 'There is no url to send to.');
  return ok({ status: await sendWebhook(state, message) });
}

/** A new message with the current state of the order. */
function queueCurrentState(state: SandboxState, id: string): Reply {
  const order = state.orders.get(id);
  if (!order) return refuse(404, 'Order not found.');
  queueOrderWebhook(state, order, 'labtest.order.updated');
  return ok({ status: 'queued' });
}
