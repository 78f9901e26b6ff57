// The part of the sandbox's own HTTP API that is about webhooks: where they go, what goes wrong with them, what became of each.

import type { Operation } from './operations.ts';
import type { Reply, SandboxMessage, SandboxState, WebhookFault } from './sandbox-state.ts';
import { isWebhookFault, queueOrderWebhook, sendDueWebhooks, sendWebhook } from './webhook-sender.ts';

const ok = (body: unknown): Reply => ({ status: 200, body });
const badRequest = (text: string): Reply => ({ status: 400, body: { detail: text } });
const notFound = (what: string): Reply => ({ status: 404, body: { detail: `${what} not found.` } });

export const WEBHOOK_CONTROL_OPERATIONS: Operation[] = [
  { name: 'webhooks', method: 'GET', path: /^\/sandbox\/webhooks$/, run: showWebhooks },
  { name: 'setWebhooks', method: 'PUT', path: /^\/sandbox\/webhooks$/, run: (state, { body }) => configureWebhooks(state, body) },
  {
    name: 'deliver',
    method: 'POST',
    path: /^\/sandbox\/webhooks\/deliver$/,
    run: async (state) => ok({ sent: await sendDueWebhooks(state) }),
  },
  {
    name: 'addWebhookFault',
    method: 'POST',
    path: /^\/sandbox\/webhooks\/faults$/,
    run: (state, { body }) => addWebhookFault(state, body),
  },
  { name: 'clearWebhookFaults', method: 'DELETE', path: /^\/sandbox\/webhooks\/faults$/, run: (state) => setWebhookFaults(state, []) },
  {
    name: 'sendAgain',
    method: 'POST',
    path: /^\/sandbox\/webhooks\/([^/]+)\/send$/,
    run: (state, { path }) => resendMessage(state, path[0]!),
  },
  {
    name: 'resend',
    method: 'POST',
    path: /^\/sandbox\/orders\/([^/]+)\/resend$/,
    run: (state, { path }) => queueCurrentState(state, path[0]!),
  },
];

/** Without the bodies: those are the patients'. */
function showWebhooks({ webhooks }: SandboxState): Reply {
  const { messages, ...settings } = webhooks;
  const told = ({ id, type, orderId, due, answers, fault }: SandboxMessage) => ({
    id,
    type,
    order_id: orderId,
    due: due.map((at) => new Date(at).toISOString()),
    answers,
    ...(fault && { fault }),
  });
  return ok({ ...settings, messages: messages.map(told) });
}

const WEBHOOK_CLOCKS = new Set(['machine', 'team']);

function configureWebhooks(state: SandboxState, body: Record<string, unknown>): Reply {
  const { url = state.webhooks.url, automatic = state.webhooks.automatic, clock = state.webhooks.clock } = body;
  if (url !== null && url !== undefined && !URL.canParse(String(url))) return badRequest('url must be an absolute URL, or null for none.');
  if (typeof automatic !== 'boolean') return badRequest('automatic must be true or false.');
  if (!WEBHOOK_CLOCKS.has(String(clock))) return badRequest('clock must be machine or team.');
  const target = url === null || url === undefined ? undefined : String(url);
  state.webhooks = { ...state.webhooks, url: target, automatic, clock: clock as 'machine' | 'team' };
  return showWebhooks(state);
}

function addWebhookFault(state: SandboxState, fault: unknown): Reply {
  if (!isWebhookFault(fault)) return badRequest('A fault needs a kind: drop, duplicate, delay, forge or skew.');
  return setWebhookFaults(state, [...state.webhooks.faults, fault]);
}

function setWebhookFaults(state: SandboxState, faults: WebhookFault[]): Reply {
  state.webhooks.faults = faults;
  return ok(faults);
}

/** The same message once more, under the same id and stamped anew: as a person at the sender's dashboard would. */
async function resendMessage(state: SandboxState, id: string): Promise<Reply> {
  const message = state.webhooks.messages.find((one) => one.id === id);
  if (!message) return notFound('Message');
  if (state.webhooks.url === undefined) return badRequest('There is no url to send to.');
  return ok({ status: await sendWebhook(state, message) });
}

/** How the order stands now, in a message of its own. */
function queueCurrentState(state: SandboxState, id: string): Reply {
  const order = state.orders.get(id);
  if (!order) return notFound('Order');
  queueOrderWebhook(state, order, 'labtest.order.updated');
  return ok({ status: 'queued' });
}
