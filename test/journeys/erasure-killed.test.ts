// A process that is killed in the middle of an erasure leaves the whole record, and the next run erases it.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { onEmbedded, onServer } from '../store/open.ts';
import { until } from '../until.ts';
import { call, killAll, launchIn, migratedPlace, type Place, printed, startProcess } from './server-process.ts';

const OBSERVATIONS = 1000;
let place: Place;
beforeEach(async () => {
  place = await migratedPlace();
  const server = await startProcess(place.env);
  const subject = { reference: 'Patient/killed' };
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject };
  const entry = [
    { resource: { resourceType: 'Patient', id: 'killed' }, request: { method: 'PUT', url: 'Patient/killed' } },
    ...Array.from({ length: OBSERVATIONS }, () => ({ resource: observation, request: { method: 'POST', url: 'Observation' } })),
  ];
  const bundle = { resourceType: 'Bundle', type: 'transaction', entry };
  const { status } = await call(`${server.url}/fhir/R4`, place.keys().demo.fhir!, { body: bundle });
  expect(status).toBe(200);
  server.signal('SIGTERM');
  await server.ended;
});
afterEach(async () => {
  await killAll();
  await place.remove();
});

const ARGUMENTS = ['erase', 'demo', 'Patient/killed'];
const start = () => launchIn(process.cwd(), place.env, [process.execPath, 'bin/facet.js', ...ARGUMENTS, '--yes']);
/** The number of Observations that would be erased. */
const count = async (): Promise<number> => {
  const lines = await printed(place.env, ...ARGUMENTS);
  return Number(lines.find((line) => line.startsWith('Observation '))?.split(/ +/)[1] ?? 0);
};

onServer('on PostgreSQL: killed while it waits for the last of its locks, after it has read everything', async () => {
  const [client, observer] = [1, 2].map(() => new pg.Client({ connectionString: place.env.DATABASE_URL! })) as [pg.Client, pg.Client];
  await Promise.all([client.connect(), observer.connect()]);
  try {
    await client.query('begin');
    await client.query(`select 1 from resource where body like '%"Patient/killed"%' order by rtype desc, id desc limit 1 for update`);
    const erasing = start();
    const waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await until(
      async () => (await observer.query(waiting)).rows.length,
      (found) => found > 0,
    );
    erasing.signal('SIGKILL');
    expect((await erasing.ended).signal).toBe('SIGKILL');
    await client.query('rollback');
  } finally {
    await Promise.all([client.end(), observer.end()]);
  }
  expect(await count()).toBe(OBSERVATIONS);
  expect(await printed(place.env, ...ARGUMENTS, '--yes')).toContain('Patient/killed of tenant demo is erased');
  expect(await count()).toBe(0);
});

onEmbedded('on the embedded engine: killed at several moments, it leaves everything or nothing', async () => {
  const began = performance.now();
  expect(await count()).toBe(OBSERVATIONS);
  const usual = performance.now() - began;
  for (const part of [0.6, 0.9]) {
    const erasing = start();
    await delay(usual * part);
    erasing.signal('SIGKILL');
    await erasing.ended;
    expect([0, OBSERVATIONS]).toContain(await count());
  }
  await printed(place.env, ...ARGUMENTS, '--yes');
  expect(await count()).toBe(0);
});
