// Keys are created, rotated and revoked completely or not at all, whichever statement fails; the record has what happened and nothing else.
import type { Administration } from '../../src/administration/administration.ts';
import { createKey, INSTALLATION_OWNER, listKeyEvents, listKeys, revokeKey, rotateKey } from '../../src/administration/keys.ts';
import { findApiKey } from '../../src/store/api-keys.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createTenant, type Tenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';

const AT = '2026-01-01T00:00:00.000Z';
let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

let count = 0;
const newTenant = async (): Promise<Tenant> => (await createTenant(store.database, { slug: `tenant-${++count}`, name: 'Tenant', at: AT }))!;

const administer = (database: Database, now = AT): Administration => ({
  database,
  keyPrefixes: { fhir: 'fhir_test_' },
  mappings: { shapes: [] } as never,
  now: () => new Date(now),
  // No key here has a patient or a scope with a query, so nothing is read from the context.
  contextOf: () => ({}) as never,
  by: { actor: 'key-of-the-administrator', via: 'admin' },
});

/** A database whose transactions lose the connection after this many statements. */
const failingAfter = (statements: number): Database => ({
  ...store.database,
  transaction: (work) =>
    store.database.transaction((transaction) => {
      let left = statements;
      const query: Database['query'] = (...call) =>
        left-- > 0 ? transaction.query(...call) : Promise.reject(new Error('connection lost'));
      return work({ ...transaction, query });
    }),
});

type Action = (administration: Administration, tenant: Tenant, id: string) => Promise<unknown>;
const ACTIONS: Record<string, Action> = {
  create: (administration, tenant) => createKey(administration, async () => tenant, { surface: 'fhir' }),
  rotate: (administration, tenant, id) => rotateKey(administration, tenant, { id }),
  revoke: (administration, tenant, id) => revokeKey(administration, tenant, id),
};

test.each(Object.entries(ACTIONS))('%s: a connection that is lost at any statement leaves everything as it was', async (_name, act) => {
  const tenant = await newTenant();
  const administration = administer(store.database);
  const { key } = await createKey(administration, async () => tenant, { surface: 'fhir', name: 'old' });
  const state = async () => [await listKeys(administration, tenant), await listKeyEvents(administration, tenant)];
  const before = await state();
  let failures = 0;
  for (;;) {
    const failed = await act(administer(failingAfter(failures)), tenant, key.id).then(
      () => false,
      (error: Error) => error.message === 'connection lost',
    );
    if (!failed) break;
    failures++;
    expect(await state()).toEqual(before);
  }
  expect(failures).toBeGreaterThanOrEqual(2);
  expect(await state()).not.toEqual(before);
});

test('every live key has the event of its creation', async () => {
  const tenant = await newTenant();
  const administration = administer(store.database);
  const { key } = await createKey(administration, async () => tenant, { surface: 'fhir' });
  await rotateKey(administration, tenant, { id: key.id });
  const created = (await listKeyEvents(administration, tenant)).events.filter(({ action }) => action === 'key-created');
  expect(created.map((event) => event.key).sort()).toEqual((await listKeys(administration, tenant)).map(({ id }) => id).sort());
});

test('a key is valid until the instant at which its overlap ends', async () => {
  const tenant = await newTenant();
  const { key, text } = await createKey(administer(store.database), async () => tenant, { surface: 'fhir' });
  await rotateKey(administer(store.database), tenant, { id: key.id, overlap: '24h' });
  const state = async (at: string) => (await findApiKey(store.database, text!, at))?.state;
  expect(await state('2026-01-01T23:59:59.999Z')).toBe('active');
  expect(await state('2026-01-02T00:00:00.000Z')).toBe('expired');
});

test('after the overlap the old key cannot be replaced again, also if its replacement was revoked', async () => {
  const tenant = await newTenant();
  const { key } = await createKey(administer(store.database), async () => tenant, { surface: 'fhir' });
  const { key: replacement } = await rotateKey(administer(store.database), tenant, { id: key.id });
  await revokeKey(administer(store.database), tenant, replacement.id);
  const later = administer(store.database, '2026-01-03T00:00:00.000Z');
  await expect(rotateKey(later, tenant, { id: key.id })).rejects.toThrow(`key ${key.id} has expired: create a new key`);
});

test('a key of an operator belongs to no tenant and opens no data; its scopes are empty', async () => {
  const administration = administer(store.database);
  const { key, text } = await createKey(administration, async () => INSTALLATION_OWNER, { surface: 'operator' });
  expect(await findApiKey(store.database, text!, AT)).toMatchObject({
    tenant: 0,
    surface: 'operator',
    scopes: [],
    brand: null,
    state: 'active',
  });
  await expect(createKey(administration, async () => INSTALLATION_OWNER, { surface: 'fhir' })).rejects.toThrow(/^surface/);
  await revokeKey(administration, INSTALLATION_OWNER, key.id);
  expect(await findApiKey(store.database, text!, AT)).toMatchObject({ state: 'revoked' });
});
