// Stored responses contain personal data: they are deleted when their time is over.
import request from 'supertest';
import { listExpiryWork, startBackgroundWork } from '../../src/server/background/background-work.ts';
import { countRequests } from '../../src/store/rate-windows.ts';
import { until } from '../until.ts';
import { type Running, startFacet } from './running-server.ts';

const DAY_MS = 24 * 3_600_000;
let facet: Running;
let now = Date.parse('2026-03-01T00:00:00.000Z');
const clock = () => new Date(now);
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock });
});
afterAll(() => facet.close());

const listKeys = async () =>
  (await facet.store.database.query<{ key: string }>('select key from idempotency_key order by key')).map(({ key }) => key);

test('a stored response is deleted after a day, and its idempotency-key can be used again', async () => {
  const post = (key: string) =>
    request(facet.app)
      .post('/v1/patients')
      .set('x-api-key', facet.demo.loop!)
      .set('idempotency-key', key)
      .send({ brand_id: 'loop', first_name: 'Kept', last_name: key, email: `${key}@example.com` });
  expect((await post('early')).status).toBe(201);
  now += DAY_MS - 1;
  expect((await post('late')).status).toBe(201);
  now += 1;
  const logged: [object, string][] = [];
  const stop = startBackgroundWork(
    listExpiryWork({
      store: facet.store.store,
      database: facet.store.database,
      clock,
      log: (...line) => logged.push(line),
    }),
  );
  try {
    expect(await until(listKeys, (keys) => keys.length < 2)).toEqual(['late']);
    await until(
      async () => logged.length,
      (lines) => lines > 0,
    );
    expect(logged).toEqual([[{ deleted: 1 }, 'expired idempotency keys were deleted']]);
  } finally {
    await stop();
  }
});

test('unused lock rows are deleted in the next round', async () => {
  const { store, database } = facet.store;
  const keys = Array.from({ length: 2500 }, (_one, index) => `Patient?identifier=${index}`);
  await store.transaction((inside) => inside.lockKeys(1, keys));
  await store.transaction((inside) => inside.lockKeys(2, keys.slice(0, 3)));
  const countLockRows = async () => (await database.query<{ n: number }>('select count(*)::int as n from lock_row'))[0]!.n;
  expect(await countLockRows()).toBeGreaterThanOrEqual(2503);
  const stop = startBackgroundWork(listExpiryWork({ store, database, clock, log: () => {} }));
  await until(countLockRows, (count) => count === 0);
  await stop();
});

test('windows of rate limits that have ended are deleted, and the others stay', async () => {
  const { store, database } = facet.store;
  await countRequests(database, { tenant: 1, client: 'clinik/60', seconds: 60, at: clock() }, 1);
  await countRequests(database, { tenant: 1, client: 'clinik/long', seconds: 100 * 365 * 86_400, at: clock() }, 1);
  const listClients = async () => (await database.query<{ client: string }>('select client from rate_window')).map(({ client }) => client);
  expect(await listClients()).toHaveLength(2);
  now += 60_000;
  const stop = startBackgroundWork(listExpiryWork({ store, database, clock, log: () => {} }));
  expect(await until(listClients, (clients) => clients.length < 2)).toEqual(['clinik/long']);
  await stop();
});
