// Several workers on one port: requests, orders and metrics of all of them, a worker that is killed, and the end of the server. docs/decisions/0057-workers.md
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { onEmbedded, SERVER_URL } from '../store/open.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { call, emptyPlace, type FacetProcess, facet, killAll, launch, migratedPlace, type Place, readyUrl } from './server-process.ts';
import { isAlive, KeepAliveClient, listWorkers } from './worker-processes.ts';

const onServer = SERVER_URL === undefined ? describe.skip : describe;
const CLIENTS = 8;
/** How many created resources are looked for at once. */
const PAGE = 100;

type Running = FacetProcess & { url: string };

/** A server with two workers, when both serve. */
async function startTwo(env: Record<string, string>, ...options: string[]): Promise<Running> {
  const server = launch({ ...env, FACET_LOG_LEVEL: 'info' }, '--workers', '2', ...options);
  const url = await readyUrl(server);
  await server.waitForLine(/"worker":2,.*"a worker serves"/);
  return { ...server, url };
}

onEmbedded('the embedded database is refused for two workers, with the remedy', async () => {
  const place = await emptyPlace();
  const refused = await facet(place.env, 'start', '--workers', '2');
  const stderr = 'facet: FACET_WORKERS (--workers) is 2, and the embedded database allows one process: set DATABASE_URL, or 1 worker\n';
  expect(refused).toEqual({ code: 1, stdout: '', stderr });
  await place.remove();
});

onServer('a server with two workers', () => {
  let place: Place;
  let sandbox: Sandbox;
  let server: Running;
  let key: string;
  let metricsUrl: string;
  beforeAll(async () => {
    sandbox = await startSandbox();
    place = await emptyPlace();
    const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId };
    const secret = { JUNCTION_WEBHOOK_SECRET: sandbox.state.webhooks.secret };
    server = await startTwo({ ...place.env, ...account, ...secret, FACET_METRICS: '0' });
    sandbox.state.webhooks.url = `${server.url}/webhooks/junction`;
    key = place.keys().demo.fhir!;
    metricsUrl = (await server.waitForLine(/^Metrics: /)).slice('Metrics: '.length);
  });
  afterAll(async () => {
    await killAll();
    await place.remove();
    await sandbox.close();
  });

  const count = (pattern: RegExp): number => server.lines.filter((line) => pattern.test(line)).length;
  const clients = (number = CLIENTS): KeepAliveClient[] => Array.from({ length: number }, () => new KeepAliveClient(server.url, key));
  /** The sum of the samples with these labels. */
  const readMetric = async (name: string, ...labels: string[]): Promise<number> => {
    const lines = (await (await fetch(metricsUrl)).text()).split('\n');
    const samples = lines.filter((line) => line.startsWith(name) && labels.every((label) => line.includes(label)));
    return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };

  test('prints the start message once, and the first worker alone migrates and fills an empty database', () => {
    expect([count(/^Facet is ready: /), count(/^Metrics: /), count(/^curl /)]).toEqual([1, 1, 6]);
    expect(listWorkers(server.pid)).toHaveLength(2);
  });

  test('metrics are the sum of all workers, and figures of the database are not added up', async () => {
    const created = await call(`${server.url}/fhir/R4/Subscription`, key, {
      body: {
        resourceType: 'Subscription',
        status: 'requested',
        reason: 'test',
        criteria: 'Encounter?',
        channel: { type: 'rest-hook', endpoint: 'http://127.0.0.1:1/' },
      },
    });
    expect(created.status).toBe(201);
    expect(await readMetric('facet_subscriptions{', 'state="active"')).toBe(1);
    const searches = () => readMetric('facet_http_request_duration_seconds_count', 'method="GET"', 'status="200"', '/Encounter');
    const before = await searches();
    const all = clients();
    for (let round = 0; round < 5; round++)
      for (const client of all) expect((await client.send('GET', '/fhir/R4/Encounter?_count=1')).status).toBe(200);
    expect(await readMetric('facet_http_request_duration_seconds_count', 'method="GET"', 'status="200"')).toBeGreaterThanOrEqual(
      before + 5 * CLIENTS,
    );
    for (const client of all) client.close();
    expect(await readMetric('nodejs_version_info')).toBe(1);
  });

  test('orders that are placed through both workers are each sent once', async () => {
    const all = clients();
    const patients = Array.from({ length: 20 }, (_one, n) => `01936b00-0000-7000-8000-0000000001${n + 10}`);
    await Promise.all(
      patients.map(async (patient, n) => {
        const client = all[n % CLIENTS]!;
        expect((await client.send('PUT', `/fhir/R4/Patient/${patient}`, orderable(patient))).status).toBe(201);
        expect((await client.send('POST', '/fhir/R4/ServiceRequest', panelFor(patient, 'pcos'))).status).toBe(201);
      }),
    );
    const { orders } = sandbox.state;
    await until(() => orders.size >= patients.length);
    await until(async () => (await readMetric('facet_orders{', 'topic="order"')) === 0);
    await delay(1000);
    expect(orders.size).toBe(patients.length);
    expect(new Set([...orders.values()].map(({ userId }) => userId)).size).toBe(patients.length);
    expect(await readMetric('facet_order_attempts_total', 'topic="order"', 'outcome="done"')).toBe(patients.length);
    for (const client of all) client.close();
  });

  test('a killed worker ends its connections only, loses no confirmed create, and is replaced; counts do not decrease', async () => {
    const [first, second] = listWorkers(server.pid);
    const requests = () => readMetric('facet_http_request_duration_seconds_count');
    const before = await requests();
    const confirmed: string[] = [];
    const failures = new Map<KeepAliveClient, number>();
    const load = { isOn: true };
    const all = clients(16);
    const loads = all.map(async (client) => {
      while (load.isOn) {
        await client.send('POST', '/fhir/R4/Patient', { resourceType: 'Patient', active: true }).then(
          ({ status, body }) => {
            expect(status).toBe(201);
            confirmed.push((JSON.parse(body) as { id: string }).id);
          },
          () => failures.set(client, (failures.get(client) ?? 0) + 1),
        );
      }
    });
    // a client with a new connection for each request
    const statuses: number[] = [];
    let unanswered = 0;
    const visits = (async () => {
      while (load.isOn)
        await fetch(`${server.url}/healthz`, { headers: { Connection: 'close' }, signal: AbortSignal.timeout(10_000) }).then(
          async (response) => {
            await response.arrayBuffer();
            statuses.push(response.status);
          },
          () => unanswered++,
        );
    })();
    await until(() => confirmed.length > 100);
    process.kill(first!, 'SIGKILL');
    const line = await server.waitForLine(/"a worker has ended and is started again"/);
    expect(JSON.parse(line)).toMatchObject({ level: 50, workerPid: first, signal: 'SIGKILL', worker: expect.any(Number) });
    expect(listWorkers(server.pid)).toContain(second);
    const atEnd = confirmed.length;
    await until(() => confirmed.length > atEnd + 100);
    await until(() => count(/"a worker serves"/) === 2);
    load.isOn = false;
    await Promise.all([...loads, visits]);
    // no worker gets requests before it can answer them
    expect([...new Set(statuses)]).toEqual([200]);
    expect(unanswered).toBeLessThanOrEqual(1);
    // each connection of the killed worker failed once, and those of the other not at all: both had some
    expect(new Set(failures.values())).toEqual(new Set([1]));
    expect(failures.size).toBeLessThan(all.length);
    expect(listWorkers(server.pid)).toHaveLength(2);
    for (let at = 0; at < confirmed.length; at += PAGE) {
      const ids = confirmed.slice(at, at + PAGE);
      const { body } = await all[0]!.send('GET', `/fhir/R4/Patient?_id=${ids}&_elements=id&_count=${PAGE}`);
      const { entry } = JSON.parse(body) as { entry: { resource: { id: string } }[] };
      expect(entry.map(({ resource }) => resource.id).toSorted()).toEqual(ids.toSorted());
    }
    expect(await requests()).toBeGreaterThan(before);
    for (const client of all) client.close();
  });

  test('SIGTERM stops all workers, and no request of clients that keep their connections fails', async () => {
    const own = await migratedPlace();
    const draining = await startTwo({ ...own.env, FACET_DRAIN_SECONDS: '6' });
    const workers = listWorkers(draining.pid);
    const failed: string[] = [];
    const balancer = { isReady: true };
    const statuses = new Set<number | undefined>();
    const all = Array.from({ length: CLIENTS }, () => new KeepAliveClient(draining.url, own.keys().demo.fhir!));
    const loads = all.map(async (client) => {
      while (balancer.isReady)
        await client.send('GET', '/fhir/R4/Patient?_count=1').then(
          ({ status }) => statuses.add(status),
          (error: Error) => failed.push(error.message),
        );
    });
    await delay(300);
    // as a terminal or a service manager signals: to all processes of the group
    for (const pid of [draining.pid, ...workers]) process.kill(pid, 'SIGTERM');
    await until(async () => (await fetch(`${draining.url}/readyz`, { headers: { Connection: 'close' } })).status === 503);
    await delay(300);
    balancer.isReady = false;
    await Promise.all(loads);
    expect([failed, [...statuses]]).toEqual([[], [200]]);
    expect(await draining.ended).toEqual({ code: 0, signal: null });
    expect(workers.filter(isAlive)).toEqual([]);
    for (const client of all) client.close();
    await own.remove();
  });

  test('when the primary process is killed, the workers finish the requests under way and end', async () => {
    const workers = listWorkers(server.pid);
    const body = JSON.stringify({ resourceType: 'Patient', id: 'slow', name: [{ family: 'Lovelace' }] });
    const slow = request(`${server.url}/fhir/R4/Patient/slow`, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${key}`,
        'Content-Type': 'application/fhir+json',
        'Content-Length': body.length,
        Expect: '100-continue',
      },
    });
    const answered = once(slow, 'response') as Promise<[IncomingMessage]>;
    slow.flushHeaders();
    await once(slow, 'continue');
    slow.write(body.slice(0, 10));
    server.signal('SIGKILL');
    await until(() => !isAlive(server.pid));
    await delay(500);
    slow.end(body.slice(10));
    const [response] = await answered;
    expect(response.resume().statusCode).toBe(201);
    await until(() => !workers.some(isAlive));
  });
});

onServer('the first start of a server with two workers', () => {
  let place: Place;
  beforeAll(async () => {
    place = await migratedPlace();
  });
  afterAll(async () => {
    await killAll();
    await place.remove();
  });

  test.each([
    ['a database that does not answer', { DATABASE_URL: 'postgres://somebody:secret@127.0.0.1:1/facet' }, /^DATABASE_URL: no PostgreSQL/],
    ['a wrong setting', { FACET_RATE_LIMITS: '{"clink":{"limit":5,"seconds":60}}' }, /^FACET_RATE_LIMITS: no API is called clink/],
    ['a wrong number', { FACET_WORKERS: 'many' }, /^FACET_WORKERS \(--workers\) must be auto, or a whole number from 1 to 256$/],
  ])('fails with one sentence: %s', async (_what, env, says) => {
    const refused = await facet({ FACET_WORKERS: '2', ...place.env, ...env }, 'start');
    expect(refused).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^facet: [^\n]+\n$/) });
    expect(refused.stderr.slice('facet: '.length).trimEnd()).toMatch(says);
  });

  test('a used port is refused; one sandbox outlives the workers; changed mappings are served by all', async () => {
    const mappings = join(place.directory, '..', 'mappings');
    cpSync('mappings', mappings, { recursive: true });
    const server = await startTwo({ ...place.env, FACET_MAPPINGS: mappings }, '--watch-mappings');
    const count = (pattern: RegExp): number => server.lines.filter((line) => pattern.test(line)).length;
    expect(count(/SANDBOX/)).toBe(1);
    const port = new URL(server.url).port;
    const refused = await facet({ ...place.env, PORT: port }, 'start', '--workers', '2');
    expect(refused).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(`^facet: port ${port} is in use: [^\n]+\n$`) });

    const { loop, fhir } = place.keys().demo;
    const body = { brand_id: 'loop', patient_id: '01936b00-0000-7000-8000-0000000000ab', panel_id: 'pcos' };
    await call(`${server.url}/fhir/R4/Patient/${body.patient_id}`, fhir!, { method: 'PUT', body: orderable(body.patient_id) });
    const order = (name: string) => call(`${server.url}/v1/lab-orders`, loop!, { body, headers: { 'idempotency-key': name } });
    expect((await order('before')).status).toBe(201);
    for (const [at, pid] of listWorkers(server.pid).entries()) {
      process.kill(pid, 'SIGKILL');
      await until(() => count(/"a worker serves"/) === 2 + at);
    }
    expect((await order('after')).status).toBe(201);

    const file = join(mappings, 'loop/patient.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('path: /v1/patients', 'path: /v1/people'));
    await server.waitForLine(/^Mappings reloaded: .*loop\/patient/);
    const status = async () => {
      const client = new KeepAliveClient(server.url, loop!);
      const sent = await client.send('GET', '/v1/people?brand_id=loop');
      client.close();
      return sent.status;
    };
    // connections are given to the workers in turn
    await until(async () => (await Promise.all(Array.from({ length: CLIENTS }, status))).every((one) => one === 200));
    expect([count(/^Mappings reloaded/), count(/^Facet is ready/)]).toEqual([1, 1]);
    server.signal('SIGINT');
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });
});
