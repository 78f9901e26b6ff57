// Of several senders one claims the insurance call of a user, until the claim is old or the network has the insurance.
import { openTestStore, type TestStore } from './open.ts';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

const insurances = () => store.store.networkInsurances;
const at = (seconds: number): string => new Date(Date.parse('2026-11-21T12:00:00.000Z') + seconds * 1000).toISOString();
const claim = (userId: string, seconds: number, { tenant = 1, limit = 9 } = {}) =>
  insurances().claim({ tenant, account: 0, userId }, { at: at(seconds), before: at(seconds - 30), limit });

test('of claims at once one succeeds; another succeeds when it is older than half a minute', async () => {
  const claims = await Promise.all(Array.from({ length: 5 }, () => claim('u', 0)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await claim('u', 30)).toBe(false);
  expect(await claim('u', 31)).toBe(true);
  expect(await insurances().find({ tenant: 1, account: 0, userId: 'u' })).toEqual({ sentAt: at(31), storedAt: null, requests: 2 });
});

test('an insurance that the network has is not claimed again', async () => {
  const user = { tenant: 1, account: 0, userId: 'v' };
  await claim('v', 0);
  await insurances().markStored(user, at(1));
  expect(await claim('v', 100)).toBe(false);
  expect(await insurances().find(user)).toEqual({ sentAt: at(0), storedAt: at(1), requests: 1 });
});

test('as many requests are claimed as are allowed; one that does not count is not among them', async () => {
  const user = { tenant: 1, account: 0, userId: 'x' };
  const inTurn = async (limit: number) => [await claim('x', limit * 100, { limit }), await claim('x', limit * 100 + 50, { limit })];
  expect(await inTurn(1)).toEqual([true, false]);
  expect(await inTurn(2)).toEqual([true, false]);
  await insurances().discount(user);
  expect(await insurances().find(user)).toMatchObject({ requests: 1 });
  expect(await inTurn(2)).toEqual([false, true]);
  await insurances().resetRequests(user);
  await insurances().discount(user);
  expect(await insurances().find(user)).toMatchObject({ requests: 0 });
});

test('users of other tenants and accounts are other users', async () => {
  await claim('w', 0);
  expect(await claim('w', 0, { tenant: 2 })).toBe(true);
  expect(await insurances().find({ tenant: 1, account: 7, userId: 'w' })).toBeUndefined();
});
