// Start and stop of a real server process: output, stored data, errors and exit.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { readDemo } from '../../src/server/development/demo.ts';
import { onEmbedded, onServer } from '../store/open.ts';
import { until } from '../until.ts';
import {
  call,
  emptyPlace,
  type FacetProcess,
  facet,
  type KeyFile,
  killAll,
  launch,
  launchByNpm,
  launchIn,
  migratedPlace,
  type Place,
  startProcess,
} from './server-process.ts';

let place: Place;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  place = await emptyPlace();
  server = await startProcess(place.env);
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

const ADA = { resourceType: 'Patient', id: 'ada', name: [{ family: 'Lovelace' }] };
const restart = async (env: Record<string, string> = {}) => {
  server = await startProcess({ ...place.env, ...env });
};
const fhir = (path: string, key: string, more?: Parameters<typeof call>[2]) => call(`${server.url}/fhir/R4${path}`, key, more);
const curls = () => server.lines.filter((line) => line.startsWith('curl '));

describe('a first start', () => {
  test('prints its URL and six curl commands', async () => {
    await server.waitForLine(/^curl .*\/fhir\/R4\//);
    const ready = server.lines.findIndex((line) => line.startsWith('Facet is ready: '));
    expect(server.lines[ready + 1]).toMatch(new RegExp(`^  Console +(?:${server.url}/console$|not built: )`));
    expect(server.lines).toContainEqual(expect.stringMatching(`FHIR R4 +${server.url}/fhir/R4 `));
    const paths = curls().map((line) => new URL(/'([^']+)'/.exec(line)![1]!).pathname);
    expect(paths).toEqual([
      '/v1/physicians',
      '/v1/lab-orders',
      '/v1/patients',
      '/v1/practitioner-roles',
      '/clinician-profiles',
      '/fhir/R4/Practitioner',
    ]);
  });

  test('prints in capitals that orders go to a sandbox', () => {
    expect(server.lines).toContainEqual(expect.stringMatching(/SANDBOX/));
  });

  test('has working curl commands', async () => {
    const home = join(place.directory, '..');
    writeFileSync(join(home, '.curlrc'), 'write-out = "\\n%{http_code}"\n');
    const shell = promisify(execFile);
    for (const line of curls()) {
      const { stdout } = await shell('bash', ['-c', line], { env: { PATH: process.env.PATH!, CURL_HOME: home } });
      expect([line, stdout.split('\n').at(-1)]).toEqual([line, expect.stringMatching(/^20[01]$/)]);
    }
  });

  test('responds to health and readiness checks without a key', async () => {
    const answers = await Promise.all(['/healthz', '/readyz'].map(async (path) => (await fetch(server.url + path)).json()));
    expect(answers).toEqual([{ status: 'ok' }, { status: 'ready' }]);
  });

  test('creates two tenants with a key for each surface, in a file that only its owner can read; each key opens its surface', async () => {
    expect(statSync(join(place.directory, 'dev-keys.json')).mode & 0o777).toBe(0o600);
    const own = {
      fhir: expect.stringMatching(/^\S{20,}$/),
      loop: expect.stringMatching(/^\S{20,}$/),
      clinik: expect.stringMatching(/^clk_test_\w{20,}$/),
      jump: expect.stringMatching(/^pk_test_\w{20,}$/),
      admin: expect.stringMatching(/^admin_test_\w{20,}$/),
    };
    const keys = place.keys();
    expect(keys).toEqual({ demo: own, other: own });
    const paths = {
      fhir: '/fhir/R4/Patient',
      loop: '/v1/patients?brand_id=x',
      clinik: '/v1/practitioner-roles',
      jump: '/clinician-profiles',
      admin: '/admin/orders',
    };
    for (const tenant of [keys.demo, keys.other]) {
      for (const [surface, path] of Object.entries(paths)) {
        expect([surface, (await call(server.url + path, tenant[surface]!)).status]).toEqual([surface, 200]);
      }
    }
  });
});

describe('a second server', () => {
  test('on a used port exits with one sentence, before it creates a database', async () => {
    const port = new URL(server.url).port;
    const elsewhere = join(place.directory, '..', 'elsewhere');
    const refused = await facet({ ...place.env, PORT: port, FACET_DATA_DIR: elsewhere }, 'start');
    expect(refused).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(`^facet: port ${port} is in use: [^\n]+\n$`) });
    expect(existsSync(elsewhere) ? readdirSync(elsewhere) : []).toEqual([]);
  });

  onEmbedded('on the same data directory refuses in one sentence that says who has it', async () => {
    const refused = await facet(place.env, 'start');
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^facet: the data directory \S+ is in use by process \d+ [^\n]+\n$/),
    });
  });
});

test('SIGTERM: the current request is finished, idle clients do not delay the stop, and the exit code is 0', async () => {
  const { demo } = place.keys();
  expect((await fhir('/Patient/ada', demo.fhir!, { method: 'PUT', body: ADA })).status).toBe(201);
  const agent = new Agent({ keepAlive: true });
  const text = JSON.stringify(ADA);
  const slow = request(`${server.url}/fhir/R4/Patient`, {
    agent,
    method: 'POST',
    headers: {
      Authorization: `Bearer ${demo.fhir}`,
      'Content-Type': 'application/fhir+json',
      'Content-Length': text.length,
      Expect: '100-continue',
    },
  });
  const httpResponse = once(slow, 'response') as Promise<[IncomingMessage]>;
  await once(slow, 'continue');
  slow.write(text.slice(0, 10));
  server.signal('SIGTERM');
  while (
    await fetch(`${server.url}/healthz`, { headers: { Connection: 'close' } }).then(
      () => true,
      () => false,
    )
  ) {
    // still taking requests
  }
  slow.end(text.slice(10));
  const [response] = await httpResponse;
  const answered = performance.now();
  const letGo = once(response.socket, 'close').then(() => performance.now() - answered);
  expect([response.statusCode, await json(response)]).toEqual([201, expect.objectContaining({ name: ADA.name })]);
  expect(await server.ended).toEqual({ code: 0, signal: null });
  // a client that says nothing more would be let go of after five seconds anyway
  expect(await letGo).toBeLessThan(4000);
  agent.destroy();
});

test('when /readyz is 200 for the first time, the keys and the demo data are there', async () => {
  const own = await emptyPlace();
  // below the ports that the system gives out (PORT=0): a server of another test cannot listen there and answer instead of this one
  const port = 20_000 + (process.pid % 10_000);
  const url = `http://localhost:${port}`;
  const starting = launch({ ...own.env, PORT: String(port) });
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady()));
  const { demo } = own.keys();
  const [resource] = readDemo('mappings').resources;
  expect((await call(`${url}/fhir/R4/${resource!.resourceType}/${resource!.id}`, demo.fhir!)).status).toBe(200);
  starting.signal('SIGTERM');
  await starting.ended;
  await own.remove();
});

test('a signal during the start stops it cleanly, too', async () => {
  const starting = launch(place.env);
  await starting.waitForLine(/SANDBOX/);
  starting.signal('SIGTERM');
  expect(await starting.ended).toEqual({ code: 0, signal: null });
});

/** An older Node starts the Node that is a dependency (bin/facet.js). */
const OLDER = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.0.0"})';
const launchByOlderNode = (env: Record<string, string>) =>
  launchIn(process.cwd(), env, [process.execPath, '--import', OLDER, 'bin/facet.js', 'start']);

test.each<[NodeJS.Signals, string, (env: Record<string, string>) => FacetProcess]>([
  ['SIGTERM', 'npm', launchByNpm],
  ['SIGKILL', 'npm', launchByNpm],
  ['SIGTERM', 'an older Node', launchByOlderNode],
  ['SIGKILL', 'an older Node', launchByOlderNode],
])('%s to %s stops the server below, which releases its data directory', async (signal, _what, launchBelow) => {
  const own = await migratedPlace();
  const below = launchBelow(own.env);
  await below.waitForLine(/^Facet is ready: /);
  below.signal(signal);
  // it has ended when nobody holds its output any more
  await below.ended;
  const repeated = launch(own.env);
  await repeated.waitForLine(/^Facet is ready: /);
  repeated.signal('SIGTERM');
  expect(await repeated.ended).toEqual({ code: 0, signal: null });
  await own.remove();
});

describe('a restart, with FACET_BASE_URL', () => {
  const BASE = 'https://fhir.example.org';
  let keys: KeyFile;
  beforeAll(async () => {
    keys = place.keys();
    await restart({ FACET_BASE_URL: `${BASE}/` });
  });

  test('keeps the keys and the data', async () => {
    expect(place.keys()).toEqual(keys);
    expect((await fhir('/Patient/ada', keys.demo.fhir!)).body).toMatchObject(ADA);
  });

  test('uses that URL in its output, in Location and in next links, and never a Host header', async () => {
    await server.waitForLine(new RegExp(`^curl -sS '${BASE}/fhir/R4/`));
    const ask = async (method: string, path: string, body?: object) => {
      const headers = {
        Host: 'evil.example',
        'X-Forwarded-Host': 'evil.example',
        Authorization: `Bearer ${keys.demo.fhir}`,
        'Content-Type': 'application/fhir+json',
      };
      const clientRequest = request(server.url + path, { method, headers });
      clientRequest.end(body && JSON.stringify(body));
      const [response] = (await once(clientRequest, 'response')) as [IncomingMessage];
      return { headers: response.headers, body: (await json(response)) as { link: { relation: string; url: string }[] } };
    };
    const created = await ask('POST', '/fhir/R4/Patient', ADA);
    expect(created.headers.location).toMatch(`${BASE}/fhir/R4/Patient/`);
    const page = await ask('GET', '/fhir/R4/Patient?_count=1');
    expect(page.body.link.map(({ relation }) => relation)).toEqual(['self', 'next']);
    for (const { url } of page.body.link) expect(url).toMatch(new RegExp(`^${BASE}/fhir/R4/Patient\\?`));
    const metadata = await ask('GET', '/fhir/R4/metadata');
    expect(JSON.stringify([created, page, metadata])).not.toContain('evil.example');
  });
});

test('after SIGKILL it starts again at once without data loss', async () => {
  const keys = place.keys();
  const created = await Promise.all([1, 2, 3, 4, 5].map(() => fhir('/Patient', keys.demo.fhir!, { body: ADA })));
  server.signal('SIGKILL');
  await server.ended;
  await restart();
  const found = await Promise.all(created.map(({ body }) => fhir(`/Patient/${body.id}`, keys.demo.fhir!)));
  expect(found.map((response) => response.text)).toEqual(created.map((response) => response.text));
  expect(place.keys()).toEqual(keys);
});

test('without the key file, existing tenants get additional keys', async () => {
  const old = place.keys();
  server.signal('SIGTERM');
  await server.ended;
  rmSync(join(place.directory, 'dev-keys.json'));
  await restart();
  const added = place.keys();
  for (const tenant of ['demo', 'other'] as const) {
    for (const surface of Object.keys(old[tenant])) expect(added[tenant][surface]).not.toBe(old[tenant][surface]);
  }
  for (const { demo } of [old, added]) expect((await fhir('/Patient/ada', demo.fhir!)).status).toBe(200);
  for (const { other } of [old, added]) expect((await fhir('/Patient/ada', other.fhir!)).status).toBe(404);
});

test('with a key of the real network and without panels it prints no curl for an order, and that no panel is known', async () => {
  const own = await migratedPlace();
  // nothing of it may leave this machine
  const nowhere = { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'http://127.0.0.1:1' };
  const real = await startProcess({ ...own.env, ...nowhere, JUNCTION_API_KEY: 'sk_us_x' });
  await real.waitForLine(/^curl .*\/fhir\/R4\//);
  expect(real.lines.join('\n')).not.toMatch(/lab-orders|physicians|SANDBOX/);
  expect(real.lines).toContainEqual(expect.stringMatching(/^No JUNCTION_PANELS: /));
  real.signal('SIGTERM');
  await real.ended;
  await own.remove();
});

test('a rate limit for an unknown surface is refused in one sentence with the likely name', async () => {
  const refused = await facet({ ...place.env, FACET_RATE_LIMITS: '{"clink":{"limit":5,"seconds":60}}' }, 'start');
  expect(refused).toEqual({
    code: 1,
    stdout: '',
    stderr: 'facet: FACET_RATE_LIMITS: no API is called clink (did you mean clinik?); there are fhir, loop, clinik, jump\n',
  });
});

describe('with NODE_ENV=production', () => {
  test('it refuses to start without DATABASE_URL', async () => {
    const { DATABASE_URL, ...env } = place.env;
    const refused = await facet({ ...env, NODE_ENV: 'production' }, 'start');
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^facet: NODE_ENV=production needs DATABASE_URL[^\n]+\n$/),
    });
  });

  onServer('it makes no keys, starts no sandbox and prints no curl', async () => {
    const directory = join(place.directory, '..', 'production');
    mkdirSync(directory);
    const production = await startProcess({ ...place.env, FACET_DATA_DIR: directory, NODE_ENV: 'production' });
    expect(production.lines.join('\n')).not.toMatch(/curl|SANDBOX|dev-keys|[a-z]+_test_/);
    // it serves with a worker on each core, whose start keeps a busy machine from answering the first check in time
    await until(async () => (await fetch(`${production.url}/readyz`)).status === 200);
    expect(production.lines.join('\n')).not.toMatch(/curl|SANDBOX|dev-keys|[a-z]+_test_/);
    expect(readdirSync(directory)).toEqual([]);
    production.signal('SIGTERM');
    expect(await production.ended).toEqual({ code: 0, signal: null });
  });
});

test.each([
  ['no server', 'postgres://somebody:secret@127.0.0.1:1/facet', 'no PostgreSQL answers at 127.0.0.1:1'],
  ['no URL', 'postgres://somebody@', 'is not like postgres://user:password@host:5432/database'],
])('DATABASE_URL that leads to %s is refused in one sentence, without the password', async (_what, url, says) => {
  const refused = await facet({ ...place.env, DATABASE_URL: url }, 'start');
  expect(refused).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^facet: DATABASE_URL[^\n]+\n$/) });
  expect(refused.stderr).toContain(says);
  expect(refused.stderr).not.toContain('secret');
});
