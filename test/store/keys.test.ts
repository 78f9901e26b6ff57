// Tenants, their keys, and the values that processes share.
import { createApiKey, findApiKey, importApiKey, listApiKeys, revokeApiKey } from '../../src/store/api-keys.ts';
import { createTenant, listTenants, type Tenant, updateTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from './open.ts';

const at = '2026-01-01T00:00:00.000Z';
let test: TestStore;
let tenant: Tenant;
beforeAll(async () => {
  test = await openTestStore();
  tenant = (await createTenant(test.database, { slug: 'demo', name: 'Demo', at }))!;
});
afterAll(() => test.close());

const newKey = (more: object = {}) =>
  createApiKey(test.database, { tenant: tenant.id, surface: 'fhir', scopes: ['system/*.rs', 'read'], prefix: 'fct_live_', at, ...more });

it('lists tenants by slug; a slug is used once', async () => {
  expect(await createTenant(test.database, { slug: 'demo', name: 'Again', at })).toBeUndefined();
  await createTenant(test.database, { slug: 'other', name: 'Other', at });
  expect(await listTenants(test.database)).toEqual([
    { id: tenant.id, slug: 'demo', name: 'Demo', status: 'active', brand: 'demo' },
    { id: expect.any(Number), slug: 'other', name: 'Other', status: 'active', brand: 'other' },
  ]);
});

it("returns the default brand of a key's tenant: the brand that the operator set, or else the slug", async () => {
  const created = (await createTenant(test.database, { slug: 'branded', name: 'Branded', at, brand: 'main' }))!;
  const { text } = await newKey({ tenant: created.id });
  expect([created.brand, (await findApiKey(test.database, text, at))?.brand]).toEqual(['main', 'main']);
  expect(await updateTenant(test.database, 'branded', { brand: 'second' })).toMatchObject({ brand: 'second' });
  expect((await findApiKey(test.database, text, at))?.brand).toBe('second');
  expect(await updateTenant(test.database, 'nobody', { brand: 'x' })).toBeUndefined();
});

it('creates a key for a tenant and a surface, and does not store its text', async () => {
  const { id, text } = await newKey({ name: 'ward 7' });
  expect(text).toMatch(/^fct_live_[0-9A-Za-z]{32}$/);
  expect(await findApiKey(test.database, text, at)).toEqual({
    tenant: tenant.id,
    id,
    surface: 'fhir',
    scopes: ['system/*.rs', 'read'],
    patient: null,
    brand: 'demo',
    state: 'active',
  });
  const stored = await test.database.query('select * from api_key');
  expect(JSON.stringify(stored)).not.toContain(text.slice('fct_live_'.length));
});

it('finds nothing for a text that is almost a key', async () => {
  const { text } = await newKey();
  for (const invalid of ['', text.slice(1), `${text}x`, text.toLowerCase(), `${text}\0`])
    expect(await findApiKey(test.database, invalid, at)).toBeUndefined();
});

it('returns the patient of a key when it is found and when it is listed', async () => {
  const { id, text } = await newKey({ surface: 'loop', patient: 'ada' });
  expect(await findApiKey(test.database, text, at)).toMatchObject({ id, patient: 'ada', state: 'active' });
  expect((await listApiKeys(test.database, tenant.id)).find((key) => key.id === id)).toMatchObject({ patient: 'ada' });
});

it('returns the state of an expired and of a revoked key', async () => {
  const { text, id } = await newKey({ expires: '2026-02-01T00:00:00.000Z' });
  const state = async (when: string) => (await findApiKey(test.database, text, when))?.state;
  expect(await state('2026-01-31T23:59:59.999Z')).toBe('active');
  expect(await state('2026-02-01T00:00:00.000Z')).toBe('expired');
  expect(await revokeApiKey(test.database, { tenant: tenant.id + 1, id, at })).toBe(false);
  expect(await revokeApiKey(test.database, { tenant: tenant.id, id, at })).toBe(true);
  expect(await revokeApiKey(test.database, { tenant: tenant.id, id, at })).toBe(false);
  expect(await state(at)).toBe('revoked');
  const listed = (await listApiKeys(test.database, tenant.id)).find((key) => key.id === id);
  expect(listed).toEqual({
    tenant: tenant.id,
    id,
    surface: 'fhir',
    scopes: ['system/*.rs', 'read'],
    patient: null,
    name: null,
    created: at,
    createdBy: null,
    expires: '2026-02-01T00:00:00.000Z',
    revoked: at,
    replacedBy: null,
    lastUsed: null,
  });
});

it('imports a key with a given text once, and does not reactivate a revoked key', async () => {
  const key = { tenant: tenant.id, surface: 'loop', scopes: ['*'], text: 'a text from a file', name: 'development', at };
  const id = await importApiKey(test.database, key);
  expect(await importApiKey(test.database, { ...key, scopes: ['read'] })).toBe(id);
  expect(await findApiKey(test.database, key.text, at)).toMatchObject({ id, scopes: ['*'], state: 'active' });
  await revokeApiKey(test.database, { tenant: tenant.id, id, at });
  await importApiKey(test.database, key);
  expect(await findApiKey(test.database, key.text, at)).toMatchObject({ state: 'revoked' });
});

it('returns the keys of a disabled tenant as disabled', async () => {
  const disabled = (await createTenant(test.database, { slug: 'gone', name: 'Gone', at }))!;
  const { text } = await newKey({ tenant: disabled.id });
  expect(await updateTenant(test.database, 'gone', { status: 'disabled' })).toMatchObject({ status: 'disabled' });
  expect(await updateTenant(test.database, 'nobody', { status: 'disabled' })).toBeUndefined();
  expect(await findApiKey(test.database, text, at)).toMatchObject({ state: 'disabled' });
});

it('returns the same value of a setting to all concurrent callers, and creates it once', async () => {
  const values = await Promise.all(Array.from({ length: 10 }, (_one, n) => test.store.settings.getOrCreate('seal', () => `value ${n}`)));
  expect(new Set(values).size).toBe(1);
  expect(await test.store.settings.getOrCreate('seal', () => 'another')).toBe(values[0]);
});
