// The door out, put together: what the writes of a ServiceRequest bring with them, the steps that the vendors' doors wait for, and the worker.
import { rule, upstream } from '../fhir/outcome.ts';
import type { Caller, Context, Effect } from '../resource/context.ts';
import type { Row } from '../store/store.ts';
import { startFollowing } from './following/follow-worker.ts';
import type { Following, ResultMappings } from './following/following.ts';
import {
  claim,
  complete,
  type Directory,
  pushDirectory,
  type Registered,
  type Registration,
  register,
  release,
  rosterDirectory,
  wait,
} from './junction-physician.ts';
import { junctionClient } from './network/client.ts';
import type { JunctionAccount } from './network/exchange.ts';
import { junctionReads } from './network/reads.ts';
import { fulfilmentEffect } from './ordering/fulfilment.ts';
import { orderEffect } from './ordering/order.ts';
import type { OrderRules } from './ordering/order-content.ts';
import { ORDER, orderEntry } from './ordering/order-entry.ts';
import { npiOf } from './ordering/signer.ts';
import { awaitListing, LISTING, type Listed, listingSender } from './physician-listing.ts';
import { breaker } from './sending/breaker.ts';
import { CANCELLATION, sendCancellation } from './sending/cancel.ts';
import { sendOrder } from './sending/send.ts';
import { sendNow } from './sending/send-now.ts';
import type { Sending } from './sending/sending.ts';
import { type Senders, startWorker } from './sending/worker.ts';
import type { STEPS } from './steps.ts';
import { receive, WEBHOOK_LIMIT, WEBHOOK_PATHS, type WebhookDoor, type WebhookMessage } from './webhooks/door.ts';

export interface JunctionOptions extends OrderRules {
  /** The secrets webhooks may be signed with; asked for at each message. */
  webhookSecrets: () => string[];
  /** Asked for at each call: a sandbox's address is known only after it has started. Undefined: there is none, and what needs it is 502. */
  account: () => JunctionAccount | undefined;
  /** Where physicians are pushed (`{team_id}` is filled in); without it the team's roster is read. */
  physicianPath?: string | undefined;
  /** How results become resources. */
  results: ResultMappings;
}

/** What the roof has to give. `log` is told ids and reasons, nothing of a patient. */
export interface JunctionParts
  extends Pick<Sending, 'store' | 'clock' | 'newId' | 'log' | 'attempted' | 'attemptMs'>,
    Pick<Following, 'webhook'> {
  contextOf(caller: Caller): Context;
  random?: () => number;
  /** Writes these fields of a registration that was answered before, where it says what it `said` then. */
  fillIn(
    context: Context,
    item: { port: string; id: string; key: string },
    what: { said: Record<string, unknown>; fields: Record<string, unknown> },
  ): Promise<'written' | 'changed' | 'gone'>;
}

/** One created item, as the doors hand it over. */
interface Item extends Registration {
  row: Row;
}

/** A step that a create waits for: inside the transaction, after the commit, and inside the transaction of the answer; and what happens when two want the same. */
export interface Step {
  claim(context: Context, item: Item): Promise<{ state: 'open'; by?: string } | { state: 'complete' | 'busy' }>;
  wait(context: Context, item: Item, since: number): Promise<void>;
  finish(context: Context, item: Item): Promise<Record<string, unknown> | undefined>;
  settle(context: Context, item: Item, fields: Record<string, unknown> | undefined): Promise<boolean>;
  release(context: Context, item: Item): Promise<void>;
}

export interface Junction {
  /** What writes of these types bring with them. */
  effects: Record<'ServiceRequest' | 'Task', Effect>;
  /** By the names that mappings give them (`port:`). */
  steps: Record<(typeof STEPS)[number], Step>;
  /** Where the network tells us what happened. */
  hook: { paths: string[]; limit: number; receive(message: WebhookMessage): Promise<void> };
  /** Whether orders are held back because the network does not answer. */
  heldBack(): boolean;
  /** Starts to drain the outbox and to follow what was sent; call the answer to stop. */
  start(): () => Promise<void>;
}

export function junction(options: JunctionOptions, parts: JunctionParts): Junction {
  const { account, systems, physicianPath } = options;
  const client = junctionClient(account);
  const sending: Sending = { random: Math.random, ...parts, client, breaker: breaker(), systems };
  const following: Following = {
    ...sending,
    webhook: parts.webhook,
    reads: junctionReads(account),
    pace: breaker(),
    results: options.results,
  };
  const directory = physicianPath === undefined ? rosterDirectory(client) : pushDirectory(client, physicianPath);
  const listed: Listed = (context, { id, key }, physicianId) =>
    parts.fillIn(
      context,
      { port: 'physician', id, key },
      { said: { status: 'pending' }, fields: fieldsOf({ id: physicianId, status: 'active' }) },
    );
  const senders: Senders = { [ORDER]: sendOrder, [CANCELLATION]: sendCancellation, [LISTING]: listingSender(client, listed) };
  const door: WebhookDoor = { ...parts, secrets: options.webhookSecrets, teamId: () => account()?.teamId };
  return {
    effects: { ServiceRequest: orderEffect(options), Task: fulfilmentEffect(systems) },
    steps: { 'lab-order': orderStep(sending), physician: physicianStep(directory) },
    hook: { paths: WEBHOOK_PATHS, limit: WEBHOOK_LIMIT, receive: (message) => receive(door, message) },
    heldBack: () => Number.isFinite(sending.breaker.allows(sending.clock())),
    start: () => {
      const stops = [startWorker(sending, senders), startFollowing(following)];
      return async () => void (await Promise.all(stops.map((stop) => stop())));
    },
  };
}

/** Who sends an order is told by its entry in the outbox: nobody is kept out here. */
const orderStep = (sending: Sending): Step => ({
  claim: claimOrder,
  wait: async () => {},
  finish: (context, { row }) => finishOrder(sending, context, row),
  settle: async () => true,
  release: async () => {},
});

const physicianStep = (directory: Directory): Step => ({
  claim,
  wait,
  async finish(context, item) {
    return fieldsOf(await register(context, item, directory));
  },
  async settle(context, item, fields) {
    if (!(await complete(context, item))) return false;
    if (fields?.status === 'pending') await awaitListing(context, { id: item.id, key: item.key, npi: npiOf(item.own()) ?? '' });
    return true;
  },
  release,
});

/** What the vendor shows of a registration. */
const fieldsOf = ({ id, status }: Registered): Record<string, unknown> => ({ junction_physician_id: id, status });

/** The effect has put it into the outbox; what it does not send cannot be answered with an order id. */
async function claimOrder({ store, caller }: Context, { row }: Item): Promise<{ state: 'open' }> {
  if (!(await orderEntry(store, caller.tenant, row.id)))
    throw rule('this code is not in the table of panels that can be ordered', 'ServiceRequest.code');
  return { state: 'open' };
}

async function finishOrder(sending: Sending, context: Context, row: Row): Promise<undefined> {
  const sent = await sendNow(sending, context, row.id);
  if (sent.result === 'accepted') return;
  throw upstream(
    sent.final
      ? ['the laboratory network refused the order', sent.why].filter(Boolean).join(': ')
      : 'the laboratory network has not confirmed the order yet: repeat the request with the same idempotency key',
  );
}
