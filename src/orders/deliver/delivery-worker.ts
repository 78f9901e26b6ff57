// The background work that sends the entries of the outbox, each account by itself: the long queue, the slow responses or the limits of one account do not delay
// another. Several processes may run it: one process at a time has the lease of an entry.
import { createKeyedRuns } from '../../messaging/keyed-runs.ts';
import { backOffWhileIdle, type PollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { OutboxState } from '../../store/queues/outbox-entry.ts';
import { inSpan } from '../../tracing/span.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { claimDueEntries } from './claim.ts';
import { MANUAL_DUE_TIME } from './operator-actions.ts';
import { createDeliveryLease, type Delivery, type OrderSender } from './order-sender.ts';

/** Topic → the function that sends its entries. */
export type DeliveryHandlers = Record<string, (sender: OrderSender, delivery: Delivery) => Promise<OutboxState>>;

/** An account and the functions that send its entries. */
export interface DeliveryAccount {
  sender: OrderSender;
  handlers: DeliveryHandlers;
}

interface DeliveryWorkParts extends Pick<OrderSender, 'store' | 'clock' | 'log'> {
  /** The accounts that may send now. Called in each round. */
  listAccounts(): Promise<DeliveryAccount[]>;
}

/** Interval between polls of an empty outbox, in ms. */
const POLL_MS = 500;

interface DeliveryWork {
  /** One round and the pause after it. */
  work(loop: PollLoop): Promise<void>;
  /** Resolves when the deliveries under way have ended. */
  finish(): Promise<unknown>;
}

/** A round asks in one statement which accounts have due entries. Each of these accounts then sends its entries until none is due. */
export function createOrderDeliveryWork(parts: DeliveryWorkParts): DeliveryWork {
  const { log, store } = parts;
  const [claims, deliveries] = [createKeyedRuns(), new Set<Promise<void>>()];
  /** The accounts that may have more due entries than their last claim was allowed to lease. */
  const limited = new Set<number>();
  const toRest = backOffWhileIdle(POLL_MS, () => store.isDistributed());
  const logFailure = (error: unknown): void => log({ error: redactError(error) }, 'the outbox cannot be read');
  const run = (account: DeliveryAccount, signal: AbortSignal): void => {
    const { id } = account.sender.account;
    const onFree = (): void => void (limited.has(id) && !signal.aborted && run(account, signal));
    claims.startOrFollow(id, async () => {
      while (!signal.aborted) {
        // slots that are free in the same turn of the event loop share a claim
        await new Promise(setImmediate);
        const started = await startDueDeliveries(account, signal, onFree).catch((error: unknown) => void logFailure(error));
        for (const delivery of started?.deliveries ?? []) track(delivery, onFree);
        if (started?.isLimited) limited.add(id);
        else limited.delete(id);
        if (!started?.isLimited || started.deliveries.length === 0) return;
      }
    });
  };
  /** When a request or a delivery ends, the account has a free slot. */
  const track = (delivery: Promise<void>, onFree: () => void): void => {
    deliveries.add(delivery);
    const end = (): void => {
      deliveries.delete(delivery);
      onFree();
    };
    void delivery.catch(logFailure).finally(end);
  };
  return {
    async work({ signal, rest }) {
      const due = await findDueAccounts(parts, ({ sender }) => !claims.isRunning(sender.account.id)).catch((error: unknown) => {
        logFailure(error);
        return [];
      });
      for (const account of due) run(account, signal);
      await rest(toRest(due.length));
    },
    async finish() {
      await claims.finish();
      await Promise.all(deliveries);
    },
  };
}

/** The accounts with due entries. Of an account whose gate is closed, only entries that an operator sends by hand count. */
async function findDueAccounts(
  { store, clock, listAccounts }: DeliveryWorkParts,
  isIdle: (account: DeliveryAccount) => boolean,
): Promise<DeliveryAccount[]> {
  const at = clock().toISOString();
  const accounts = (await listAccounts()).filter(isIdle);
  const given = accounts.map(({ sender: { account, gate } }) => ({
    account: account.id,
    dueAt: gate.closedForMs() === 0 ? at : MANUAL_DUE_TIME,
  }));
  const topics = [...new Set(accounts.flatMap(({ handlers }) => Object.keys(handlers)))];
  const due = new Set(await store.outbox.findDueAccounts(given, topics, at));
  return accounts.filter(({ sender }) => due.has(sender.account.id));
}

/** Sends the due entries that the gate admits, and waits for them. Returns their number. */
export async function drainOutbox(account: DeliveryAccount): Promise<number> {
  const { deliveries } = await startDueDeliveries(account, new AbortController().signal);
  await Promise.all(deliveries);
  return deliveries.length;
}

/** `isLimited`: more entries may be due than there were free slots. */
interface StartedDeliveries {
  deliveries: Promise<void>[];
  isLimited: boolean;
}

/** Waits for a slot of the gate and starts the due deliveries. While the gate is closed, only entries that an operator sends by hand are started. */
async function startDueDeliveries(
  { sender, handlers }: DeliveryAccount,
  signal: AbortSignal,
  onRequestEnd = () => {},
): Promise<StartedDeliveries> {
  const { gate } = sender;
  const first = await gate.enter(signal);
  if (signal.aborted) first?.leave();
  const slots = signal.aborted ? [] : first ? [first, ...gate.take(gate.limit() - 1)] : gate.take(gate.limit(), true);
  if (slots.length === 0) return { deliveries: [], isLimited: true };
  const lease = createDeliveryLease(sender);
  const due = { limit: slots.length, topics: Object.keys(handlers), ...(!first && { dueAt: MANUAL_DUE_TIME }) };
  const { entries, isLimited } = await claimDueEntries(sender, lease, due).catch((error: unknown) => {
    for (const { leave } of slots) leave();
    throw error;
  });
  for (const { leave } of slots.slice(entries.length)) leave();
  const deliveries = entries.map((entry, index) => {
    const { leave, endRequest } = slots[index]!;
    const leased = { entry, by: lease.by };
    const delivery = {
      ...leased,
      endRequest: () => {
        endRequest(leased);
        onRequestEnd();
      },
    };
    return runDelivery(sender, handlers, delivery).finally(leave);
  });
  return { deliveries, isLimited };
}

async function runDelivery(sender: OrderSender, handlers: DeliveryHandlers, delivery: Delivery): Promise<void> {
  const { tenant, account, topic } = delivery.entry;
  const attributes = { 'facet.tenant.id': tenant, 'facet.account.id': account, 'facet.topic': topic };
  const state = await inSpan({ name: `deliver ${topic}`, kind: 'background', attributes }, async (span) => {
    const outcome = await attemptDelivery(sender, delivery, () => handlers[topic]!(sender, delivery));
    span.set('facet.outcome', outcome);
    return outcome;
  });
  sender.onAttempt?.(topic, state);
}
