// Servers that are killed while they deliver notifications: every stored version is sent at least once, in the order of versions. On PostgreSQL two processes
// run concurrently, on the embedded engine one after the other.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SERVER_URL } from '../store/open.ts';
import { type Receiver, startReceiver } from '../subscriptions/receiver.ts';
import { until } from '../until.ts';
import { call, type FacetProcess, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

const LEASE_SECONDS = 20;
let ahead = 0;
const clock = createServer((_req, res) => void res.end(JSON.stringify({ now: new Date(Date.now() + ahead).toISOString() })));
let receiver: Receiver;
let place: Place;
let env: Record<string, string>;
let servers: (FacetProcess & { url: string })[];

beforeAll(async () => {
  clock.listen(0, '127.0.0.1');
  await once(clock, 'listening');
  receiver = await startReceiver();
  place = await migratedPlace();
  env = { ...place.env, FACET_TEST_CLOCK: `http://127.0.0.1:${(clock.address() as AddressInfo).port}` };
  servers = [await startProcess(env), ...(SERVER_URL === undefined ? [] : [await startProcess(env)])];
});
afterAll(async () => {
  await killAll();
  await place.remove();
  await receiver.close();
  clock.close();
});

const put = (n: number, resource: { resourceType: string; id: string; [element: string]: unknown }) =>
  call(`${servers[n % servers.length]!.url}/fhir/R4/${resource.resourceType}/${resource.id}`, place.keys().demo.fhir!, {
    method: 'PUT',
    body: resource,
  }).catch(() => undefined);
const get = async (path: string) => (await call(`${servers.at(-1)!.url}/fhir/R4/${path}`, place.keys().demo.fhir!)).body;

/** Kills it where it stands, and starts another in its place. What it held is free when its leases have run out. */
async function kill(n: number): Promise<void> {
  servers[n]!.signal('SIGKILL');
  await servers[n]!.ended;
  ahead += LEASE_SECONDS * 1000 + 1000;
  servers = servers.with(n, await startProcess(env));
}

test('every written version is sent, none before the previous one', async () => {
  const criteria = 'Observation?status=final,amended';
  const channel = { type: 'rest-hook', endpoint: receiver.url, payload: 'application/fhir+json' };
  await put(0, { resourceType: 'Subscription', id: 's', status: 'requested', reason: 'x', criteria, channel });
  // a subscriber who is slow, and unwilling now and then, is killed in the middle more often
  let n = 0;
  receiver.answer = () => (++n % 5 === 0 ? 'never' : n % 7 === 0 ? 503 : 200);
  const ids = ['a', 'b', 'c', 'd'];
  let killed = false;
  const write = (version: number) => {
    const status = version % 2 ? 'amended' : 'final';
    return Promise.all(ids.map((id, at) => put(at, { resourceType: 'Observation', id, status, code: { text: String(version) } })));
  };
  expect((await write(0)).map((response) => response?.status)).toEqual(ids.map(() => 201));
  const writing = (async () => {
    for (let version = 1; !killed; version++) {
      await write(version);
      await delay(200);
    }
  })();
  for (let round = 0; round < (SERVER_URL === undefined ? 1 : 3); round++) {
    await receiver.has(receiver.got.length + 2);
    await kill(round % servers.length);
    receiver.release(200);
  }
  killed = true;
  await writing;
  receiver.answer = () => 200;
  const written = (
    await Promise.all(
      ids.map(async (id) =>
        (
          await get(`Observation/${id}/_history?_count=1000`)
        ).entry.map(({ resource }: { resource: { meta: { versionId: string } } }) => `${id} ${resource.meta.versionId}`),
      ),
    )
  ).flat() as string[];
  const listDelivered = () => [
    ...new Set(receiver.got.map(({ body }) => JSON.parse(body)).map(({ id, meta }) => `${id} ${meta.versionId}`)),
  ];
  await until(() => {
    ahead += 2000;
    receiver.release(200);
    return listDelivered().length >= written.length;
  });
  expect(listDelivered().sort()).toEqual([...written].sort());
  for (const id of ids) {
    const versions = listDelivered().flatMap((line) => (line.startsWith(`${id} `) ? Number(line.slice(2)) : []));
    expect([id, versions]).toEqual([id, versions.toSorted((a, b) => a - b)]);
  }
  expect(written.length).toBeGreaterThanOrEqual(ids.length);
});
