// Background work (index, expiry, orders, subscriptions) has database connections of its own and does not use those of requests.
import { pino } from 'pino';
import request from 'supertest';
import { readConfig } from '../../src/config.ts';
import { openIndexState } from '../../src/interactions/index-state.ts';
import { assemble, type Facet } from '../../src/server/assemble.ts';
import { loadDefinitions } from '../../src/server/load-definitions.ts';
import { createApiKey } from '../../src/store/api-keys.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createReindexing } from '../../src/store/reindexing.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { until } from '../until.ts';

const AT = '2026-01-01T00:00:00.000Z';
const ran = { requests: [] as string[], background: [] as string[] };

const listening = (database: Database, heard: string[]): Database => ({
  ...database,
  query: (...args) => {
    heard.push(args[0]);
    return database.query(...args);
  },
  transaction: (work) => database.transaction((inside) => work(listening(inside, heard))),
  forRequest: (...asking) => listening(database.forRequest(...asking), heard),
});

let test: TestStore;
let facet: Facet;
let stops: (() => Promise<void>)[];
beforeAll(async () => {
  test = await openTestStore();
  const loaded = loadDefinitions();
  const background = listening(test.database, ran.background);
  facet = await assemble({
    config: readConfig({ FACET_LOG_LEVEL: 'silent' }),
    loaded,
    database: listening(test.database, ran.requests),
    background,
    index: await openIndexState(createReindexing(background), loaded.registry, new Date()),
    log: pino({ level: 'silent' }),
    baseUrl: 'http://facet.test',
  });
  ran.requests.length = 0;
  stops = [await facet.startIntegrations(() => {}), facet.startMaintenance()];
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await test.close();
});

it.each([
  ['orders and messages to subscribers', 'outbox'],
  ['following orders', 'placed_order'],
  ['webhooks', 'webhook_inbox'],
  ['changes that subscribers watch', 'subscription_change'],
  ['the index', 'index_rules'],
  ['answers kept for repeated requests', 'idempotency_key'],
])('background work for %s uses the background connections', async (_what, table) => {
  await until(() => ran.background.some((sql) => new RegExp(`\\b${table}\\b`).test(sql)));
  expect(ran.requests).toEqual([]);
});

it('a request uses a connection for requests', async () => {
  const tenant = await createTenant(test.database, { slug: 'demo', name: 'demo', at: AT });
  const { text } = await createApiKey(test.database, { tenant: tenant!.id, surface: 'fhir', scopes: ['*'], prefix: 'fhir_test_', at: AT });
  const before = ran.background.length;
  await request(facet.app).get('/fhir/R4/Patient/none').set('x-api-key', text).expect(404);
  expect(ran.requests).not.toEqual([]);
  expect(ran.background.slice(before).filter((sql) => /\bapi_key\b|\bbody\b.*\brtype = \$2/.test(sql))).toEqual([]);
});
