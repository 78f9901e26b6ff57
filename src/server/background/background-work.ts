// All background work of a server in one table. Several processes may run it at the same time: leases in the database keep them apart.
import type { KeyUsage } from '../../administration/key-usage.ts';
import { deleteOldAudit } from '../../audit/retention.ts';
import { createKeyedRuns } from '../../messaging/keyed-runs.ts';
import { type PollLoop, startPollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { AccountDirectory } from '../../orders/accounts/account-directory.ts';
import { createOrderDeliveryWork } from '../../orders/deliver/delivery-worker.ts';
import type { OrderSender } from '../../orders/deliver/order-sender.ts';
import { listDueSweeps, runSweep } from '../../orders/track/reconciliation-sweep.ts';
import { createTrackingWork } from '../../orders/tracking-worker.ts';
import { pruneInbox } from '../../orders/webhooks/inbox.ts';
import { deleteEndedWindows } from '../../store/rate-windows.ts';
import type { SubscriptionDelivery } from '../../subscriptions/delivery-context.ts';
import { createDeliveryWork } from '../../subscriptions/delivery-worker.ts';
import type { AccountRuntimes } from '../account-runtimes.ts';
import { deleteExpiredAnswers, deleteExpiredTokens, deleteUnusedLocks, type ExpiryParts } from './expiry.ts';
import { createIndexWork, type IndexWorkParts } from './index-work.ts';

interface BackgroundWork {
  /** For the log. */
  name: string;
  /** One round, and the pause after it. Must not throw. */
  work(loop: PollLoop): Promise<unknown>;
  /** Resolves when everything that the rounds have started is finished. */
  finish?(): Promise<unknown>;
}

/** The dependencies of a periodic task. */
interface Schedule {
  clock: () => Date;
  log: (facts: Record<string, unknown>, text: string) => void;
}

export interface OrderWork extends Schedule, Pick<OrderSender, 'store'> {
  accounts: AccountDirectory;
  runtimes: AccountRuntimes;
}

const SECOND = 1000;
const HOUR = 3_600_000;

/** Sends orders, cancellations and roster checks of all accounts, and reads their status and results. */
export const listOrderWork = ({ accounts, runtimes, ...work }: OrderWork): BackgroundWork[] => [
  runEvery('read changed lab accounts', SECOND, () => accounts.refresh(), work),
  { name: 'deliver orders', ...createOrderDeliveryWork({ ...work, listAccounts: runtimes.listSending }) },
  { name: 'track orders', ...createTrackingWork({ ...work, listTrackers: runtimes.listTrackers }) },
  createSweepWork(runtimes, work),
  runEvery('delete processed webhooks', HOUR, async () => Promise.all((await runtimes.listTrackers()).map(pruneInbox)), work),
];

/** Sweeps each account by itself: a sweep that takes long does not delay the sweeps of other accounts. */
function createSweepWork(runtimes: AccountRuntimes, schedule: Schedule): BackgroundWork {
  const name = 'sweep for changed orders';
  const sweeps = createKeyedRuns();
  const startDue = async (): Promise<void> => {
    const idle = (await runtimes.listTrackers()).filter(({ account }) => !sweeps.isRunning(account.id));
    for (const tracker of await listDueSweeps(idle))
      sweeps.start(tracker.account.id, () =>
        runSweep(tracker).catch((error: unknown) => tracker.log({ work: name, error: redactError(error) }, 'background work failed')),
      );
  };
  return { ...runEvery(name, 10 * SECOND, startDue, schedule), finish: () => sweeps.finish() };
}

export const listSubscriptionWork = (delivery: SubscriptionDelivery): BackgroundWork[] => [
  { name: 'deliver notifications', ...createDeliveryWork(delivery) },
];

export const listExpiryWork = (expiry: ExpiryParts): BackgroundWork[] => [
  runEvery('delete expired answers', HOUR, (signal) => deleteExpiredAnswers(expiry, signal), expiry),
  runEvery('delete expired access tokens', HOUR, (signal) => deleteExpiredTokens(expiry, signal), expiry),
  runEvery('delete ended rate limit windows', HOUR, () => deleteEndedWindows(expiry.database, expiry.clock().toISOString()), expiry),
  runEvery('delete unused locks', HOUR, (signal) => deleteUnusedLocks(expiry, signal), expiry),
  ...listAuditWork(expiry),
];

const listAuditWork = ({ auditRetentionDays: days, ...parts }: ExpiryParts): BackgroundWork[] =>
  days === undefined ? [] : [runEvery('delete old audit events', HOUR, (signal) => deleteOldAudit(parts, days, signal), parts)];

export const listMaintenanceWork = (index: IndexWorkParts, expiry: ExpiryParts, keyUsage: KeyUsage): BackgroundWork[] => [
  { name: 'maintain the search index', work: createIndexWork(index) },
  ...listExpiryWork(expiry),
  createKeyUsageWork(keyUsage, expiry),
];

/** The last uses are stored when the server stops. */
const createKeyUsageWork = (usage: KeyUsage, schedule: Schedule): BackgroundWork => {
  const name = 'store the last use of API keys';
  const fail = (error: unknown): void => schedule.log({ work: name, error: redactError(error) }, 'background work failed');
  return { ...runEvery(name, 5 * SECOND, () => usage.store(), schedule), finish: () => usage.store(true).catch(fail) };
};

/** Starts all background work. Call the result to stop: it resolves when everything under way is finished. */
export function startBackgroundWork(list: BackgroundWork[]): () => Promise<void> {
  const stops = list.map(({ work, finish }) => {
    const stop = startPollLoop(work);
    return async () => {
      await stop();
      await finish?.();
    };
  });
  return async () => void (await Promise.all(stops.map((stop) => stop())));
}

/** How often a periodic task reads the clock, in ms. Short, because the clock of a test may run faster than real time. */
const CLOCK_POLL_MS = 500;

/** Runs a task at once, and then each time `intervalMs` have passed by the clock. A failure is logged. */
function runEvery(
  name: string,
  intervalMs: number,
  run: (signal: AbortSignal) => Promise<unknown>,
  { clock, log }: Schedule,
): BackgroundWork {
  let lastRun = Number.NEGATIVE_INFINITY;
  const work = async ({ signal, rest }: PollLoop): Promise<void> => {
    const now = clock().getTime();
    if (now - lastRun >= intervalMs) {
      lastRun = now;
      await run(signal).catch((error: unknown) => log({ work: name, error: redactError(error) }, 'background work failed'));
    }
    await rest(CLOCK_POLL_MS);
  };
  return { name, work };
}
