// Two tenants with a lab account each, at a real server: `facet accounts` as an operator runs it, webhooks in the path of each account, and the log.
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { advanceOrder } from '../../src/junction-sandbox/lifecycle.ts';
import type { SandboxOrder } from '../../src/junction-sandbox/sandbox-state.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { buildSignedHeaders } from '../../src/junction-sandbox/webhook-sender.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import {
  call,
  type FacetProcess,
  facetReading,
  killAll,
  migratedPlace,
  type Place,
  printed,
  type Said,
  startProcess,
} from './server-process.ts';

type Tenant = 'demo' | 'other';
const NEXT_SECRET = `whsec_${randomBytes(24).toString('base64')}`;

let place: Place;
let env: Record<string, string>;
let server: FacetProcess & { url: string };
let networks: Record<Tenant | 'environment', Sandbox>;
/** Everything that commands have printed. */
const outputs: string[] = [];

beforeAll(async () => {
  networks = { demo: await startSandbox(), other: await startSandbox(), environment: await startSandbox() };
  place = await migratedPlace();
  const { apiKey, url, teamId, state } = networks.environment;
  const environment = {
    JUNCTION_API_KEY: apiKey,
    JUNCTION_BASE_URL: url,
    JUNCTION_TEAM_ID: teamId,
    JUNCTION_WEBHOOK_SECRET: state.webhooks.secret,
  };
  env = { ...place.env, ...environment, FACET_SECRETS_KEY: randomBytes(32).toString('base64') };
  server = await startProcess({ ...env, FACET_LOG_LEVEL: 'info' });
});
afterAll(async () => {
  await killAll();
  await place.remove();
  for (const { close } of Object.values(networks)) await close();
});

const accounts = async (input: string, ...args: string[]): Promise<Said> => {
  const said = await facetReading(input, env, 'accounts', ...args);
  outputs.push(said.stdout, said.stderr);
  return said;
};
const toFile = (name: string, text: string): string => {
  const file = join(place.directory, name);
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  return file;
};
const create = (tenant: Tenant) => {
  const { apiKey, url, teamId, state, panels } = networks[tenant];
  const settings = ['--team', teamId, '--base-url', url, '--panels', JSON.stringify(panels)];
  const secrets = ['--api-key-file', '-', '--webhook-secret-file', toFile(`${tenant}.txt`, state.webhooks.secret)];
  return accounts(`${apiKey}\n`, 'create', '--tenant', tenant, ...settings, ...secrets);
};
const fhir = async (tenant: Tenant, path: string, body?: object) =>
  call(`${server.url}/fhir/R4/${path}`, place.keys()[tenant].fhir!, body && { method: 'PUT', body });
const order = async (tenant: Tenant, id: string, more: object = {}): Promise<void> => {
  expect((await fhir(tenant, `Patient/${id}`, orderable(id))).status).toBe(201);
  expect((await fhir(tenant, `ServiceRequest/${id}`, { ...panelFor(id), id, ...more })).status).toBe(201);
};
const reportsOf = async (tenant: Tenant): Promise<number> => (await fhir(tenant, 'DiagnosticReport?_summary=count')).body.total;
const ordersAt = (name: Tenant | 'environment'): SandboxOrder[] => [...networks[name].state.orders.values()];
/** The JSON lines of the log with this text. */
const logged = (text: string): Record<string, unknown>[] =>
  server.lines.flatMap((line) => (line.startsWith('{') && line.includes(`"msg":"${text}"`) ? [JSON.parse(line)] : []));

describe('facet accounts', () => {
  test('creates an account with secrets from standard input and a file, and lists and shows it', async () => {
    for (const tenant of ['demo', 'other'] as const)
      expect(await create(tenant)).toEqual({ code: 0, stderr: '', stdout: expect.stringContaining(`/webhooks/junction/${tenant}`) });
    expect((await accounts('', 'list')).stdout).toMatch(/demo +demo +active[\s\S]*other +other +active/);
    const { code, stdout } = await accounts('', 'show', 'demo');
    expect([code, stdout]).toEqual([0, expect.stringContaining(`…${networks.demo.apiKey.slice(-4)}`)]);
  });

  test.each<[string, string[], RegExp]>([
    [
      'an account that exists',
      ['create', '--tenant', 'demo', '--team', 't', '--base-url', 'http://127.0.0.1:1', '--api-key-file', '-'],
      /^facet: tenant demo has an account already/,
    ],
    ['a missing option', ['create', '--tenant', 'demo'], /--team <id>/],
    ['a file that does not exist', ['rotate', 'demo', '--api-key-file', '/nowhere/key.txt'], /^facet: .*\/nowhere\/key\.txt/],
    ['an account that does not exist', ['show', 'nobody'], /^facet: there is no account nobody: facet accounts list/],
    ['a pause without a reason', ['pause', 'demo'], /--reason/],
    ['a secret on the command line', ['rotate', 'demo', '--api-key', 'sk_us_visible'], /unknown option/],
  ])('%s ends with exit code 1 and one line', async (_what, args, message) => {
    const { code, stdout, stderr } = await accounts(networks.demo.apiKey, ...args);
    expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([1, '', 1]);
    expect(stderr).toMatch(message);
  });

  test('every command explains itself with an example', async () => {
    for (const command of ['create', 'list', 'show', 'update', 'rotate', 'pause', 'resume'])
      expect((await printed(env, 'accounts', command, '--help')).join('\n')).toMatch(
        new RegExp(`Examples?:\\n +.*facet accounts ${command}`),
      );
  });
});

/** Sends a webhook about this order. */
async function send(path: string, secret: string, about = ordersAt('demo')[0]!): Promise<{ id: string; status: number; body: string }> {
  const message = { id: `msg_${randomUUID()}`, type: 'labtest.order.updated', orderId: about.id, due: [], answers: [], fault: undefined };
  const body = JSON.stringify({ event_type: message.type, team_id: networks.demo.teamId, data: { id: about.id } });
  const { state } = networks.demo;
  const headers = buildSignedHeaders({ ...state, webhooks: { ...state.webhooks, secret } }, { ...message, body });
  const response = await fetch(`${server.url}/webhooks/junction${path}`, { method: 'POST', headers, body });
  return { id: message.id, status: response.status, body: await response.text() };
}

describe('orders and webhooks', () => {
  const secretOf = (name: keyof typeof networks) => networks[name].state.webhooks.secret;

  test('each tenant’s order goes to its own network, and its webhooks bring the result', async () => {
    for (const tenant of ['demo', 'other'] as const) {
      networks[tenant].state.webhooks.url = `${server.url}/webhooks/junction/${tenant}`;
      await order(tenant, `${tenant}-1`);
      await until(() => ordersAt(tenant).length === 1);
    }
    advanceOrder(networks.demo.state, ordersAt('demo')[0]!, 'completed.walk_in_test.completed', {});
    await until(async () => (await reportsOf('demo')) === 1);
    expect([await reportsOf('other'), ordersAt('environment').length]).toEqual([0, 0]);
    expect(
      networks.demo.state.webhooks.messages.flatMap(({ answers }) => answers).every((status) => status === 204 || status === 200),
    ).toBe(true);
  });

  test('a path accepts the secret of its account alone; an unknown name gets the same response', async () => {
    const refused = await send('/demo', `whsec_${randomBytes(24).toString('base64')}`);
    expect(refused.status).toBe(401);
    const without = ({ status, body }: typeof refused) => [status, body.replace(/[0-9a-f-]{36}/g, '')];
    for (const [path, secret] of [
      ['/demo', secretOf('other')],
      ['/demo', secretOf('environment')],
      ['/nobody', secretOf('demo')],
      ['/environment', secretOf('environment')],
      ['', secretOf('demo')],
    ] as const)
      expect([path, ...without(await send(path, secret))]).toEqual([path, ...without(refused)]);
    expect((await send('/demo', secretOf('demo'))).status).toBeLessThan(300);
  });

  test('a validly signed webhook about an order of another account changes nothing', async () => {
    const isProcessed = (message: string) => logged('a webhook was processed').some(({ id }) => id === message);
    for (const [path, name] of [
      ['/other', 'other'],
      ['', 'environment'],
    ] as const) {
      const reads = () => networks[name].state.requests.filter(({ operation }) => operation === 'order').length;
      const before = reads();
      const { id, status } = await send(path, secretOf(name));
      expect(status).toBeLessThan(300);
      // it looks for the order at its own network, which does not have it
      await until(() => reads() > before);
      expect(isProcessed(id)).toBe(false);
    }
    const { id } = await send('/demo', secretOf('demo'));
    await until(() => isProcessed(id));
  });

  test('a paused account accepts orders and sends nothing, its webhooks are processed, and it sends when it is resumed', async () => {
    expect((await accounts('', 'pause', 'other', '--reason', 'rehearsal')).code).toBe(0);
    await until(async () => {
      const { state } = networks.other;
      const before = state.orders.size;
      await order('other', `paused-${randomUUID()}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return state.orders.size === before;
    });
    const sent = ordersAt('other').length;
    advanceOrder(networks.other.state, ordersAt('other')[0]!, 'completed.walk_in_test.completed', {});
    await until(async () => (await reportsOf('other')) === 1);
    expect((await send('/other', secretOf('other'), ordersAt('other')[0]!)).status).toBeLessThan(300);
    expect(ordersAt('other').length).toBe(sent);
    expect((await accounts('', 'resume', 'other')).code).toBe(0);
    await until(() => ordersAt('other').length > sent);
  });

  test('a rotated webhook secret is valid beside the former one until that is dropped', async () => {
    const status = async (secret: string) => (await send('/demo', secret)).status;
    expect((await accounts('', 'rotate', 'demo', '--webhook-secret-file', toFile('next.txt', NEXT_SECRET))).code).toBe(0);
    await until(async () => (await status(NEXT_SECRET)) < 300);
    expect(await status(secretOf('demo'))).toBeLessThan(300);
    expect((await accounts('', 'rotate', 'demo', '--drop-old')).code).toBe(0);
    await until(async () => (await status(secretOf('demo'))) === 401);
    expect(await status(NEXT_SECRET)).toBeLessThan(300);
  });

  test('orders are sent with the new API key of the network without a restart', async () => {
    networks.demo.state.apiKey = 'sk_us_another-key-of-the-network';
    expect((await accounts('sk_us_another-key-of-the-network', 'rotate', 'demo', '--api-key-file', '-')).code).toBe(0);
    const before = ordersAt('demo').length;
    await order('demo', 'rotated');
    await until(() => ordersAt('demo').length > before);
  });
});

describe('the log', () => {
  const ids = (tenant: Tenant, request: string, order: string) => ({
    tenant,
    account: tenant,
    subject: `ServiceRequest/${request}`,
    order,
  });

  test('lines about orders have the name of the tenant, the request, and the order at the network', async () => {
    const first = ordersAt('demo')[0]!;
    expect(logged('order')).toContainEqual(expect.objectContaining({ ...ids('demo', 'demo-1', first.id), state: 'done' }));
    expect(logged('a webhook was processed')).toContainEqual(
      expect.objectContaining({ ...ids('demo', 'demo-1', first.id), type: 'labtest.order.updated' }),
    );
    expect(logged('webhook')).toContainEqual(expect.objectContaining({ tenant: 'demo', account: 'demo', order: first.id }));

    await order('demo', 'revoked');
    const sent = await until(() =>
      ordersAt('demo').find(({ id }) => logged('order').some((line) => line.order === id && line.subject === 'ServiceRequest/revoked')),
    );
    await fhir('demo', 'ServiceRequest/revoked', { ...panelFor('revoked'), id: 'revoked', status: 'revoked' });
    const [line] = await until(
      () => logged('cancellation'),
      (lines) => lines.length > 0,
    );
    expect(line).toMatchObject({ ...ids('demo', 'revoked', sent!.id), state: 'done' });

    networks.demo.state.faults = [{ operation: 'order', kind: 'error', status: 500, times: 100 }];
    await send('/demo', NEXT_SECRET, first);
    const [failed] = await until(
      () => logged('an order could not be polled').filter(({ order, error }) => order === first.id && String(error).includes('500')),
      (lines) => lines.length > 0,
    );
    expect(failed).toMatchObject(ids('demo', 'demo-1', first.id));
  });

  test('neither the log nor a command has a secret, and the log has no patient data', async () => {
    const secrets = [
      NEXT_SECRET,
      'sk_us_another-key',
      env.FACET_SECRETS_KEY!,
      ...Object.values(networks).flatMap(({ apiKey, state }) => [apiKey, state.webhooks.secret]),
    ];
    const all = [...outputs, ...server.lines].join('\n');
    expect(outputs.join('').length).toBeGreaterThan(1000);
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    expect(server.lines.filter((line) => line.startsWith('{')).join('\n')).not.toMatch(/Lovelace|Main St|5184731122|1985-12-10|ada@/);
  });
});
