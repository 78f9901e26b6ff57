// `facet accounts`: what operators see and change. No line contains a secret.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretFiles } from '../../src/cli/account-options.ts';
import { ACCOUNT_OPERATIONS } from '../../src/cli/accounts.ts';
import type { AdminContext, Options } from '../../src/cli/admin-command.ts';
import { TENANT_OPERATIONS } from '../../src/cli/tenants.ts';
import { createSecretBox, KEY_BYTES } from '../../src/orders/accounts/secrets.ts';
import { findLabAccount } from '../../src/store/lab-accounts.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';

const [FIRST_KEY, NEXT_KEY] = [randomBytes(KEY_BYTES), randomBytes(KEY_BYTES)];
const AT = '2026-01-01T00:00:00.000Z';
const SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const NEXT_SECRET = 'whsec_AAAAsBQIhrscChlQIMV+b5sSYspobNEXT';
const API_KEY = 'sk_us_abcdefghijklWXYZ';
const TEAM = '6353bcab-0000-4000-8000-000000000001';
const LAB = '11111111-1111-4111-8111-111111111111';

let test_: TestStore;
let context: AdminContext;
beforeAll(async () => {
  test_ = await openTestStore();
  for (const slug of ['springfield', 'shelbyville']) await createTenant(test_.database, { slug, name: slug, at: AT });
});
afterAll(() => test_.close());
beforeEach(async () => {
  await test_.database.script('delete from lab_account');
  useKeys(FIRST_KEY);
});

const useKeys = (...keys: Buffer[]): void => {
  context = {
    keyPrefixes: {},
    mappings: {} as never,
    now: () => new Date(AT),
    secrets: createSecretBox(keys),
    isEnvironmentExclusive: true,
    contextOf: () => ({}) as never,
    syncCatalogue: () => Promise.reject(new Error('not asked for')),
    print: async () => {},
    progress: () => {},
  };
};

const outputs: string[] = [];
const run = async (command: string, options: Options = {}): Promise<string[]> => {
  const lines = await { ...ACCOUNT_OPERATIONS, ...TENANT_OPERATIONS }[command]!(test_.database, options, context);
  outputs.push(...lines);
  return lines;
};
const create = (more: Options = {}) =>
  run('accounts create', { tenant: 'springfield', team: TEAM, apiKey: API_KEY, webhookSecret: SECRET, ...more });
const show = async (account = 'springfield') =>
  Object.fromEntries((await run('accounts show', { account })).map((line) => [line.slice(0, 16).trim(), line.slice(16)]));

test('an account is created for a tenant, listed and shown without its secrets', async () => {
  expect(
    (
      await create({
        panels: `{"pcos":["${LAB}"]}`,
        labAccounts: LAB,
        concurrency: '8',
        physicians: 'required',
        defaultPhysicians: '{"NY":"ann"}',
      })
    ).join(),
  ).toContain('/webhooks/junction/springfield');
  expect(await run('accounts list')).toEqual([
    'ACCOUNT      TENANT       STATUS  HOST                         TEAM                                  CONCURRENCY  REASON',
    `springfield  springfield  active  api.sandbox.us.junction.com  ${TEAM}  8`,
  ]);
  expect(await show()).toMatchObject({
    status: 'active',
    host: 'https://api.sandbox.us.junction.com',
    team: TEAM,
    webhooks: '/webhooks/junction/springfield',
    'API key': '…WXYZ',
    'webhook secret': '…b7oD',
    panels: 'pcos',
    'lab accounts': LAB,
    physicians: 'required: an order that no physician signs is refused',
    'sign by state': 'NY Practitioner/ann',
    registration: 'looked up in the roster of the team',
    waiting: 'nothing',
  });
});

test.each<[string, Options, string]>([
  ['a tenant that does not exist', { tenant: 'nowhere' }, 'there is no tenant nowhere'],
  ['a name that is no path', { name: 'Spring Field' }, 'the name of an account'],
  ['the name of the environment', { name: 'environment' }, 'is not environment'],
  ['an API key of another form', { apiKey: 'x' }, '--api-key-file'],
  ['a webhook secret of another form', { webhookSecret: 'secret' }, '--webhook-secret-file'],
  ['a key of another host', { baseUrl: 'https://api.us.junction.com' }, 'the API key does not belong to the host in --base-url'],
  ['a key without a host', { apiKey: 'abcdefghijkl' }, '--base-url'],
  ['panels of another form', { panels: '["a"]' }, '--panels'],
  ['laboratory accounts of another form', { labAccounts: 'a,b' }, '--lab-accounts'],
  ['no concurrency', { concurrency: '0' }, '--concurrency'],
  ['a note limit that is too high', { noteLimit: '1001' }, '--note-limit'],
  ['default physicians of another form', { defaultPhysicians: '{"New York":"a"}' }, '--default-physicians'],
  ['another demand', { physicians: 'never' }, '--physicians'],
  ['a physician path of another form', { physicianPath: 'physicians' }, '--physician-path'],
])('%s is refused with the option', async (_what, options, message) => {
  await expect(create(options)).rejects.toThrow(message);
  expect(await run('accounts list')).toEqual(['no accounts yet: facet accounts create --tenant <name>']);
});

test('a tenant has one account, and a name is used once', async () => {
  await create();
  await expect(create()).rejects.toThrow('has an account already');
  await expect(create({ tenant: 'shelbyville', name: 'springfield' })).rejects.toThrow('is in use');
});

test('nothing is created without a key for the secrets', async () => {
  useKeys();
  await expect(create()).rejects.toThrow('FACET_SECRETS_KEY');
});

test('an update changes the named settings alone, and an empty text removes one', async () => {
  await create({ labAccounts: LAB, physicianPath: '/v3/physicians' });
  await run('accounts update', { account: 'springfield', concurrency: '2', physicianPath: '' });
  expect(await findLabAccount(test_.database, 'springfield')).toMatchObject({
    concurrency: 2,
    physicianPath: null,
    labAccounts: [LAB],
    version: 2,
  });
  await expect(run('accounts update', { account: 'shelbyville' })).rejects.toThrow('there is no account shelbyville');
});

test('a pause needs a reason and shows it; resuming removes it', async () => {
  await create();
  await expect(run('accounts pause', { account: 'springfield', reason: ' ' })).rejects.toThrow('--reason');
  await run('accounts pause', { account: 'springfield', reason: 'contract ends' });
  expect((await show()).status).toBe('paused: contract ends');
  await run('accounts resume', { account: 'springfield' });
  expect((await show()).status).toBe('active');
});

describe('rotating', () => {
  const own = async () => {
    const account = (await findLabAccount(test_.database, 'springfield'))!;
    return context.secrets.decrypt(account.id, account.secrets);
  };

  test('a new webhook secret is valid beside the old one until the old one is dropped', async () => {
    await create();
    await run('accounts rotate', { account: 'springfield', webhookSecret: NEXT_SECRET });
    expect(await own()).toEqual({ apiKey: API_KEY, webhookSecrets: [NEXT_SECRET, SECRET] });
    await run('accounts rotate', { account: 'springfield', dropOld: 'yes' });
    expect(await own()).toEqual({ apiKey: API_KEY, webhookSecrets: [NEXT_SECRET] });
  });

  test('a new API key must belong to the host', async () => {
    await create();
    await expect(run('accounts rotate', { account: 'springfield', apiKey: 'pk_us_abcdefghijkl' })).rejects.toThrow('does not belong');
    await run('accounts rotate', { account: 'springfield', apiKey: 'sk_us_another-key' });
    expect(await own()).toMatchObject({ apiKey: 'sk_us_another-key' });
  });

  test('a new key of FACET_SECRETS_KEY encrypts all accounts again; one that cannot be read does not hold back the others', async () => {
    await create();
    useKeys(randomBytes(KEY_BYTES));
    await create({ tenant: 'shelbyville' });
    useKeys(NEXT_KEY, FIRST_KEY);
    expect((await show())['secrets key']).toContain('a former one');
    expect(
      (await run('accounts rotate', { all: 'yes' })).map((line) =>
        /^account (\w+): .*(encrypted with the first|FACET_SECRETS_KEY does not contain)/.exec(line)?.slice(1),
      ),
    ).toEqual([
      ['springfield', 'encrypted with the first'],
      ['shelbyville', 'FACET_SECRETS_KEY does not contain'],
    ]);
    useKeys(NEXT_KEY);
    expect(await own()).toMatchObject({ apiKey: API_KEY });
    expect((await show('shelbyville')).secrets).toContain('FACET_SECRETS_KEY does not contain');
    await run('accounts rotate', { account: 'shelbyville', apiKey: API_KEY });
    expect((await show('shelbyville'))['API key']).toBe('…WXYZ');
  });

  test.each<[string, Options]>([
    ['no account', {}],
    ['an account and --all', { account: 'springfield', all: 'yes' }],
    ['--all and a new secret', { all: 'yes', webhookSecret: NEXT_SECRET }],
  ])('%s is refused', async (_what, options) => {
    await create();
    await expect(run('accounts rotate', options)).rejects.toThrow(/name/);
  });
});

test('creating the second tenant tells that the account of the environment serves nobody from now on', async () => {
  await test_.database.script("update tenant set status = 'disabled'");
  expect(await run('tenants create', { slug: 'first' })).toHaveLength(1);
  expect((await run('tenants create', { slug: 'second' }))[1]).toMatch(/JUNCTION_API_KEY.*facet accounts create.*JUNCTION_SHARED=true/);
  expect(await run('tenants create', { slug: 'third' })).toHaveLength(1);
  await test_.database.script("update tenant set status = 'active'");
});

test('secrets are read from files, and their names are not sent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'facet-accounts-'));
  const file = join(folder, 'key.txt');
  writeFileSync(file, `${API_KEY}\n`);
  expect(await readSecretFiles({ tenant: 'a', apiKeyFile: file })).toEqual({ tenant: 'a', apiKey: API_KEY });
  await expect(readSecretFiles({ apiKeyFile: '-', webhookSecretFile: '-' })).rejects.toThrow('standard input');
  rmSync(folder, { recursive: true });
});

test('no line of any command contained a secret', () => {
  expect(outputs.length).toBeGreaterThan(20);
  expect(outputs.filter((line) => [API_KEY, SECRET, NEXT_SECRET].some((secret) => line.includes(secret)))).toEqual([]);
});
