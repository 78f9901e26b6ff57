// Metrics that are read at each scrape: figures from the database, which are the same in every process of an installation, and the load of this process's
// database connections.
import { type Aggregator, Counter, Gauge, type Registry } from 'prom-client';
import { DEPRECATED_METRICS } from '../deprecated-names.ts';
import { ENVIRONMENT_ACCOUNT } from '../orders/accounts/account-identity.ts';
import type { Database } from '../store/database/database.ts';
import type { QueueLoad } from '../store/database/fair-queue.ts';
import {
  countFailedPolls,
  countOpenWebhooks,
  readNotificationBacklog,
  readOutboxBacklog,
  readPollBacklog,
} from '../store/queues/backlogs.ts';
import { NOTIFICATION_TOPIC } from '../subscriptions/delivery-context.ts';

export interface MetricSources {
  database: Database;
  clock: () => Date;
  /** For each lab account, whether its circuit breaker stops sending orders. */
  listCircuits(): { account: string; isOpen: boolean }[];
  /** The load of the database connections by requests. */
  load: Readonly<QueueLoad>;
}

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

interface GaugeOptions {
  name: string;
  help: string;
  labels?: string[];
  read(): Sample[] | Promise<Sample[]>;
  /** How the values of several workers become one. Default: `max`, because figures from the database are the same in each. */
  aggregator?: Aggregator;
  /** The labels of the deprecated series of this gauge, if they differ. */
  formerLabels?: { names: string[]; from(labels: Record<string, string>): Record<string, string> };
}

/** The topic of orders. The topic of cancellations begins with the same word. */
const ORDER = 'order';
/** State of the outbox entry of a Subscription → state of the Subscription; every other state is `active`. */
const SUBSCRIPTION_STATES: Record<string, string> = { unknown: 'failing', parked: 'error' };

export function addInstallationMetrics(registry: Registry, sources: MetricSources): void {
  // the load is read first, because the statements of this scrape add to it
  for (const gauge of [...loadGauges(sources), ...orderGauges(sources), ...trackingGauges(sources), ...subscriptionGauges(sources)])
    addGauge(registry, gauge);
  addRefusals(registry, sources.load);
}

function addGauge(registry: Registry, { name, help, labels = [], read, aggregator = 'max', formerLabels }: GaugeOptions): void {
  const readOnce = shareConcurrent(async () => read());
  addSeries(registry, { name, help, labels, read: readOnce, aggregator });
  const formerName = Object.entries(DEPRECATED_METRICS).find(([, current]) => current === name)?.[0];
  if (formerName === undefined) return;
  const readFormer = async () => {
    const samples = (await readOnce()).map(({ labels: own = {}, value }) => ({ labels: formerLabels?.from(own) ?? own, value }));
    // without the new labels several samples may be one: the highest counts
    return samples.sort((a, b) => a.value - b.value);
  };
  const formerHelp = `Deprecated: use ${name}.`;
  addSeries(registry, { name: formerName, help: formerHelp, labels: formerLabels?.names ?? labels, read: readFormer, aggregator });
}

/** If the figures of a series cannot be read, it has no sample, because an old figure or 0 would mislead. */
function addSeries(registry: Registry, { name, help, labels, read, aggregator }: Required<Omit<GaugeOptions, 'formerLabels'>>): void {
  new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    aggregator,
    async collect() {
      const samples = await Promise.resolve(read()).catch(() => []);
      this.reset();
      if (!labels.length) this.remove();
      for (const sample of samples) this.set(sample.labels ?? {}, sample.value);
    },
  });
}

/** Concurrent calls share one run, so that the gauges of one scrape query the database once. */
function shareConcurrent<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** Seconds since a time; 0 for null and for a future time. */
const ageBy =
  (clock: () => Date) =>
  (since: string | null): number =>
    since === null ? 0 : Math.max(clock().getTime() - Date.parse(since), 0) / 1000;

const toOrderLabels = ({ account, topic, state }: { account: string | null; topic: string; state: string }): Record<string, string> => ({
  account: account ?? ENVIRONMENT_ACCOUNT.name,
  topic,
  state,
});

function orderGauges({ database, clock, listCircuits }: MetricSources): GaugeOptions[] {
  const age = ageBy(clock);
  const readOrders = shareConcurrent(async () => (await readOutboxBacklog(database)).filter(({ topic }) => topic.startsWith(ORDER)));
  return [
    {
      name: 'facet_orders',
      help: 'Orders and cancellations that are not finished, by lab account, topic and state.',
      labels: ['account', 'topic', 'state'],
      read: async () => (await readOrders()).map((waiting) => ({ labels: toOrderLabels(waiting), value: waiting.count })),
    },
    {
      name: 'facet_orders_oldest_seconds',
      help: 'Age in seconds of the oldest unfinished order or cancellation, by lab account, topic and state.',
      labels: ['account', 'topic', 'state'],
      read: async () => (await readOrders()).map((waiting) => ({ labels: toOrderLabels(waiting), value: age(waiting.oldest) })),
    },
    {
      name: 'facet_unconfirmed_order_oldest_seconds',
      help: 'Age in seconds of the oldest order that the lab network has not confirmed; 0 if there is none. Alert on it.',
      read: async () => {
        const ages = (await readOrders()).filter(({ topic }) => topic === ORDER).map(({ oldest }) => age(oldest));
        return [{ value: Math.max(0, ...ages) }];
      },
    },
    {
      name: 'facet_order_circuit_open',
      help: '1 while the circuit breaker of this process stops sending the orders of a lab account because its lab network does not respond, else 0.',
      labels: ['account'],
      formerLabels: { names: [], from: () => ({}) },
      read: () => listCircuits().map(({ account, isOpen }) => ({ labels: { account }, value: isOpen ? 1 : 0 })),
    },
  ];
}

function trackingGauges({ database, clock }: MetricSources): GaugeOptions[] {
  const age = ageBy(clock);
  return [
    {
      name: 'facet_order_polls_failing',
      help: 'Orders at the lab network whose last poll failed. Alert when it stays above 0 for hours.',
      read: async () => [{ value: await countFailedPolls(database) }],
    },
    {
      name: 'facet_order_poll_overdue_seconds',
      help: 'Seconds that the oldest order poll is overdue, by cause: webhook or schedule. Alert on webhook: results come late.',
      labels: ['cause'],
      formerLabels: { names: ['why'], from: ({ cause }) => ({ why: cause === 'webhook' ? 'news' : 'due' }) },
      read: async () => {
        const { oldestEvent, oldestPoll } = await readPollBacklog(database);
        return Object.entries({ webhook: oldestEvent, schedule: oldestPoll }).map(([cause, since]) => ({
          labels: { cause },
          value: age(since),
        }));
      },
    },
    {
      name: 'facet_webhook_inbox',
      help: 'Webhooks waiting to be processed, by state: new, or retry (its order is not known yet, or could not be read).',
      labels: ['state'],
      read: async () => Object.entries(await countOpenWebhooks(database)).map(([state, value]) => ({ labels: { state }, value })),
    },
  ];
}

function subscriptionGauges({ database, clock }: MetricSources): GaugeOptions[] {
  const age = ageBy(clock);
  const readWaiting = shareConcurrent(() => readNotificationBacklog(database));
  return [
    {
      name: 'facet_subscriptions',
      help: 'Subscriptions that are not off, by state: active, failing, or error (until an operator or the owner retries it).',
      labels: ['state'],
      read: async () => {
        const entries = (await readOutboxBacklog(database)).filter(({ topic }) => topic === NOTIFICATION_TOPIC);
        return ['active', 'failing', 'error'].map((state) => ({
          labels: { state },
          value: entries.reduce(
            (sum, outboxBacklog) => sum + ((SUBSCRIPTION_STATES[outboxBacklog.state] ?? 'active') === state ? outboxBacklog.count : 0),
            0,
          ),
        }));
      },
    },
    {
      name: 'facet_notifications',
      help: 'Notifications waiting to be sent to subscribers.',
      read: async () => [{ value: (await readWaiting()).count }],
    },
    {
      name: 'facet_notification_oldest_seconds',
      help: 'Age in seconds of the oldest waiting notification; 0 if there is none.',
      read: async () => [{ value: age((await readWaiting()).oldest) }],
    },
  ];
}

const loadGauges = ({ load }: MetricSources): GaugeOptions[] => [
  {
    name: 'facet_database_connections_in_use',
    help: 'Database connections that requests use now.',
    aggregator: 'sum',
    read: () => [{ value: load.inUse }],
  },
  {
    name: 'facet_database_queue_length',
    help: 'Statements and transactions of requests that wait for a database connection.',
    aggregator: 'sum',
    read: () => [{ value: load.waiting }],
  },
];

function addRefusals(registry: Registry, load: Readonly<QueueLoad>): void {
  new Counter({
    name: 'facet_database_refusals_total',
    help: 'Requests that got no database connection, by reason. Alert on "queue full" and "waited too long".',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(load.refused)) this.inc({ reason }, count);
    },
  });
}
