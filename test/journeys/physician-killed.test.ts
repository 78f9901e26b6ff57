// A server that is killed during a request about a physician: another process takes over the registration, and the next caller gets a response. On PostgreSQL
// that process runs concurrently; on the embedded engine it starts afterwards on the same data directory.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { onServer, SERVER_URL } from '../store/open.ts';
import { waits } from '../until.ts';
import { type Gate, gateTo } from './gate.ts';
import { registration } from './people.ts';
import { call, type FacetProcess, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

/** The clock of the servers: it stands still until it is moved. */
let now = Date.now();
const clock = createServer((_req, res) => void res.end(JSON.stringify({ now: new Date(now).toISOString() })));

let sandbox: Sandbox;
let gate: Gate;
let place: Place;
let env: Record<string, string>;
let servers: (FacetProcess & { url: string })[];
const start = async () => {
  servers = [...servers, await startProcess(env)];
};

beforeAll(async () => {
  clock.listen(0, '127.0.0.1');
  await once(clock, 'listening');
  sandbox = await startSandbox();
  gate = await gateTo(sandbox.url);
  place = await migratedPlace();
  const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: gate.url, JUNCTION_TEAM_ID: sandbox.teamId };
  env = { ...place.env, ...account, FACET_TEST_CLOCK: `http://127.0.0.1:${(clock.address() as AddressInfo).port}` };
  servers = [];
  await start();
  if (SERVER_URL !== undefined) await start();
  // the first answer of a server takes longer: it is held to documents that are fetched then
  for (const n of servers.keys()) expect((await register(n, {})).status).toBe(400);
});
afterAll(async () => {
  await killAll();
  await place.remove();
  await gate.close();
  await sandbox.close();
  clock.close();
});
beforeEach(() => {
  gate.shut = true;
});

/** For so long a registration is held by whoever asks the network about it. */
const HOLD_MS = 8000;
/** Between two looks at the clock a process lets time run on: on a machine that is not busy, it may have begun its hold that much later than the clock says. */
const RUNS_ON_MS = 5000;
let numbers = 1_600_000_000;
const physician = () => registration(String(numbers++));
const register = (n: number, body: object) => call(`${servers.at(n)!.url}/v1/physicians`, place.keys().demo.loop!, { body });
const read = (id: string) => call(`${servers.at(-1)!.url}/v1/physicians/${id}`, place.keys().demo.loop!);

onServer('what one server is asking about another waits for: 409 when it is answered', async () => {
  const body = physician();
  const first = register(0, body);
  const asking = await gate.next();
  const second = register(1, { ...body, state_license: '2' });
  expect(await waits(second)).toBe(true);
  await asking.pass();
  expect([(await first).status, (await second).status]).toEqual([201, 409]);
  expect((await read((await first).body.id)).body).toEqual((await first).body);
});

onServer('what one server has failed at another takes over', async () => {
  const body = physician();
  const first = register(0, body);
  const asking = await gate.next();
  const second = register(1, { ...body, state_license: '2' });
  expect(await waits(second)).toBe(true);
  asking.turn();
  expect((await first).status).toBe(502);
  await (await gate.next()).pass();
  const created = await second;
  expect([created.status, created.body.state_license]).toEqual([201, '2']);
  expect((await read(created.body.id)).body).toEqual(created.body);
});

test('the next caller waits until the lease of the killed process expires, and gets a response', async () => {
  const [began, stoodAt] = [performance.now(), now];
  const body = physician();
  const unanswered = register(0, body).catch(() => 'nobody answers');
  const asking = await gate.next();
  servers[0]!.signal('SIGKILL');
  expect(await unanswered).toBe('nobody answers');
  asking.turn();
  if (SERVER_URL === undefined) await start();
  const before = gate.countArrived();
  const next = register(-1, { ...body, name: 'Ann B. Lee' });
  expect([await waits(next), gate.countArrived()]).toEqual([true, before]);
  const taken = gate.next();
  now += HOLD_MS;
  while (await waits(taken)) now += 1000;
  await (await taken).pass();
  // a busy machine looks at the clock later still, by no more than the time that has passed
  expect(now - stoodAt).toBeLessThanOrEqual(HOLD_MS + RUNS_ON_MS + (performance.now() - began));
  const created = await next;
  expect([created.status, created.body.name]).toEqual([201, 'Ann B. Lee']);
  expect((await read(created.body.id)).body).toEqual(created.body);
  gate.shut = false;
  expect((await register(-1, body)).status).toBe(409);
});
