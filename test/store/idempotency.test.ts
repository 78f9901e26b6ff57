// Idempotency keys: one request is one request, also when two of them come at once or one of them fails.
import { setTimeout as delay } from 'node:timers/promises';
import type { IdempotencyKey } from '../../src/store/idempotency-keys.ts';
import { openTestStore, type TestStore } from './open.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const keyOf = (key: string, more: Partial<IdempotencyKey> = {}): IdempotencyKey => ({
  tenant: 1,
  caller: 'c',
  route: 'POST /x',
  key,
  ...more,
});
const at = '2026-01-01T00:00:00.000Z';
const expiry = '2026-01-02T00:00:00.000Z';
const claim = (key: IdempotencyKey, more: { hash?: string; at?: string; expires?: string | null; subject?: string } = {}) =>
  test.store.idempotencyKeys.claim(key, { hash: 'h', at, expires: expiry, ...more });

it('is claimed once; its subject and its response are found again', async () => {
  const key = keyOf('a');
  expect(await test.store.idempotencyKeys.find(key)).toBeUndefined();
  expect(await claim(key, { subject: 'ServiceRequest/1' })).toBe(true);
  expect(await claim(key, { hash: 'other' })).toBe(false);
  expect(await test.store.idempotencyKeys.find(key)).toEqual({ hash: 'h', subject: 'ServiceRequest/1' });
  await test.store.idempotencyKeys.complete(key, '{"status":201}');
  expect(await test.store.idempotencyKeys.find(key)).toEqual({ hash: 'h', subject: 'ServiceRequest/1', response: '{"status":201}' });
});

it('is one per tenant, caller and route', async () => {
  const others = [keyOf('b'), keyOf('b', { tenant: 2 }), keyOf('b', { caller: 'd' }), keyOf('b', { route: 'POST /y' })];
  for (const key of others) expect(await claim(key)).toBe(true);
  for (const [n, key] of others.entries()) await test.store.idempotencyKeys.complete(key, `{"nth":${n}}`);
  const found = await Promise.all(others.map((key) => test.store.idempotencyKeys.find(key)));
  expect(found.map((record) => record?.response)).toEqual(others.map((_, index) => `{"nth":${index}}`));
});

it('can be claimed again after it has expired, after a release, and after a failed transaction; a stored response is never released', async () => {
  const key = keyOf('c');
  await claim(key);
  expect(await claim(key, { at: '2026-01-01T23:59:59.999Z' })).toBe(false);
  expect(await claim(key, { at: expiry, expires: null, hash: 'new' })).toBe(true);
  expect(await claim(key, { at: '2999-01-01T00:00:00.000Z' })).toBe(false);
  await test.store.idempotencyKeys.release(key);
  await expect(
    test.store.transaction(async (store) => {
      expect(await store.idempotencyKeys.claim(key, { hash: 'h', at, expires: null })).toBe(true);
      throw new Error('the write failed');
    }),
  ).rejects.toThrow('the write failed');
  expect(await claim(key)).toBe(true);
  await test.store.idempotencyKeys.complete(key, '{}');
  await test.store.idempotencyKeys.release(key);
  expect(await claim(key)).toBe(false);
});

it('waits for a request that is claiming it, and then finds it claimed', async () => {
  const key = keyOf('d');
  const order: string[] = [];
  const taking = Promise.withResolvers<void>();
  const first = test.store.transaction(async (store) => {
    await store.idempotencyKeys.claim(key, { hash: 'h', at, expires: null });
    taking.resolve();
    await delay(100);
    order.push('first done');
  });
  await taking.promise;
  const second = claim(key).then((taken) => order.push(`second ${taken}`));
  await Promise.all([first, second]);
  expect(order).toEqual(['first done', 'second false']);
});

it('is deleted after it has expired, unless it never expires', async () => {
  await test.store.idempotencyKeys.deleteExpired('2998-01-01T00:00:00.000Z', 1000);
  await claim(keyOf('e1'));
  await claim(keyOf('e2'), { expires: '2026-02-01T00:00:00.000Z' });
  await claim(keyOf('e3'), { expires: null });
  expect(await test.store.idempotencyKeys.deleteExpired(expiry, 1000)).toBe(1);
  const remaining = await Promise.all(['e1', 'e2', 'e3'].map((key) => test.store.idempotencyKeys.find(keyOf(key))));
  expect(remaining.map((record) => record?.hash)).toEqual([undefined, 'h', 'h']);
});

it('stays if it was claimed again while it was about to be deleted', async () => {
  const key = keyOf('f');
  await claim(key);
  const taken = Promise.withResolvers<void>();
  const taking = test.store.transaction(async (store) => {
    await store.idempotencyKeys.claim(key, { hash: 'h', at: expiry, expires: '2999-01-01T00:00:00.000Z' });
    taken.resolve();
    await delay(100);
  });
  await taken.promise;
  await Promise.all([taking, test.store.idempotencyKeys.deleteExpired(expiry, 1000)]);
  expect(await test.store.idempotencyKeys.find(key)).toMatchObject({ hash: 'h' });
});
