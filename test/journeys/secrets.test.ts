// Nothing secret is on standard output, in logs, command lines, metrics or errors. A server in production gets secrets that can be recognised; then everything that it
// says is searched for them.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVER_URL } from '../store/open.ts';
import { until } from '../until.ts';
import { orderable } from './people.ts';
import {
  type Env,
  type FacetProcess,
  facet,
  facetReading,
  killAll,
  migratedPlace,
  type Place,
  printed,
  startProcess,
} from './server-process.ts';

const onServer = SERVER_URL === undefined ? describe.skip : describe;
const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
const TEAM = '6353bcab-3526-4838-8c92-063fa760fb6b';
const METRICS_PORT = /^Metrics: (\S+)$/m;
const KEY = /^ {2}([a-z]+_live_[0-9A-Za-z]{32})$/m;

/** The secrets, each with a part that occurs nowhere else. */
const secretKey = randomBytes(32).toString('base64');
const webhookSecret = `whsec_${randomBytes(24).toString('base64')}`;
const databasePassword = `Pw${randomBytes(12).toString('hex')}`;
const junctionKey = `sk_us_${randomBytes(16).toString('hex')}`;
const accountKey = `sk_us_${randomBytes(16).toString('hex')}`;
const accountSecret = `whsec_${randomBytes(24).toString('base64')}`;
const newAccountKey = `sk_us_${randomBytes(16).toString('hex')}`;
const given = { secretKey, webhookSecret, databasePassword, junctionKey, accountKey, accountSecret, newAccountKey };

onServer('a server in production', () => {
  let place: Place;
  let files: string;
  let network: Server;
  let env: Env;
  let server: FacetProcess & { url: string };
  const keys: Record<string, string> = {};
  /** All that was said: the commands' output but the one line with a new key, and responses with their headers. */
  const said: string[] = [];
  /** The headers that the network got. */
  const received: string[] = [];

  /** A command whose output is searched. A new key is on a line of its own, which is taken out. */
  const run = async (...args: string[]): Promise<string[]> => {
    const lines = await printed(env, ...args);
    said.push(lines.filter((line) => !KEY.test(line)).join('\n'));
    return lines;
  };
  const newKey = async (name: string, ...args: string[]): Promise<void> => {
    keys[name] = KEY.exec((await run('keys', 'create', ...args)).join('\n'))![1]!;
  };
  const send = async (path: string, key: string | undefined, init: RequestInit = {}): Promise<number> => {
    const authorization = key === undefined ? {} : { Authorization: `Bearer ${key}` };
    const response = await fetch(server.url + path, { ...init, redirect: 'manual', headers: { ...authorization, ...init.headers } });
    said.push(`${JSON.stringify([...response.headers])}\n${await response.text()}`);
    return response.status;
  };
  const json = (body: unknown): RequestInit => ({
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });

  beforeAll(async () => {
    place = await migratedPlace();
    files = mkdtempSync(join(tmpdir(), 'facet-secrets-'));
    // a network that repeats what it is sent, as a careless one may
    network = createServer((req, res) => {
      received.push(JSON.stringify(req.headers));
      res.writeHead(500).end(`no: ${JSON.stringify(req.headers)}`);
    }).listen(0, '127.0.0.1');
    await until(() => network.listening);
    const url = new URL(place.env.DATABASE_URL!);
    url.password = databasePassword;
    const directory = join(files, 'data');
    mkdirSync(directory);
    env = {
      ...place.env,
      NODE_ENV: 'production',
      FACET_LOG_LEVEL: 'info',
      FACET_DRAIN_SECONDS: '0',
      FACET_DATA_DIR: directory,
      FACET_METRICS: '0',
      DATABASE_URL: url.href,
      FACET_SECRETS_KEY: secretKey,
      JUNCTION_API_KEY: junctionKey,
      JUNCTION_SHARED: 'true',
      JUNCTION_TEAM_ID: TEAM,
      JUNCTION_BASE_URL: `http://127.0.0.1:${(network.address() as AddressInfo).port}`,
      JUNCTION_WEBHOOK_SECRET: webhookSecret,
      JUNCTION_PANELS: `{"pcos":["${TEAM}"]}`,
    };
    server = await startProcess(env);
  });
  afterAll(async () => {
    await killAll();
    network.close();
    rmSync(files, { recursive: true });
    await place.remove();
  });

  const commandLine = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');

  test('it has no development keys: not printed, not in a file, not in the database', async () => {
    expect(server.lines.join('\n')).not.toMatch(/[a-z]+_test_|dev-keys|curl/);
    expect(readdirSync(join(files, 'data'))).toEqual([]);
    expect(await run('tenants', 'list')).toEqual(['no tenants yet: facet tenants create <name>']);
    expect(await run('keys', 'list', '--operator')).toEqual(['operators have no keys yet']);
  });

  test('keys are created, rotated and listed; a new key is on one line of the output and in one response', async () => {
    await run('tenants', 'create', 'springfield');
    await newKey('fhir', '--tenant', 'springfield', '--surface', 'fhir');
    await newKey('loop', '--tenant', 'springfield', '--surface', 'loop');
    await newKey('admin', '--tenant', 'springfield', '--surface', 'admin');
    await newKey('operator', '--operator');
    const response = await fetch(`${server.url}/admin/keys`, {
      ...json({ surface: 'fhir' }),
      headers: { Authorization: `Bearer ${keys.admin}`, 'Content-Type': 'application/json' },
    });
    const { key, id } = (await response.json()) as { key: string; id: string };
    keys.created = key;
    keys.rotated = KEY.exec((await run('keys', 'rotate', id, '--tenant', 'springfield')).join('\n'))![1]!;
    await run('keys', 'list', '--tenant', 'springfield');
    await run('keys', 'log', '--tenant', 'springfield');
    for (const path of ['/admin/keys', `/admin/keys/${id}`, '/admin/events', '/admin/tenants'])
      expect(await send(path, keys.admin)).toBe(200);
  });

  test('secrets of lab accounts are read from files or standard input', async () => {
    const [keyFile, secretFile] = [join(files, 'key.txt'), join(files, 'secret.txt')];
    writeFileSync(keyFile, `${accountKey}\n`);
    writeFileSync(secretFile, `${accountSecret}\n`);
    await run('tenants', 'create', 'shelbyville');
    const account = ['accounts', 'create', '--tenant', 'shelbyville', '--team', TEAM, '--base-url', env.JUNCTION_BASE_URL!];
    await run(...account, '--api-key-file', keyFile, '--webhook-secret-file', secretFile);
    const rotated = await facetReading(newAccountKey, env, 'accounts', 'rotate', 'shelbyville', '--api-key-file', '-');
    said.push(rotated.stdout, rotated.stderr);
    await run('accounts', 'show', 'shelbyville');
    await run('accounts', 'list');
  });

  test('requests with errors of every kind are answered', async () => {
    const wrong = keys.fhir!.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    expect(await send('/fhir/R4/Patient', wrong)).toBe(401);
    expect(await send('/fhir/R4/Patient', keys.loop)).toBe(403);
    expect(await send('/fhir/R4/Patient', keys.operator)).toBe(403);
    expect(await send('/admin/keys', keys.fhir)).toBe(403);
    expect(await send('/fhir/R4/Patient', keys.fhir, { headers: { 'x-api-key': keys.loop! } })).toBe(401);
    expect(await send(`/fhir/R4/Patient?api_key=${keys.fhir}`, keys.fhir)).toBe(400);
    expect(await send(`/fhir/R4/Patient/${'x'.repeat(100)}`, keys.fhir)).toBeGreaterThanOrEqual(400);
    expect(await send('/fhir/R4/Patient', keys.fhir, json('no object'))).toBe(400);
    expect(await send('/v1/patients', keys.loop, json({ nothing: true }))).toBe(400);
    expect(await send('/nothing', undefined)).toBe(404);
    const signed = { 'svix-id': 'msg_1', 'svix-timestamp': String(Math.floor(Date.now() / 1000)), 'svix-signature': 'v1,bm90IHRoaXM=' };
    for (const path of ['/webhooks/junction', '/v1/webhooks/junction', '/webhooks/junction/shelbyville'])
      expect(
        await send(path, undefined, { ...json({ event_type: 'x' }), headers: { ...signed, 'Content-Type': 'application/json' } }),
      ).toBeGreaterThanOrEqual(400);
    for (const path of ['/healthz', '/readyz', '/openapi', '/openapi/fhir.json', '/docs/', '/fhir/R4/metadata'])
      expect(await send(path, undefined)).toBe(200);
  });

  test('an order whose network fails is logged without the key of the account', async () => {
    const headers = { 'Content-Type': 'application/fhir+json' };
    const put = { method: 'PUT', headers, body: JSON.stringify(orderable(PATIENT)) };
    expect(await send(`/fhir/R4/Patient/${PATIENT}`, keys.fhir, put)).toBe(201);
    const order = json({ brand_id: 'springfield', patient_id: PATIENT, panel_id: 'pcos' });
    const response = await send('/v1/lab-orders', keys.loop, { ...order, headers: { ...order.headers, 'idempotency-key': 'once' } });
    expect(response).toBe(502);
    await until(() => received.some((headers) => headers.includes(junctionKey)));
    await until(() => received.some((headers) => headers.includes(newAccountKey)));
    await run('orders');
    await run('orders', 'status');
  });

  test.each<[string, Env, string]>([
    ['a database that does not answer', { DATABASE_URL: `postgres://facet:${databasePassword}@127.0.0.1:1/none` }, databasePassword],
    ['a database of another kind', { DATABASE_URL: `mysql://facet:${databasePassword}@127.0.0.1/none` }, databasePassword],
    ['a database URL with a mistake', { DATABASE_URL: `postgres://facet:${databasePassword}@127.0.0.1:port/none` }, databasePassword],
    ['a key of secrets that is too short', { FACET_SECRETS_KEY: secretKey.slice(0, 30) }, secretKey.slice(0, 30)],
    ['a webhook secret without its prefix', { JUNCTION_WEBHOOK_SECRET: webhookSecret.slice(6) }, webhookSecret.slice(6)],
    ['an API key of an unknown kind', { JUNCTION_API_KEY: junctionKey.slice(6), JUNCTION_BASE_URL: '' }, junctionKey.slice(6)],
    ['a base URL with a password', { JUNCTION_BASE_URL: `ftp://facet:${databasePassword}@127.0.0.1` }, databasePassword],
  ])('a start that is refused because of %s does not print the secret', async (_what, settings, secret) => {
    const { code, stdout, stderr } = await facet({ ...env, ...settings }, 'start');
    expect([code, stdout + stderr]).toEqual([1, expect.stringMatching(/^facet: [^\n]+\n$/)]);
    expect(stdout + stderr).not.toContain(secret);
  });

  test('after all that, no secret is in what the server and the commands said, in its command line or in its metrics', async () => {
    const [, metrics] = METRICS_PORT.exec(server.lines.join('\n'))!;
    said.push(await (await fetch(metrics!)).text(), commandLine(server.pid));
    server.signal('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    said.push(server.lines.join('\n'), await server.errors);
    const everything = said.join('\n');
    // the search finds what is there
    expect(everything).toContain('springfield');
    expect(everything.length).toBeGreaterThan(10_000);
    const secrets = { ...given, ...keys };
    expect(Object.keys(secrets)).toHaveLength(13);
    const spellings = (secret: string): string[] => [secret, secret.split('_').at(-1)!].flatMap((text) => [text, encodeURIComponent(text)]);
    const found = Object.entries(secrets).filter(([, secret]) => spellings(secret).some((text) => everything.includes(text)));
    expect(found.map(([name]) => name)).toEqual([]);
  });
});

test('no option of a command takes a secret, which other users of the machine would see in the list of processes', async () => {
  const nouns = ['tenants', 'keys', 'accounts', 'orders', 'catalogue', 'subscriptions', 'profiles', 'index', 'migrations', 'mapping'];
  const options = await Promise.all(
    nouns.map(async (noun) => {
      const { stdout } = await facet({}, noun, '--help');
      const commands = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name!);
      const helps = await Promise.all(commands.filter((name) => name !== 'help').map((name) => facet({}, noun, name, '--help')));
      return helps.flatMap((help) =>
        [...help.stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+) <(\w+)>/gm)].map(([, name, value]) => `${name} <${value}>`),
      );
    }),
  );
  const all = [...new Set(options.flat())];
  expect(all.length).toBeGreaterThan(20);
  expect(all.filter((option) => /key|secret|token|password|credential/.test(option)).sort()).toEqual([
    'api-key-file <file>',
    'webhook-secret-file <file>',
  ]);
});
