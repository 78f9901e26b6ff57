// Counters and histograms of this process, and prom-client's default metrics of the process. Labels are names of routes, states, outcomes and lab accounts, but
// never ids, tenants or values.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { WebhookMetrics } from '../orders/track/order-tracker.ts';

export interface ProcessMetrics {
  /** Measures a request of the server until its response is sent. */
  observe(req: IncomingMessage, res: ServerResponse): void;
  /** Functions that other parts of the server call. */
  reports: {
    /** An attempt to send an order or a cancellation. `account`: the name of its lab account. */
    attempted(topic: string, state: string, account: string): void;
    webhook: WebhookMetrics;
    /** A notification that was sent to a subscriber. */
    notified(outcome: string): void;
    /** Audit events that could not be stored. */
    auditLost(count: number): void;
    /** A request that was refused because too many of its tenant were in flight, or because its wait was too long. */
    refused(): void;
    /** How many requests wait until fewer of their tenant run. */
    waiting(count: number): void;
  };
}

/** In seconds. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function addProcessMetrics(registry: Registry): ProcessMetrics {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'facet_http_request_duration_seconds',
    help: 'Duration of HTTP requests in seconds, by method, route template (/Patient/:id) and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const attempts = new Counter({
    name: 'facet_order_attempts_total',
    help: 'Attempts of this process to send orders and cancellations, by lab account, topic and outcome.',
    labelNames: ['account', 'topic', 'outcome'],
    registers,
  });
  const notifications = new Counter({
    name: 'facet_notification_attempts_total',
    help: 'Notifications that this process sent to subscribers, by outcome: taken or failed.',
    labelNames: ['outcome'],
    registers,
  });
  const lostAuditEvents = new Counter({
    name: 'facet_audit_events_lost_total',
    help: 'Audit events of this process that could not be stored.',
    registers,
  });
  const refusedRequests = new Counter({
    name: 'facet_requests_refused_total',
    help: 'Requests that this process refused because too many of their tenant were in flight or their wait was too long.',
    registers,
  });
  const waitingRequests = new Gauge({
    name: 'facet_requests_waiting',
    help: 'Requests that wait in this process until fewer requests of their tenant run.',
    registers,
  });
  return {
    observe: (req, res) => {
      const start = performance.now();
      res.once('close', () => {
        const labels = { method: req.method ?? '', route: readRoute(res), status: String(res.statusCode) };
        requests.observe(labels, (performance.now() - start) / 1000);
      });
    },
    reports: {
      attempted: (topic, outcome, account) => attempts.inc({ account, topic, outcome }),
      webhook: createWebhookMetrics(registers),
      notified: (outcome) => notifications.inc({ outcome }),
      auditLost: (count) => lostAuditEvents.inc(count),
      refused: () => refusedRequests.inc(),
      waiting: (count) => waitingRequests.set(count),
    },
  };
}

/** The route as declared: the router writes it into `locals`. Paths without a route share one label. */
const readRoute = (res: ServerResponse & { locals?: { route?: string } }): string => res.locals?.route ?? 'other';

/** In seconds. Most webhooks are processed at once. A webhook whose order is unknown is given up after a day. */
const LAG_BUCKETS = [0.5, 1, 2, 5, 15, 60, 300, 3600, 21_600, 86_400];

function createWebhookMetrics(registers: Registry[]): WebhookMetrics {
  const arrivals = new Counter({
    name: 'facet_webhooks_total',
    help: 'Webhooks that this process received, by lab account (unknown: its path names none) and outcome: new, repeated, or why it was not processed (forged, untimely, foreign …).',
    labelNames: ['account', 'outcome'],
    registers,
  });
  const lag = new Histogram({
    name: 'facet_webhook_lag_seconds',
    help: 'Seconds from the arrival of a webhook until it was processed: done if its order was polled, foreign if no order here matches.',
    labelNames: ['outcome'],
    buckets: LAG_BUCKETS,
    registers,
  });
  const clock = new Gauge({
    name: 'facet_webhook_clock_ahead_seconds',
    help: 'Seconds that the clock here was ahead of the clock of the lab network, by its last signed webhook to this process. Alert beyond 60 in either direction: beyond 300 every webhook is refused.',
    registers,
  });
  // no sample until a webhook has arrived
  clock.remove();
  return {
    arrived: (outcome, account) => arrivals.inc({ account, outcome }),
    clockAhead: (seconds) => clock.set(seconds),
    applied: (outcome, seconds) => lag.observe({ outcome }, seconds),
  };
}
