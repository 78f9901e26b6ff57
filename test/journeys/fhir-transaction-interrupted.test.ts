// A transaction whose database connection ends midway ("either succeed or fail as a single unit"): nothing is stored, and no success is reported. Only on
// PostgreSQL. https://hl7.org/fhir/R4/http.html#trules ("either succeed or fail as a single unit")
import pg from 'pg';
import request from 'supertest';
import type { Database } from '../../src/store/database/database.ts';
import { onServer, SERVER_URL } from '../store/open.ts';
import { type Fate, fated, mortal, type Statements } from './crash-injection.ts';
import { type Running, startFacet } from './running-server.ts';

const transactions: Statements[] = [];
let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { over: (database) => mortal(database, transactions) });
});
afterAll(() => facet.close());

const SIZE = 40;
const api = (method: 'get' | 'post', path: string) =>
  request(facet.app)[method](`/fhir/R4${path}`).set('Authorization', `Bearer ${facet.demo.fhir}`);

/** Requests that are based on each other are written one by one, so that a connection can be lost between two of them. */
const entries = (tag: string) =>
  Array.from({ length: SIZE }, (_one, n) => ({
    fullUrl: `urn:x:${n}`,
    resource: {
      resourceType: n % 2 ? 'ServiceRequest' : 'Patient',
      meta: { tag: [{ code: tag }] },
      ...(n % 2 && { status: 'draft', intent: 'plan', subject: { display: 'x' } }),
      ...(n % 2 && n > 1 && { basedOn: [{ reference: `urn:x:${n - 2}` }] }),
    },
    request: { method: 'POST', url: n % 2 ? 'ServiceRequest' : 'Patient' },
  }));

/** The answer to a transaction that ends so. */
const sent = async (tag: string, fate: Partial<Fate>) =>
  fated(fate, () =>
    api('post', '')
      .set('Content-Type', 'application/fhir+json')
      .send(JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries(tag) })),
  );
const countOf = async (type: string, tag: string): Promise<number> => (await api('get', `/${type}?_tag=${tag}&_summary=count`)).body.total;

onServer('leaves nothing behind, wherever the connection is lost', async () => {
  // not through a pooler, which might give both of them one connection
  const killer = new pg.Client({ connectionString: SERVER_URL });
  await killer.connect();
  /** The server ends the connection, and has ended it when this is done. */
  const blow = async (database: Database) => {
    const [own] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
    await killer.query('select pg_terminate_backend($1::int, 60000::bigint)', [own!.pid]);
  };
  expect((await sent('whole', {})).status).toBe(200);
  const all = Math.max(...transactions.map(({ length }) => length));
  expect(all).toBeGreaterThan(SIZE / 2);
  const places = [0, 1, 2, 3, 1 / 4, 1 / 2, 3 / 4].map((part) => (part < 1 ? Math.floor(part * all) : part));
  const statuses: number[] = [];
  for (let remaining = places.shift()!; ; remaining = places.shift() ?? Math.max(remaining + 1, all - 2)) {
    const { status } = await sent(`left-${remaining}`, { left: remaining, blow });
    statuses.push(status);
    const counted = await Promise.all(['Patient', 'ServiceRequest'].map((type) => countOf(type, `left-${remaining}`)));
    const whole = status === 200 ? SIZE / 2 : 0;
    expect({ left: remaining, status, counted }).toEqual({ left: remaining, status, counted: [whole, whole] });
    if (remaining >= all && status === 200) break;
  }
  await killer.end();
  expect([...new Set(statuses)].sort()).toEqual([200, 503]);
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(7);
});
