// Which tenants the account of the environment serves by the configuration, and what an operator reads at the start.
import { readConfig } from '../../src/config.ts';
import { createAccountDirectory } from '../../src/orders/accounts/account-directory.ts';
import { createSecretBox } from '../../src/orders/accounts/secrets.ts';
import { createEnvironmentAccount, describeAccounts } from '../../src/server/environment-account.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';

const LAB = '11111111-1111-4111-8111-111111111111';
const PRODUCTION = { NODE_ENV: 'production', DATABASE_URL: 'postgres://h/d' };
const KEY = {
  ...PRODUCTION,
  JUNCTION_API_KEY: 'pk_us_x',
  JUNCTION_WEBHOOK_SECRET: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  JUNCTION_PANELS: '{"a":["b"]}',
};

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

test.each<[string, Record<string, string>, object | undefined]>([
  ['the sandbox is shared and accepts any account at a laboratory', {}, { isShared: true, allowedLabAccounts: undefined }],
  ['without a key production has no account', PRODUCTION, undefined],
  [
    'a key serves an only tenant',
    { ...KEY, JUNCTION_LAB_ACCOUNT_ID: LAB },
    { isShared: false, allowedLabAccounts: [LAB], defaultLabAccount: LAB },
  ],
  [
    'it has its own limit of requests and its own physicians',
    { ...KEY, JUNCTION_CONCURRENCY: '4', JUNCTION_DEFAULT_PHYSICIANS: '{"NY":"ann"}', JUNCTION_PHYSICIANS: 'required' },
    { concurrency: 4, defaultPhysicians: { NY: 'ann' }, physicians: 'required', noteLimit: 120, panels: { a: ['b'] } },
  ],
  ['JUNCTION_SHARED=true shares it', { ...KEY, JUNCTION_SHARED: 'true' }, { isShared: true, allowedLabAccounts: [] }],
])('%s', (_title, env, account) => {
  const found = createEnvironmentAccount(readConfig(env)).find();
  if (account) expect(found).toMatchObject(account);
  else expect(found).toBeUndefined();
});

test('at the start one line names the tenants whose new orders are not sent, and what to set', async () => {
  const describe = async (env: Record<string, string>) => {
    const environment = createEnvironmentAccount(readConfig(env)).find;
    const accounts = createAccountDirectory({ database: store.database, environment, secrets: createSecretBox([]), log: () => {} });
    await accounts.refresh();
    return describeAccounts(accounts, store.database);
  };
  const add = (slug: string) => createTenant(store.database, { slug, name: slug, at: '2026-01-01T00:00:00.000Z' });
  await add('springfield');
  expect(await describe(KEY)).toEqual([]);
  for (const slug of ['shelbyville', 'capital', 'ogdenville']) await add(slug);
  expect(await describe(KEY)).toEqual([
    expect.stringMatching(
      /^New orders of springfield, shelbyville, capital and 1 other tenants? .*facet accounts create.*JUNCTION_SHARED=true/,
    ),
  ]);
  expect(await describe({ ...KEY, JUNCTION_SHARED: 'true' })).toEqual([]);
  expect(await describe(PRODUCTION)).toEqual([expect.stringContaining('no lab account')]);
});
