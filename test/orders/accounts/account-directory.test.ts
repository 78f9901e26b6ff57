// Which account at the lab network a tenant's orders use, and how soon a process finds out about changes.
import { randomBytes } from 'node:crypto';
import { createAccountDirectory, type EnvironmentAccount } from '../../../src/orders/accounts/account-directory.ts';
import { ENVIRONMENT_ACCOUNT } from '../../../src/orders/accounts/account-identity.ts';
import { createSecretBox, KEY_BYTES } from '../../../src/orders/accounts/secrets.ts';
import type { Database } from '../../../src/store/database/database.ts';
import { createLabAccount, findLabAccount, updateLabAccount } from '../../../src/store/lab-accounts.ts';
import { createTenant, updateTenant } from '../../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../../store/open.ts';

const AT = '2026-01-01T00:00:00.000Z';
const LISTED = '11111111-1111-4111-8111-111111111111';
const BOX = createSecretBox([randomBytes(KEY_BYTES)]);
const ENVIRONMENT: EnvironmentAccount = {
  ...ENVIRONMENT_ACCOUNT,
  junction: { apiKey: 'sk_us_env', baseUrl: 'https://network.example' },
  webhookSecrets: [],
  isPaused: false,
  concurrency: 16,
  physicianPath: undefined,
  panels: {},
  defaultLabAccount: LISTED,
  allowedLabAccounts: [LISTED],
  defaultPhysicians: {},
  physicians: 'optional',
  noteLimit: 120,
  isShared: false,
};

let test_: TestStore;
let statements: string[];
let log: string[];
beforeAll(async () => {
  test_ = await openTestStore();
});
beforeEach(async () => {
  await test_.database.script('delete from lab_account; delete from tenant');
  [statements, log] = [[], []];
});
afterAll(() => test_.close());

const tenant = async (slug: string): Promise<number> => (await createTenant(test_.database, { slug, name: slug, at: AT }))!.id;
const account = async (of: number, name: string) =>
  (await createLabAccount(
    test_.database,
    {
      tenant: of,
      name,
      baseUrl: 'https://a.example',
      teamId: `team of ${name}`,
      physicianPath: null,
      panels: {},
      labAccounts: [LISTED],
      defaultPhysicians: {},
      physicians: 'optional',
      concurrency: 3,
      noteLimit: 60,
      at: AT,
    },
    (id) => BOX.encrypt(id, { apiKey: `key of ${name}`, webhookSecrets: [] }),
  ))!;
/** The directory of another process, which has read the accounts just now. */
const open = async (environment: EnvironmentAccount | null = ENVIRONMENT, secrets = BOX) => {
  const database: Database = {
    ...test_.database,
    query: (sql, ...rest) => {
      statements.push(sql);
      return test_.database.query(sql, ...rest);
    },
  };
  const directory = createAccountDirectory({
    database,
    environment: () => environment ?? undefined,
    secrets,
    log: (facts, text) => log.push(JSON.stringify([text, facts])),
  });
  await directory.refresh();
  return directory;
};

describe('the account of the environment', () => {
  test('serves the only tenant, which may name any account at a laboratory', async () => {
    const only = await tenant('only');
    const { findOfTenant } = await open();
    expect(findOfTenant(only)).toMatchObject({ id: 0, allowedLabAccounts: undefined });
    expect(findOfTenant(only + 1)).toBeUndefined();
  });

  test('serves nobody when there are several active tenants, unless it is shared', async () => {
    const [one, two] = [await tenant('one'), await tenant('two')];
    const alone = await open();
    expect([alone.findOfTenant(one), alone.findOfTenant(two)]).toEqual([undefined, undefined]);
    const shared = await open({ ...ENVIRONMENT, isShared: true });
    expect([one, two].map((id) => shared.findOfTenant(id))).toMatchObject([
      { id: 0, allowedLabAccounts: [LISTED] },
      { id: 0, allowedLabAccounts: [LISTED] },
    ]);
    await updateTenant(test_.database, 'two', { status: 'disabled' });
    expect((await open()).findOfTenant(one)).toMatchObject({ id: 0 });
  });

  test('does not serve a tenant that has an account, and remains the account of the orders accepted for it', async () => {
    const one = await tenant('one');
    const own = await account(one, 'one');
    const directory = await open({ ...ENVIRONMENT, isShared: true });
    expect(directory.findOfTenant(one)).toMatchObject({ id: own.id, tenant: one, allowedLabAccounts: [LISTED], defaultLabAccount: LISTED });
    expect(directory.find(0)).toMatchObject({ id: 0 });
    expect(directory.list().map(({ id }) => id)).toEqual([0, own.id]);
  });
});

test('an account is found by its id and name, with its decrypted secrets', async () => {
  const one = await tenant('one');
  const own = await account(one, 'first');
  const directory = await open(null);
  expect(directory.findByName('first')).toEqual(directory.find(own.id));
  expect(directory.find(own.id)).toMatchObject({
    junction: { apiKey: 'key of first', teamId: 'team of first' },
    concurrency: 3,
    noteLimit: 60,
  });
  expect([directory.findByName('environment'), directory.find(0), directory.find(own.id + 1)]).toEqual([undefined, undefined, undefined]);
});

test('secrets of another key are logged with the account and the variable; the other accounts continue', async () => {
  const [one, two] = [await tenant('one'), await tenant('two')];
  const lost = await account(one, 'lost');
  const directory = await open(null, createSecretBox([randomBytes(KEY_BYTES)]));
  expect(directory.findOfTenant(one)).toMatchObject({ id: lost.id, junction: undefined, webhookSecrets: [] });
  expect(log).toEqual([expect.stringMatching(/"account":"lost".*FACET_SECRETS_KEY/)]);
  await account(two, 'kept');
  const rest = await open(null);
  expect(rest.findOfTenant(two)).toMatchObject({ junction: { apiKey: 'key of kept' } });
});

test('within a second a process asks nothing; then one statement, and one more only if an account has changed', async () => {
  const own = await account(await tenant('one'), 'one');
  const directory = await open();
  expect(statements).toHaveLength(3);
  await directory.refresh();
  expect(statements).toHaveLength(3);
  await updateLabAccount(test_.database, { ...own, status: 'paused', pausedReason: 'test' }, AT);
  await later();
  await Promise.all([directory.refresh(), directory.refresh()]);
  expect([statements.length, directory.find(own.id)?.isPaused]).toEqual([5, true]);
  await later();
  await directory.refresh();
  expect(statements).toHaveLength(6);
  await test_.database.script('delete from lab_account');
  await later();
  await directory.refresh();
  expect([statements.length, directory.find(own.id), await findLabAccount(test_.database, 'one')]).toEqual([7, undefined, undefined]);
});

test('tenants are named; a new one, and one whose id is lower, from the next reading on', async () => {
  const two = await tenant('two');
  const directory = await open();
  expect([directory.findTenantName(two), directory.findTenantName(two - 1)]).toEqual(['two', undefined]);
  await test_.database.query('insert into tenant (tenant_id, slug, name, created_at) values ($1, $2, $2, $3)', [two - 1, 'one', AT]);
  await later();
  await directory.refresh();
  expect([two, two - 1].map(directory.findTenantName)).toEqual(['two', 'one']);
});

const later = () => new Promise((resolve) => setTimeout(resolve, 1050));
