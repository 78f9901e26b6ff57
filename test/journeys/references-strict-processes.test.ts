// FACET_REFERENCES=strict with real processes: data that was written before, and two servers that write and delete at the same time.

import { SERVER_URL } from '../store/open.ts';
import { until } from '../until.ts';
import { call, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

let place: Place;
beforeEach(async () => {
  place = await migratedPlace();
});
afterEach(async () => {
  await killAll();
  await place.remove();
});

const patient = (id: string) => ({ method: 'PUT', body: { resourceType: 'Patient', id } });
const observation = (id: string, subject: string) => ({
  method: 'PUT',
  body: { resourceType: 'Observation', id, status: 'final', code: { text: 'w' }, subject: { reference: `Patient/${subject}` } },
});

test('references that were stored before are enforced once they are indexed; a deletion before that is 503', async () => {
  const loose = await startProcess(place.env);
  const ask = (server: { url: string }, path: string, more?: Parameters<typeof call>[2]) =>
    call(`${server.url}/fhir/R4/${path}`, place.keys().demo.fhir!, more);
  await ask(loose, 'Patient/old', patient('old'));
  await ask(loose, 'Observation/old', observation('old', 'old'));
  await ask(loose, 'Observation/dangling', observation('dangling', 'nobody'));
  loose.signal('SIGTERM');
  await loose.ended;

  const strict = await startProcess({ ...place.env, FACET_REFERENCES: 'strict' });
  const remove = async () => (await ask(strict, 'Patient/old', { method: 'DELETE' })).status;
  const seen = new Set<number>();
  await until(async () => {
    seen.add(await remove());
    return seen.has(409);
  });
  expect([...seen].filter((status) => status !== 503)).toEqual([409]);
  expect((await ask(strict, 'Observation/dangling')).status).toBe(200);
  expect((await ask(strict, 'Observation/dangling', observation('dangling', 'old'))).status).toBe(200);
});

// The embedded engine has one process and one connection.
const onServer = SERVER_URL === undefined ? test.skip : test;

onServer(
  'two servers: of a deletion and a concurrent reference to the same resource, exactly one succeeds in each of 150 rounds',
  async () => {
    const env = { ...place.env, FACET_REFERENCES: 'strict' };
    const servers = await Promise.all([startProcess(env), startProcess(env)]);
    const key = place.keys().demo.fhir!;
    const ask = (server: number, path: string, more?: Parameters<typeof call>[2]) =>
      call(`${servers[server]!.url}/fhir/R4/${path}`, key, more);
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 150; round++) {
      const id = `p${round}`;
      expect((await ask(0, `Patient/${id}`, patient(id))).status).toBe(201);
      const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url: `Patient/${id}` } }] };
      const [deletion, reference] = await Promise.all([
        round % 3 === 0 ? ask(0, '', { body: bundle }) : ask(0, `Patient/${id}`, { method: 'DELETE' }),
        ask(1, `Observation/o${round}`, observation(`o${round}`, id)),
      ]);
      const isDeleted = deletion.status === 204 || deletion.status === 200;
      const pair = `${isDeleted ? 'deleted' : deletion.status} ${reference.status}`;
      outcomes.set(pair, (outcomes.get(pair) ?? 0) + 1);
      expect(['deleted 422', '409 201']).toContain(pair);
      expect((await ask(1, `Patient/${id}`)).status).toBe(isDeleted ? 410 : 200);
      expect((await ask(0, `Observation/o${round}`)).status).toBe(isDeleted ? 404 : 200);
    }
    expect(outcomes.size).toBe(2);
  },
  120_000,
);
