// The sandbox's webhooks: one message for each event, signed and sent as Junction's sender (Svix) does, with the faults that were requested.
// https://docs.junction.com/webhooks/introduction, https://docs.svix.com/receiving/verifying-payloads/how-manual
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { toOrderJson } from './order-json.ts';
import type { SandboxMessage, SandboxOrder, SandboxState, WebhookFault } from './sandbox-state.ts';

const WEBHOOK_FAULT_KINDS: WebhookFault['kind'][] = ['drop', 'duplicate', 'delay', 'forge', 'skew'];

export const isWebhookFault = (value: Record<string, unknown>): value is Record<string, unknown> & WebhookFault =>
  WEBHOOK_FAULT_KINDS.some((kind) => kind === value.kind);

/** Delays between attempts, in seconds. */
const RETRY_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];

/** An order was created or has changed: the message contains its current state. */
export function queueOrderWebhook(state: SandboxState, order: SandboxOrder, type: string): void {
  queueWebhook(state, { type, order, data: toOrderJson(state, order) });
}

/** The message about a critical result, which contains no values. */
export function queueCriticalResultWebhook(state: SandboxState, order: SandboxOrder): void {
  const { id, userId, report } = order;
  const at = report!.reportedAt;
  const { status, interpretation } = report!;
  const data = {
    order_id: id,
    sample_id: id,
    status,
    interpretation,
    team_id: state.teamId,
    user_id: userId,
    created_at: at,
    updated_at: at,
  };
  queueWebhook(state, { type: 'labtest.result.critical', order, data });
}

function queueWebhook(state: SandboxState, { type, order, data }: { type: string; order: SandboxOrder; data: object }): void {
  if (state.webhooks.url === undefined) return;
  const user = [...state.users.values()].find(({ user_id }) => user_id === order.userId);
  const body = { event_type: type, team_id: state.teamId, user_id: order.userId, client_user_id: user?.client_user_id, data };
  const fault = takeWebhookFault(state);
  const now = state.now().getTime();
  const due = now + (fault?.kind === 'delay' ? (fault.seconds ?? 60) * 1000 : 0);
  const times: Partial<Record<WebhookFault['kind'], number[]>> = { drop: [], duplicate: [due, due] };
  state.webhooks.messages.push({
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    type,
    orderId: order.id,
    body: JSON.stringify(body),
    due: (fault && times[fault.kind]) ?? [due],
    fault,
    answers: [],
  });
}

function takeWebhookFault(state: SandboxState): WebhookFault | undefined {
  const [first, ...rest] = state.webhooks.faults;
  if (!first) return undefined;
  const remaining = (first.times ?? 1) - 1;
  state.webhooks.faults = remaining > 0 ? [{ ...first, times: remaining }, ...rest] : rest;
  return first;
}

/** Sends due messages one after the other and returns their number. A message that is not accepted is due again later. */
export async function sendDueWebhooks(state: SandboxState): Promise<number> {
  const now = state.now().getTime();
  const due = state.webhooks.messages.filter((message) => message.due.some((at) => at <= now)).sort((a, b) => a.due[0]! - b.due[0]!);
  let sent = 0;
  for (const message of due) {
    const times = message.due.filter((at) => at <= now).length;
    message.due = message.due.filter((at) => at > now);
    for (let index = 0; index < times; index++, sent++) await attemptWebhook(state, message);
  }
  return sent;
}

async function attemptWebhook(state: SandboxState, message: SandboxMessage): Promise<void> {
  const status = await sendWebhook(state, message);
  message.answers.push(status);
  const wait = RETRY_SECONDS[message.answers.filter((status) => status < 200 || status > 299).length - 1];
  if ((status < 200 || status > 299) && wait !== undefined) message.due.push(state.now().getTime() + wait * 1000);
}

/** Returns the status, 0 without a response. */
export async function sendWebhook(state: SandboxState, message: SandboxMessage): Promise<number> {
  const { url, headers } = { url: state.webhooks.url!, headers: buildSignedHeaders(state, message) };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: message.body,
      signal: AbortSignal.timeout(15_000),
      redirect: 'manual',
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** The headers of one attempt, with its time. */
export function buildSignedHeaders(
  { webhooks, now, machineNow }: SandboxState,
  { id, body, fault }: SandboxMessage,
): Record<string, string> {
  const at = (webhooks.clock === 'team' ? now() : machineNow()).getTime() + (fault?.kind === 'skew' ? (fault.seconds ?? 600) * 1000 : 0);
  const secret = fault?.kind === 'forge' ? randomUUID().replaceAll('-', '') : webhooks.secret;
  const signature = new Webhook(secret).sign(id, new Date(at), body);
  return {
    'content-type': 'application/json',
    'svix-id': id,
    'svix-timestamp': String(Math.floor(at / 1000)),
    'svix-signature': signature,
  };
}

const POLL_MS = 100;

/** Sends due messages in the background; returns a function that stops it. */
export function startWebhookSender(state: SandboxState): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy || !state.webhooks.automatic || state.webhooks.url === undefined) return;
    busy = true;
    void sendDueWebhooks(state).finally(() => {
      busy = false;
    });
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
