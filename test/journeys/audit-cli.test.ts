// `facet audit`: verification and export while the server runs, the anchor, and what a killed server leaves.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onServer } from '../store/open.ts';
import { type FacetProcess, facet, killAll, migratedPlace, type Place, printed, startProcess } from './server-process.ts';

let place: Place;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  place = await migratedPlace();
  server = await startProcess(place.env);
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

const STORED_MS = 200;
/** What a busy machine may need to store a batch, besides. */
const PATIENCE_MS = 1000;
const INTACT = /^the audit is intact: \d+ events, \d+ batches, \d+ chains$/;

/** Reads for this long, and at least ten times: a server that has just started is slow. Returns when each read was answered, by its request id. */
async function readFor(url: string, ms: number): Promise<Map<string, number>> {
  const answered = new Map<string, number>();
  for (const end = Date.now() + ms; Date.now() < end || answered.size < 10; await delay(10)) {
    const response = await fetch(`${url}/fhir/R4/Patient?_count=1`, { headers: { Authorization: `Bearer ${place.keys().demo.fhir}` } });
    await response.text();
    answered.set(response.headers.get('x-request-id')!, Date.now());
  }
  return answered;
}

interface Exported {
  resourceType: string;
  recorded: string;
  entity: { what?: { identifier?: { value: string } } }[];
}

const exported = async (...options: string[]): Promise<Exported[]> =>
  (await printed(place.env, 'audit', 'export', ...options)).filter(Boolean).map((line) => JSON.parse(line) as Exported);

const requestIds = (events: Exported[]): Set<string | undefined> =>
  new Set(events.flatMap(({ entity }) => entity[0]?.what?.identifier?.value));

test('the audit of a running server is intact, and its AuditEvents are exported, oldest first', async () => {
  const read = await readFor(server.url, 300);
  await fetch(`${server.url}/fhir/R4/Patient`, { headers: { Authorization: 'Bearer nobody' } });
  await delay(STORED_MS + PATIENCE_MS);
  expect(await printed(place.env, 'audit', 'verify')).toEqual([expect.stringMatching(INTACT)]);
  expect(await printed(place.env, 'audit', 'verify', 'demo')).toEqual([expect.stringMatching(INTACT)]);
  const events = await exported('demo');
  expect([...read.keys()].filter((id) => !requestIds(events).has(id))).toEqual([]);
  expect(events.every(({ resourceType }) => resourceType === 'AuditEvent')).toBe(true);
  const times = events.map(({ recorded }) => recorded);
  expect(times).toEqual(times.toSorted());
  expect(await exported('demo', '--from', '2999')).toEqual([]);
  expect(await exported('demo', '--to', '2020-01')).toEqual([]);
  expect(await exported('demo', '--from', times[0]!, '--to', times[0]!)).toEqual(events.filter(({ recorded }) => recorded === times[0]));
  expect(await exported('other')).toEqual([]);
  expect(await exported('--refused')).toHaveLength(1);
});

test.each([
  ['export', 'facet: name a tenant, or --refused'],
  ['export demo --refused', 'facet: name a tenant, or --refused'],
  ['export nobody', 'facet: there is no tenant nobody: facet tenants list shows the names'],
  ['export demo --from x', 'facet: --from must be a date or a time: 2026-11, 2026-11-25 or 2026-11-25T08:00:00Z'],
  ['verify nobody', 'facet: there is no tenant nobody: facet tenants list shows the names'],
  ['verify demo --anchor x', 'facet: an anchor has the chains of all tenants: leave out the tenant, or --anchor'],
])('facet audit %s is refused', async (args, message) => {
  expect(await facet(place.env, 'audit', ...args.split(' '))).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
});

test('an anchor is written, agrees later, and shows what is missing; a fault leaves the file as it is', async () => {
  const file = join(place.directory, '..', 'anchor');
  const first = await printed(place.env, 'audit', 'verify', '--anchor', file);
  expect(first).toEqual([expect.stringMatching(INTACT), expect.stringMatching(/^there was no anchor to compare; a new one is in /)]);
  await readFor(server.url, 100);
  const second = await printed(place.env, 'audit', 'verify', '--anchor', file);
  expect(second[1]).toMatch(/^the anchor agrees; the new one is in /);
  const writer = '0197c0de-0000-7000-8000-000000000001';
  const more = `${readFileSync(file, 'utf8')}{"tenant":1,"writer":"${writer}","seq":7,"hash":"x","recorded":"2026-11-01T00:00:00.000Z"}\n`;
  writeFileSync(file, more);
  const { code, stdout, stderr } = await facet(place.env, 'audit', 'verify', '--anchor', file);
  expect(stdout).toMatch(
    new RegExp(`^tenant demo, process ${writer}, batch 7 of 2026-11-01T00:00:00.000Z: the anchor ends with this batch`),
  );
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^facet: the audit is not intact: 1 fault in /)]);
  expect(readFileSync(file, 'utf8')).toBe(more);
  expect(existsSync(`${file}.new`)).toBe(false);
  writeFileSync(file, 'no anchor');
  expect((await facet(place.env, 'audit', 'verify', '--anchor', file)).stderr).toMatch(/^facet: the file of --anchor is not an anchor/);
});

/** Reads, kills the server between two of its batches, and starts the next one. */
async function killedAfterReads(): Promise<{ read: Map<string, number>; killedAt: number }> {
  const read = await readFor(server.url, 1500);
  const killedAt = Date.now();
  server.signal('SIGKILL');
  await server.ended;
  return { read, killedAt };
}

test('a killed server loses the events of the last moment only, and leaves chains that verify', async () => {
  const { read, killedAt } = await killedAfterReads();
  expect(await printed(place.env, 'audit', 'verify')).toEqual([expect.stringMatching(INTACT)]);
  const stored = requestIds(await exported('demo'));
  const lost = [...read].filter(([id]) => !stored.has(id));
  expect(lost.filter(([, at]) => killedAt - at > STORED_MS + PATIENCE_MS)).toEqual([]);
  expect(read.size - lost.length).toBeGreaterThan(0);
});

test('with FACET_AUDIT=strict, a killed server loses no event of a response that was sent', async () => {
  server = await startProcess({ ...place.env, FACET_AUDIT: 'strict' });
  const { read } = await killedAfterReads();
  const stored = requestIds(await exported('demo'));
  expect([...read.keys()].filter((id) => !stored.has(id))).toEqual([]);
  expect(await printed(place.env, 'audit', 'verify')).toEqual([expect.stringMatching(INTACT)]);
});

onServer('two servers at once write chains of their own, and all verify', async () => {
  const servers = await Promise.all([startProcess(place.env), startProcess({ ...place.env, FACET_AUDIT: 'strict' })]);
  server = servers[0];
  const read = await Promise.all(servers.map(({ url }) => readFor(url, 500)));
  await delay(STORED_MS + PATIENCE_MS);
  const stored = requestIds(await exported('demo'));
  expect(read.flatMap((ids) => [...ids.keys()]).filter((id) => !stored.has(id))).toEqual([]);
  expect(await printed(place.env, 'audit', 'verify')).toEqual([expect.stringMatching(INTACT)]);
});
