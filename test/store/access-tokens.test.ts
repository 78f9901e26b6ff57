// What the database knows of access tokens: single use over all processes, and whom an actor stands for.
import { recordTokenActor, useTokenOnce } from '../../src/store/access-tokens.ts';
import { openTestStore, type TestStore } from './open.ts';

const at = '2026-01-01T00:00:00.000Z';
const expires = '2026-01-01T00:05:00.000Z';
let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const use = (hash: string, tenant = 1) => useTokenOnce(test.database, { tenant, hash: Buffer.from(hash), expires });

it('of many concurrent uses of a token one is accepted, and each tenant has its own', async () => {
  const uses = await Promise.all(Array.from({ length: 20 }, () => use('a')));
  expect(uses.filter(Boolean)).toHaveLength(1);
  expect([await use('a'), await use('a', 2), await use('b')]).toEqual([false, true, true]);
});

it('the ids of expired tokens are deleted in batches, and no others', async () => {
  for (const hash of ['c', 'd', 'e']) await use(hash, 3);
  await useTokenOnce(test.database, { tenant: 3, hash: Buffer.from('later'), expires: '2026-01-01T00:06:00.000Z' });
  expect(await test.store.deleteExpiredTokens('2026-01-01T00:04:59.999Z', 10)).toBe(0);
  let deleted = 0;
  for (let batch = 2; batch === 2; deleted += batch) batch = await test.store.deleteExpiredTokens(expires, 2);
  expect(deleted).toBe(6);
  expect(await test.database.query('select tenant_id from used_token')).toEqual([{ tenant_id: 3 }]);
});

it('an actor is recorded once, and keeps its newest fhirUser', async () => {
  const actor = { tenant: 1, actor: 'token-1', issuer: 'https://login.test', client: 'app', subject: undefined, fhirUser: undefined, at };
  await Promise.all([recordTokenActor(test.database, actor), recordTokenActor(test.database, actor)]);
  await recordTokenActor(test.database, { ...actor, fhirUser: 'Practitioner/1', at: expires });
  const known = await test.database.query('select actor, client, subject, fhir_user from token_actor');
  expect(known).toEqual([{ actor: 'token-1', client: 'app', subject: null, fhir_user: 'Practitioner/1' }]);
});
