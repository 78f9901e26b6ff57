// The sandbox's webhooks: a message for each thing that happens, signed and sent as Junction's sender (Svix) does, with the mishaps that are asked for.
// https://docs.junction.com/webhooks/introduction, https://docs.svix.com/receiving/verifying-payloads/how-manual
import { createHmac, randomUUID } from 'node:crypto';
import { shown } from './order-shown.ts';
import type { Mishap, SandboxMessage, SandboxOrder, World } from './world.ts';

const KINDS = new Set(['drop', 'duplicate', 'delay', 'forge', 'skew']);

export const isMishap = (value: unknown): value is Mishap => KINDS.has((value as Mishap | null)?.kind ?? '');

/** Waits between attempts, in seconds; after the last one nobody tries again. */
const RETRIES = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];

/** An order was made, or has changed: the message carries it as it stands now. */
export function announce(world: World, order: SandboxOrder, type: string): void {
  queue(world, { type, order, data: shown(world, order) });
}

/** The thin message about a critical result: no values. */
export function announceCritical(world: World, order: SandboxOrder): void {
  const { id, userId, report } = order;
  const at = report!.reportedAt;
  const { status, interpretation } = report!;
  const data = {
    order_id: id,
    sample_id: id,
    status,
    interpretation,
    team_id: world.teamId,
    user_id: userId,
    created_at: at,
    updated_at: at,
  };
  queue(world, { type: 'labtest.result.critical', order, data });
}

function queue(world: World, { type, order, data }: { type: string; order: SandboxOrder; data: object }): void {
  if (world.webhooks.url === undefined) return;
  const user = [...world.users.values()].find(({ user_id }) => user_id === order.userId);
  const body = { event_type: type, team_id: world.teamId, user_id: order.userId, client_user_id: user?.client_user_id, data };
  const mishap = nextMishap(world);
  const now = world.now().getTime();
  const due = now + (mishap?.kind === 'delay' ? (mishap.seconds ?? 60) * 1000 : 0);
  const times: Partial<Record<Mishap['kind'], number[]>> = { drop: [], duplicate: [due, due] };
  world.webhooks.messages.push({
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    type,
    orderId: order.id,
    body: JSON.stringify(body),
    due: (mishap && times[mishap.kind]) ?? [due],
    mishap,
    answers: [],
  });
}

function nextMishap(world: World): Mishap | undefined {
  const [first, ...rest] = world.webhooks.mishaps;
  if (!first) return undefined;
  const left = (first.times ?? 1) - 1;
  world.webhooks.mishaps = left > 0 ? [{ ...first, times: left }, ...rest] : rest;
  return first;
}

/** Sends what is due, one after the other; answers how many were sent. One that is not taken is due again later. */
export async function deliverDue(world: World): Promise<number> {
  const now = world.now().getTime();
  const due = world.webhooks.messages.filter((message) => message.due.some((at) => at <= now)).sort((a, b) => a.due[0]! - b.due[0]!);
  let sent = 0;
  for (const message of due) {
    const times = message.due.filter((at) => at <= now).length;
    message.due = message.due.filter((at) => at > now);
    for (let nth = 0; nth < times; nth++, sent++) await attempt(world, message);
  }
  return sent;
}

async function attempt(world: World, message: SandboxMessage): Promise<void> {
  const status = await deliver(world, message);
  message.answers.push(status);
  const wait = RETRIES[message.answers.filter((one) => one < 200 || one > 299).length - 1];
  if ((status < 200 || status > 299) && wait !== undefined) message.due.push(world.now().getTime() + wait * 1000);
}

/** One delivery; answers the status, 0 when there was no answer. */
export async function deliver(world: World, message: SandboxMessage): Promise<number> {
  const { url, headers } = { url: world.webhooks.url!, headers: signed(world, message) };
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: message.body,
      signal: AbortSignal.timeout(15_000),
      redirect: 'manual',
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** The headers of one attempt, stamped with the time of it. */
export function signed({ webhooks, now, machine }: World, { id, body, mishap }: SandboxMessage): Record<string, string> {
  const at = (webhooks.clock === 'team' ? now() : machine()).getTime() + (mishap?.kind === 'skew' ? (mishap.seconds ?? 600) * 1000 : 0);
  const stamp = String(Math.floor(at / 1000));
  const secret = mishap?.kind === 'forge' ? randomUUID().replaceAll('-', '') : webhooks.secret.replace(/^whsec_/, '');
  const signature = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${id}.${stamp}.${body}`).digest('base64');
  return { 'content-type': 'application/json', 'svix-id': id, 'svix-timestamp': stamp, 'svix-signature': `v1,${signature}` };
}

const LOOK_EVERY_MS = 100;

/** Sends by itself what is due; call the answer to stop. */
export function deliverAlways(world: World): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy || !world.webhooks.automatic || world.webhooks.url === undefined) return;
    busy = true;
    void deliverDue(world).finally(() => {
      busy = false;
    });
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
