// Metrics that are read from the database at each scrape.
import { Registry } from 'prom-client';
import { addInstallationMetrics } from '../../src/observability/installation-metrics.ts';
import type { Database } from '../../src/store/database/database.ts';

const LOAD = { inUse: 1, waiting: 0, refused: { 'queue full': 2, 'waited too long': 0, 'client left': 0 } };

function scrapeOf(query: () => Promise<unknown[]>): { scrape(): Promise<string[]> } {
  const registry = new Registry();
  const database = { query, isDistributed: () => false } as unknown as Database;
  addInstallationMetrics(registry, {
    database,
    clock: () => new Date(),
    listCircuits: () => [
      { account: 'a', isOpen: true },
      { account: 'b', isOpen: false },
    ],
    load: LOAD,
  });
  return { scrape: async () => (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#')) };
}

test('a figure that cannot be read is omitted, and the others are served', async () => {
  const { scrape } = scrapeOf(() => Promise.reject(new Error('the database does not answer')));
  expect(await scrape()).toEqual([
    'facet_database_connections_in_use 1',
    'facet_database_queue_length 0',
    'facet_order_circuit_open{account="a"} 1',
    'facet_order_circuit_open{account="b"} 0',
    'facet_network_held_back 1',
    'facet_database_refusals_total{reason="queue full"} 2',
    'facet_database_refusals_total{reason="waited too long"} 0',
    'facet_database_refusals_total{reason="client left"} 0',
  ]);
});

test('one scrape runs each database statement once, and the next scrape runs it again', async () => {
  let queries = 0;
  const rows = [
    { account: null, topic: 'order', state: 'queued', count: 3, oldest: '2026-01-01T00:00:00.000Z', new: 0, news: null, due: null },
  ];
  const { scrape } = scrapeOf(async () => {
    queries++;
    return rows;
  });
  expect(await scrape()).toContain('facet_orders{account="environment",topic="order",state="queued"} 3');
  // orders, subscriptions, failing polls, overdue polls, the inbox, notifications
  expect(queries).toBe(6);
  await scrape();
  expect(queries).toBe(12);
});
