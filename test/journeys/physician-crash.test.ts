// A registration that dies at any step: between two statements, before a commit, or after a commit whose response is lost. The next attempt succeeds, and there
// is one Practitioner with one licence.
import request from 'supertest';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { type Fate, fated, mortal } from './crash-injection.ts';
import { registration } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let ahead = 0;
let sandbox: Sandbox;
let facet: Running;
beforeAll(async () => {
  sandbox = await startSandbox();
  facet = await startFacet(
    {
      JUNCTION_API_KEY: sandbox.apiKey,
      JUNCTION_BASE_URL: sandbox.url,
      JUNCTION_TEAM_ID: sandbox.teamId,
      JUNCTION_PHYSICIAN_PATH: '/partner/{team_id}/physicians',
    },
    undefined,
    { over: (database) => mortal(database), clock: () => new Date(Date.now() + ahead) },
  );
});
afterAll(async () => {
  await facet.close();
  await sandbox.close();
});

let numbers = 1_500_000_000;
const physician = () => registration(String(numbers++));
const post = async (body: object, headers: Record<string, string>) =>
  request(facet.app).post('/v1/physicians').set('Authorization', `Bearer ${facet.demo.loop}`).set(headers).send(body);
const read = (path: string, surface: string) => request(facet.app).get(path).set('Authorization', `Bearer ${facet.demo[surface]}`);

/** The answer of a request that ends so. With the key of the caller remembered, the steps are those of the registration alone. */
async function ending<T>(fate: Partial<Fate>, work: () => Promise<T>): Promise<T> {
  await read('/v1/physicians/0190b3c2-0000-7000-8000-000000000001', 'loop');
  return fated(fate, work);
}

test.each([
  ['without an idempotency-key: 201, or 409 when only the answer was lost', {}],
  ['with one: the 201, whenever it died', { key: 'kept' }],
])('%s', async (_title, { key }: { key?: string }) => {
  const statuses: string[] = [];
  for (let steps = 0; ; steps++) {
    const body = physician();
    const { npi } = body;
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': `${key}-${steps}` };
    const { status } = await ending({ left: steps }, () => post(body, headers));
    if (status === 201) break;
    ahead += 8000;
    const next = await post(body, headers);
    statuses.push(`${status} ${next.status}`);
    const { entry } = (await read(`/fhir/R4/Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|${npi}`, 'fhir')).body;
    expect(entry).toHaveLength(1);
    const [{ resource }] = entry;
    expect(resource.qualification).toHaveLength(1);
    const visible = (await read(`/v1/physicians/${resource.id}`, 'loop')).body;
    expect(visible).toMatchObject({ ...body, id: resource.id, status: 'active' });
    if (next.status === 201) expect(next.body).toEqual(visible);
    expect((await post(body, {})).status).toBe(409);
    expect(sandbox.state.physicians.filter((physician) => physician.npi === npi)).toEqual([
      { first_name: 'Ann', last_name: 'Lee', npi, id: visible.junction_physician_id },
    ]);
  }
  expect(statuses.length).toBeGreaterThan(12);
  expect(statuses.filter((status) => status !== '500 201' && (status !== '500 409' || key !== undefined))).toEqual([]);
});

test('a failed step releases the registration, except if the response to the claim was lost', async () => {
  const holds = async () =>
    (await facet.store.database.query<{ n: number }>("select count(*)::int as n from outbox where state = 'sending'"))[0]!.n;
  let stored = 0;
  for (let steps = 0; ; steps++) {
    const body = physician();
    const { status } = await ending({ left: steps, stumbles: true }, () => post(body, {}));
    if (status === 201) break;
    stored += await holds();
    ahead += (await holds()) * 8000;
    expect([201, 409]).toContain((await post(body, {})).status);
    expect((await post(body, {})).status).toBe(409);
    expect(await holds()).toBe(0);
  }
  expect(stored).toBeLessThanOrEqual(1);
});

test.each([
  ['the claim', 1, 201],
  ['the answer', 2, 409],
])('after a lost commit of %s the next attempt finds the state', async (_what, lost, status) => {
  const body = physician();
  expect((await ending({ lost }, () => post(body, {}))).status).toBe(500);
  ahead += 8000;
  expect((await post(body, {})).status).toBe(status);
  expect((await post(body, {})).status).toBe(409);
});
