// Rate limits of running servers: of several processes together, after a restart, and on the FHIR API.
import { SERVER_URL } from '../store/open.ts';
import { call, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

const CENTURY = 100 * 365 * 86_400;
const LIMIT = 40;
const PROCESSES = SERVER_URL === undefined ? 1 : 2;
let place: Place;
beforeAll(async () => {
  place = await migratedPlace();
  const limit = { limit: LIMIT, seconds: CENTURY };
  place.env.FACET_RATE_LIMITS = JSON.stringify({ jump: limit, fhir: limit });
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

const startAll = () => Promise.all(Array.from({ length: PROCESSES }, () => startProcess(place.env)));

test('the processes together serve exactly the limit, and a restart does not begin a new window', async () => {
  const servers = await startAll();
  const { jump, fhir } = place.keys().demo as { jump: string; fhir: string };
  const send = (n: number) => call(`${servers[n % PROCESSES]!.url}/jump/locations`, jump);
  const answers = await Promise.all(Array.from({ length: 3 * LIMIT }, (_, n) => send(n)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(2 * LIMIT);
  const served = answers.filter(({ status }) => status === 200).map(({ headers }) => Number(headers.get('x-ratelimit-remaining')));
  expect(served.sort((a, b) => a - b)).toEqual(Array.from({ length: LIMIT }, (_, n) => n));
  const patients = await Promise.all(
    Array.from({ length: LIMIT + 1 }, (_, n) => call(`${servers[n % PROCESSES]!.url}/fhir/R4/Patient`, fhir)),
  );
  const refused = patients.filter(({ status }) => status !== 200);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ status: 429, body: { resourceType: 'OperationOutcome', issue: [{ code: 'throttled' }] } });
  expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);

  for (const server of servers) server.signal('SIGTERM');
  await Promise.all(servers.map(({ ended }) => ended));
  const [restarted] = await startAll();
  expect((await call(`${restarted!.url}/jump/locations`, jump)).status).toBe(429);
  expect((await call(`${restarted!.url}/fhir/R4/Patient`, fhir)).status).toBe(429);
  expect((await call(`${restarted!.url}/jump/locations`, place.keys().other.jump!)).status).toBe(200);
});
