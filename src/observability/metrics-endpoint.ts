// Where the metrics are read: a listener of its own, on loopback unless an operator says otherwise, so that no key opens it and no proxy shows it by mistake.
// docs/decisions/0015-metrics-endpoint.md
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookMetrics } from '../orders/track/order-tracker.ts';
import type { Database } from '../store/database/database.ts';
import type { QueueLoad } from '../store/database/fair-queue.ts';
import { readOutboxBacklog } from '../store/queues/backlogs.ts';
import { countOpenWebhooks } from '../store/queues/inbox-view.ts';
import { readNotificationBacklog } from '../store/queues/notification-view.ts';
import { countFailedPolls, readPollBacklog } from '../store/queues/placed-orders-view.ts';
import { NOTIFICATION_TOPIC } from '../subscriptions/delivery-context.ts';
import { createMetrics, type Labels, type Metrics, type Sample } from './metrics.ts';

export interface MetricsEndpoint {
  /** Where it listens. */
  url: string;
  /** Watches one request of the server until it is answered. */
  observe(req: IncomingMessage, res: ServerResponse): void;
  /** Counts an attempt at an entry of the outbox. */
  attempted(topic: string, state: string): void;
  /** Counts a webhook on arrival, and how long it took until it was worked through. */
  webhook: WebhookMetrics;
  /** Counts a message to a subscriber. */
  notified(outcome: string): void;
  close(): Promise<void>;
}

/** In seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From the arrival of a webhook to its end: at once, or after its order became known, a day later at most. */
const LAG_BOUNDS = [0.5, 1, 2, 5, 15, 60, 300, 3600, 21_600, 86_400];
/** What has to leave, sooner or later. */
const ORDER = 'order';

/** What is looked at. `heldBack`: whether the sender holds orders back because the network does not answer. */
interface Watched {
  database: Database;
  clock: () => Date;
  heldBack(): boolean;
  /** How requests use the database connections. */
  load: Readonly<QueueLoad>;
}

export async function openMetricsEndpoint(
  at: { host: string; port: number },
  { database, clock, heldBack, load }: Watched,
): Promise<MetricsEndpoint> {
  const all = createMetrics();
  const count = all.counter('facet_order_attempts_total', 'Attempts at orders and cancellations by this process, by what they came to.');
  all.gauge('facet_network_held_back', '1 while this process holds orders back because the laboratory network does not answer.', () => [
    { labels: {}, value: heldBack() ? 1 : 0 },
  ]);
  const duration = all.histogram('facet_http_request_duration_seconds', 'How long requests took, by route as declared and status.', BOUNDS);
  const webhook = webhooks(all, database);
  connections(all, load);
  orders(all, database, clock);
  following(all, database, clock);
  const notified = subscriptions(all, database, clock);
  const server = createServer((req, res) => void answer(all, req, res));
  await listening(server, at);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}/metrics`,
    observe: (req, res) => {
      const began = performance.now();
      res.once('close', () =>
        duration({ method: req.method ?? '', route: routeOf(res), status: String(res.statusCode) }, (performance.now() - began) / 1000),
      );
    },
    attempted: (topic, state) => count({ topic, outcome: state }),
    webhook,
    notified: (outcome) => notified({ outcome }),
    close: () => closed(server),
  };
}

/** The route as declared, as the pipeline has written it down; other paths together. */
const routeOf = (res: ServerResponse): string => (res as { locals?: { route?: string } }).locals?.route ?? 'other';

/** Seconds since a time, nothing (null) and what is to come being 0. */
const ageBy =
  (clock: () => Date) =>
  (since: string | null): number =>
    since === null ? 0 : Math.max(clock().getTime() - Date.parse(since), 0) / 1000;

/** Of this process. */
function connections(all: Metrics, load: Readonly<QueueLoad>): void {
  const now = (value: () => number) => (): Sample[] => [{ labels: {}, value: value() }];
  all.gauge(
    'facet_database_connections_in_use',
    'Database connections that requests use now.',
    now(() => load.inUse),
  );
  all.gauge(
    'facet_database_queue_length',
    'Statements and transactions of requests that wait for a database connection.',
    now(() => load.waiting),
  );
  all.total(
    'facet_database_refusals_total',
    'Requests that got no database connection, by reason. Alert on queue full and waited too long.',
    () => Object.entries(load.refused).map(([reason, value]) => ({ labels: { reason }, value })),
  );
}

/** Looked up in the database: every process of an installation shows the same. */
function orders(all: Metrics, database: Database, clock: () => Date): void {
  const standing = async () => (await readOutboxBacklog(database)).filter(({ topic }) => topic.startsWith(ORDER));
  const age = ageBy(clock);
  const by = (value: (one: Awaited<ReturnType<typeof readOutboxBacklog>>[number]) => number) => async (): Promise<Sample[]> =>
    (await standing()).map((one) => ({ labels: { topic: one.topic, state: one.state }, value: value(one) }));
  all.gauge(
    'facet_orders',
    'Orders and cancellations that have not come to their end, by state.',
    by(({ count }) => count),
  );
  all.gauge(
    'facet_orders_oldest_seconds',
    'The age of the oldest of them, by state.',
    by(({ oldest }) => age(oldest)),
  );
  all.gauge(
    'facet_unsent_order_oldest_seconds',
    'The age of the oldest order that is not known to stand at the laboratory network; 0: none. Alert on it.',
    async () => {
      const unsent = (await standing()).filter(({ topic }) => topic === ORDER).map(({ oldest }) => age(oldest));
      return [{ labels: {}, value: Math.max(0, ...unsent) }];
    },
  );
}

/** Orders that stand at the network: whether they can be looked at, and in time. */
function following(all: Metrics, database: Database, clock: () => Date): void {
  const age = ageBy(clock);
  all.gauge(
    'facet_unread_orders',
    'Orders at the laboratory network whose last look came to nothing. Alert on it when it stays above 0 for hours.',
    async () => [{ labels: {}, value: await countFailedPolls(database) }],
  );
  all.gauge(
    'facet_order_look_overdue_seconds',
    'For how long the oldest look at an order has been due, because there was news, or because it was time (due). Alert on news: results come late.',
    async () => {
      const { oldestEvent, oldestPoll } = await readPollBacklog(database);
      return Object.entries({ news: oldestEvent, due: oldestPoll }).map(([why, since]) => ({ labels: { why }, value: age(since) }));
    },
  );
}

/** Answers what counts one. */
function webhooks(all: Metrics, database: Database): WebhookMetrics {
  const arrived = all.counter(
    'facet_webhooks_total',
    'Webhooks that came to this process, by what they were: kept (new), repeated, refused (forged …).',
  );
  const lag = all.histogram(
    'facet_webhook_lag_seconds',
    'From the arrival of a webhook until its order was looked at (done), or it was taken for nobody’s here (foreign).',
    LAG_BOUNDS,
  );
  all.gauge(
    'facet_webhook_inbox',
    'Webhooks that are still to be worked through: new, or again later because their order is not known or not to be read (retry).',
    async () => Object.entries(await countOpenWebhooks(database)).map(([state, value]) => ({ labels: { state }, value })),
  );
  const ahead: { seconds?: number } = {};
  all.gauge(
    'facet_webhook_clock_ahead_seconds',
    'How far the clock here was ahead of the network’s, by its last signed message to this process. Alert over 60 either way: over 300 all are refused.',
    () => (ahead.seconds === undefined ? [] : [{ labels: {}, value: ahead.seconds }]),
  );
  return {
    arrived: (outcome) => arrived({ outcome }),
    clockAhead: (seconds) => {
      ahead.seconds = seconds;
    },
    applied: (outcome, seconds) => lag({ outcome }, seconds),
  };
}

/** Answers what counts a message. */
function subscriptions(all: Metrics, database: Database, clock: () => Date): (labels: Labels) => void {
  const age = ageBy(clock);
  const states: Record<string, string> = { unknown: 'failing', parked: 'error' };
  all.gauge(
    'facet_subscriptions',
    'Subscriptions in force, by how it goes: active, failing, or in error until somebody looks at them.',
    async () => {
      const standing = (await readOutboxBacklog(database)).filter(({ topic }) => topic === NOTIFICATION_TOPIC);
      return ['active', 'failing', 'error'].map((state) => ({
        labels: { state },
        value: standing.reduce((sum, one) => sum + ((states[one.state] ?? 'active') === state ? one.count : 0), 0),
      }));
    },
  );
  all.gauge('facet_notifications', 'Messages that subscribers are still to be sent.', async () => [
    { labels: {}, value: (await readNotificationBacklog(database)).count },
  ]);
  all.gauge('facet_notification_oldest_seconds', 'How long the oldest of them has waited; 0: none waits.', async () => {
    const { oldest } = await readNotificationBacklog(database);
    return [{ labels: {}, value: age(oldest) }];
  });
  return all.counter('facet_notification_attempts_total', 'Messages sent to subscribers by this process, by whether they were taken.');
}

async function answer(all: Metrics, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.url !== '/metrics')
    return void res
      .writeHead(404, { 'Content-Type': 'application/json' })
      .end('{"error":"not-found","message":"the metrics are at /metrics"}');
  if (req.method !== 'GET')
    return void res
      .writeHead(405, { Allow: 'GET', 'Content-Type': 'application/json' })
      .end('{"error":"method","message":"this path answers GET"}');
  res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(await all.text());
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use: choose another one for the metrics with FACET_METRICS`) : error,
      ),
    );
    server.listen(port, host, resolve);
  });
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
