// Accounts at the lab network, as they are stored.
import {
  countWaitingOf,
  createLabAccount,
  findLabAccount,
  type LabAccountSettings,
  listLabAccounts,
  summarizeLabAccounts,
  updateLabAccount,
} from '../../src/store/lab-accounts.ts';
import { createTenant, updateTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from './open.ts';

const AT = '2026-01-01T00:00:00.000Z';
const SETTINGS: LabAccountSettings = {
  baseUrl: 'https://api.us.junction.com',
  teamId: 'team-a',
  physicianPath: null,
  panels: { pcos: ['test-1', 'test-2'] },
  labAccounts: ['11111111-1111-4111-8111-111111111111'],
  defaultPhysicians: { NY: 'ann' },
  physicians: 'required',
  concurrency: 16,
  noteLimit: 120,
};

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const create = (tenant: number, name: string) =>
  createLabAccount(test.database, { ...SETTINGS, tenant, name, at: AT }, (id) => `secrets of ${id}`);

it('an account is found by its name; a tenant and a name have one account', async () => {
  const first = (await create(1, 'springfield'))!;
  expect(first).toEqual({
    ...SETTINGS,
    id: expect.any(Number),
    tenant: 1,
    name: 'springfield',
    status: 'active',
    pausedReason: null,
    secrets: `secrets of ${first.id}`,
    createdAt: AT,
    updatedAt: AT,
    version: 1,
  });
  expect(await findLabAccount(test.database, 'springfield')).toEqual(first);
  expect(await findLabAccount(test.database, 'shelbyville')).toBeUndefined();
  expect([await create(1, 'another'), await create(2, 'springfield')]).toEqual([undefined, undefined]);
  const second = (await create(2, 'shelbyville'))!;
  expect(second.id).toBeGreaterThan(first.id);
  expect((await listLabAccounts(test.database)).map(({ name }) => name)).toEqual(['springfield', 'shelbyville']);
  expect(await listLabAccounts(test.database, [second.id])).toEqual([second]);
});

it('a change increments the version, and fails if the account has changed since it was read', async () => {
  const account = (await findLabAccount(test.database, 'springfield'))!;
  const paused = {
    ...account,
    status: 'paused' as const,
    pausedReason: 'contract',
    concurrency: 2,
    panels: {},
    labAccounts: [],
    physicians: 'optional' as const,
  };
  expect(await updateLabAccount(test.database, paused, AT)).toBe(true);
  expect(await updateLabAccount(test.database, account, AT)).toBe(false);
  expect(await findLabAccount(test.database, 'springfield')).toEqual({ ...paused, version: 2 });
  expect((await summarizeLabAccounts(test.database)).versions).toEqual([
    [account.id, 2],
    [account.id + 3, 1],
  ]);
});

it('the summary names the only active tenant', async () => {
  const only = async () => (await summarizeLabAccounts(test.database)).onlyTenant;
  expect(await only()).toBeUndefined();
  const { id } = (await createTenant(test.database, { slug: 'one', name: 'One', at: AT }))!;
  expect(await only()).toBe(id);
  await createTenant(test.database, { slug: 'two', name: 'Two', at: AT });
  expect(await only()).toBeUndefined();
  await updateTenant(test.database, 'two', { status: 'disabled' });
  expect(await only()).toBe(id);
});

it('the waiting messages of an account are counted', async () => {
  await test.store.outbox.add({ tenant: 1, account: 0, topic: 'order', subject: 's', key: 'k', payload: '{}', at: AT });
  expect(await countWaitingOf(test.database, 0)).toEqual([{ topic: 'order', state: 'queued', count: 1 }]);
  expect(await countWaitingOf(test.database, 1)).toEqual([]);
});
