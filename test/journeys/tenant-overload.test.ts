// One tenant sends more requests than the database can process. The tests compare the order of responses, not times.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { MAX_REQUESTS_IN_FLIGHT } from '../../src/http/middleware/admission.ts';
import type { Database } from '../../src/store/database/database.ts';
import { onServer } from '../store/open.ts';
import { until } from '../until.ts';
import { type Running, startFacet } from './running-server.ts';

const STORM = 40;
/** Longer than the lookup of a key is kept. */
const CACHED_MS = 1100;
/** After so long without requests, the usual number of requests may run again. */
const IDLE_MS = 1500;
/** A tenant of its own. */
const HOLDER = 999;
const PATIENT = { resourceType: 'Patient', id: 'busy', name: [{ family: 'Lovelace' }] };

let facet: Running;
let server: Server;
let url: string;
let arrived = 0;
let closed = 0;
beforeAll(async () => {
  facet = await startFacet();
  server = createServer(facet.app)
    .on('request', (_req, res) => {
      arrived++;
      res.once('close', () => closed++);
    })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await facet.put(PATIENT);
  await facet.put(PATIENT, facet.other.fhir!);
});
afterAll(async () => {
  server.close();
  await facet.close();
});

const load = () => facet.store.database.queueLoad;
const ask = (key: string, path: string, body?: object, signal: AbortSignal | null = null) =>
  fetch(`${url}/fhir/R4${path}`, {
    method: body ? 'PUT' : 'GET',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/fhir+json' },
    ...(body && { body: JSON.stringify(body) }),
    signal,
  });

/** Holds what `hold` takes while `work` runs; on the embedded engine nothing else can be done meanwhile. */
async function whileHeld(hold: (database: Database) => Promise<unknown>, work: () => Promise<void>): Promise<void> {
  const release = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  const holding = facet.store.database.forRequest(HOLDER, { safe: false }).transaction(async (database) => {
    await hold(database);
    taken.resolve();
    await release.promise;
  });
  await Promise.race([taken.promise, holding]);
  arrived = 0;
  closed = 0;
  await work().finally(release.resolve);
  await holding;
}

const THE_PATIENT = async (database: Database) => {
  const [demo] = await database.query<{ tenant_id: number }>("select tenant_id from tenant where slug = 'demo'");
  await database.query("select 1 from resource where tenant_id = $1 and id = 'busy' for update", [demo!.tenant_id]);
};
const ALL_READS = (database: Database) => database.script('lock table resource in access exclusive mode');

test('another tenant, a health check and a readiness check get responses before the requests of an overloading tenant are done', async () => {
  const answered: string[] = [];
  const noted = async (who: string, response: Promise<Response>): Promise<void> => void answered.push(`${who} ${(await response).status}`);
  let all: Promise<void>[] = [];
  let other: Promise<void> | undefined;
  await whileHeld(THE_PATIENT, async () => {
    all = Array.from({ length: STORM }, (_one, n) =>
      noted('storm', ask(facet.demo.fhir!, '/Patient/busy', { ...PATIENT, active: n % 2 === 0 })),
    );
    await until(() => arrived === STORM);
    other = noted('other', ask(facet.other.fhir!, '/Patient/busy'));
    await noted('health', fetch(`${url}/healthz`));
    await noted('ready', fetch(`${url}/readyz`));
    if (facet.store.database.engine === 'server') await other;
  });
  await Promise.all([...all, other]);
  expect(answered.slice(0, 3).sort()).toEqual(
    facet.store.database.engine === 'server' ? ['health 200', 'other 200', 'ready 200'] : expect.anything(),
  );
  expect(answered.filter((line) => line.startsWith('storm'))).toEqual(Array.from({ length: STORM }, () => 'storm 200'));
  // on the one connection of the embedded engine the tenants take turns, statement by statement
  const before = answered.slice(0, answered.indexOf('other 200')).filter((line) => line.startsWith('storm'));
  expect(before.length).toBeLessThan(6);
  expect(answered).toEqual(expect.arrayContaining(['health 200', 'other 200', 'ready 200']));
});

/** Clients that ask for this and leave; `remaining`: what the server still does for them, while the table is locked. */
async function leaveAll(path: string, remaining: () => boolean): Promise<void> {
  await delay(IDLE_MS);
  // from now on, the lookup of the key is kept
  expect((await ask(facet.demo.fhir!, path)).status).toBe(200);
  const leaving = new AbortController();
  await whileHeld(ALL_READS, async () => {
    const all = Array.from({ length: STORM }, () => ask(facet.demo.fhir!, path, undefined, leaving.signal).catch(() => 'left'));
    await until(() => arrived === STORM);
    await until(remaining);
    leaving.abort();
    expect(new Set(await Promise.all(all))).toEqual(new Set(['left']));
    await until(() => closed === STORM);
    // what ran is cancelled, while what it waits for is still held
    if (facet.store.database.engine === 'server') await until(() => load().inUse === 1 && load().waiting === 0);
  });
}

test('waiting searches are dropped when their clients disconnect, and the next one gets a response', async () => {
  const before = load().refused['client left'];
  // planned for its value, so each has its own statement
  await leaveAll('/Patient?active=true', () => load().waiting > 0);
  await until(() => load().refused['client left'] > before);
  expect((await ask(facet.demo.fhir!, '/Patient?active=true')).status).toBe(200);
});

for (const path of ['/Patient/busy', '/Patient?_id=busy', '/Patient/busy/_history', '/Patient/busy/_history/1'])
  onServer(`requests for ${path} are dropped when their clients disconnect, and the next one gets a response`, async () => {
    // the holder's statement, and one or two for all of them
    await leaveAll(path, () => [2, 3].includes(load().inUse));
    expect((await ask(facet.demo.fhir!, path)).status).toBe(200);
  });

test('fifty concurrent conditional creates of one tenant all get responses, and one creates', async () => {
  const create = () =>
    fetch(`${url}/fhir/R4/Organization`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${facet.demo.fhir}`,
        'Content-Type': 'application/fhir+json',
        'If-None-Exist': 'identifier=http://example.org/orgs|storm',
      },
      body: JSON.stringify({
        resourceType: 'Organization',
        name: 'Storm',
        identifier: [{ system: 'http://example.org/orgs', value: 'storm' }],
      }),
    });
  const statuses = (await Promise.all(Array.from({ length: 50 }, create))).map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array.from({ length: 49 }, () => 200), 201]);
});

onServer(
  'requests beyond the limit of a tenant are refused before they are read, on every API; other tenants and admitted requests are not',
  async () => {
    const auditor = await facet.keyWith('fhir', ['system/AuditEvent.rs']);
    const responses: Response[] = [];
    let all: Promise<unknown>[] = [];
    await whileHeld(ALL_READS, async () => {
      all = Array.from({ length: MAX_REQUESTS_IN_FLIGHT + 20 }, async () => responses.push(await ask(facet.demo.fhir!, '/Patient/busy')));
      await until(() => responses.length === 20);
      const vendor = await fetch(`${url}/loop/v1/patients`, { headers: { Authorization: `Bearer ${facet.demo.loop}` } });
      expect([vendor.status, vendor.headers.get('Retry-After')]).toEqual([503, '1']);
      expect((await ask(auditor, '/AuditEvent')).status).toBe(503);
      // 404 without a read: the table of resources is locked
      expect((await ask(facet.other.fhir!, '/Nothing/busy')).status).toBe(404);
    });
    await Promise.all(all);
    const refused = responses.filter(({ status }) => status === 503);
    expect(refused.map(({ headers }) => headers.get('Retry-After'))).toEqual(Array.from({ length: 20 }, () => '1'));
    expect(((await refused[0]!.json()) as { issue: object[] }).issue).toMatchObject([
      { code: 'transient', diagnostics: expect.stringContaining('too many requests of this tenant are in flight') },
    ]);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(MAX_REQUESTS_IN_FLIGHT);
    expect((await ask(facet.demo.fhir!, '/Patient/busy')).status).toBe(200);
    const count = async (outcome: string) =>
      ((await (await ask(auditor, `/AuditEvent?subtype=read&outcome=${outcome}&_total=accurate`)).json()) as { total: number }).total;
    await until(async () => (await count('0')) > MAX_REQUESTS_IN_FLIGHT);
    expect(await count('8')).toBe(0);
  },
);

onServer(
  'clients that leave during the lookup of their key, and pipelined requests of a lost connection, are not counted any longer',
  async () => {
    const key = facet.demo.fhir!;
    const leaving = new AbortController();
    await whileHeld(
      (database) => database.script('lock table api_key in access exclusive mode'),
      async () => {
        await delay(CACHED_MS);
        const all = Array.from({ length: MAX_REQUESTS_IN_FLIGHT }, () =>
          ask(key, '/Patient/busy', undefined, leaving.signal).catch(() => 'left'),
        );
        await until(() => arrived === MAX_REQUESTS_IN_FLIGHT);
        leaving.abort();
        await Promise.all(all);
        await until(() => closed === MAX_REQUESTS_IN_FLIGHT);
      },
    );
    expect((await ask(key, '/Patient/busy')).status).toBe(200);
    await whileHeld(ALL_READS, async () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write(
        `GET /fhir/R4/Patient/busy HTTP/1.1\r\nHost: facet.test\r\nAuthorization: Bearer ${key}\r\n\r\n`.repeat(MAX_REQUESTS_IN_FLIGHT),
      );
      await until(() => arrived === MAX_REQUESTS_IN_FLIGHT);
      await until(async () => (await ask(key, '/Nothing/busy')).status === 503);
      socket.destroy();
      await until(async () => (await ask(key, '/Nothing/busy')).status === 404);
    });
    expect((await ask(key, '/Patient/busy')).status).toBe(200);
  },
);
