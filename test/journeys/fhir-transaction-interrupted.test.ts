// A transaction whose database connection dies midway: nothing of it stays, and nobody is told that it does. On PostgreSQL, where a connection can die.
// https://hl7.org/fhir/R4/http.html#trules ("either succeed or fail as a single unit")
import pg from 'pg';
import request from 'supertest';
import { onServer } from '../store/open.ts';
import { type Running, startFacet } from './running.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const SIZE = 400;
const api = (method: 'get' | 'post', path: string) =>
  request(facet.app)[method](`/fhir/R4${path}`).set('Authorization', `Bearer ${facet.demo.fhir}`);

/** Orders are written one by one, so that a connection can be lost between two of them. */
const entries = (tag: string) =>
  Array.from({ length: SIZE }, (_one, n) => ({
    resource: {
      resourceType: n % 2 ? 'ServiceRequest' : 'Patient',
      meta: { tag: [{ code: tag }] },
      ...(n % 2 && { status: 'draft', intent: 'plan', subject: { display: 'x' } }),
    },
    request: { method: 'POST', url: n % 2 ? 'ServiceRequest' : 'Patient' },
  }));

/** How many there are; asked again where the question itself went out on a connection that was just cut. */
async function countOf(type: string, tag: string): Promise<number> {
  for (let tries = 0; ; tries++) {
    const { status, body } = await api('get', `/${type}?_tag=${tag}&_summary=count`);
    if (status === 200) return body.total;
    if (status !== 503 || tries === 10) throw new Error(`${status} ${JSON.stringify(body)}`);
  }
}

onServer('leaves nothing behind, wherever the connection is lost', async () => {
  const killer = new pg.Client({ connectionString: facet.store.url! });
  await killer.connect();
  const statuses: number[] = [];
  for (const wait of [5, 20, 40, 60, 80, 120, 200]) {
    const tag = `wait-${wait}`;
    const sent = api('post', '')
      .set('Content-Type', 'application/fhir+json')
      .send(JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries(tag) }));
    const cut = (async () => {
      await new Promise((resolve) => setTimeout(resolve, wait));
      await killer.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'",
      );
    })();
    const [{ status }] = await Promise.all([sent, cut]);
    statuses.push(status);
    const counted = await Promise.all(['Patient', 'ServiceRequest'].map((type) => countOf(type, tag)));
    const all = [SIZE / 2, SIZE / 2];
    expect({ wait, status, counted: status === 200 ? counted : String(counted) }).toEqual({
      wait,
      status,
      counted: status === 200 ? all : '0,0',
    });
  }
  await killer.end();
  expect([...new Set(statuses)].filter((status) => status !== 200)).toEqual([503]);
});
