// Lab orders below /admin: an administrator lists its tenant's orders, reads what happened to one, and retries, parks, releases and drops it.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request, { type Test } from 'supertest';
import { findPrefix } from '../../src/administration/key-surfaces.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { createApiKey, INSTALLATION } from '../../src/store/api-keys.ts';
import { findTenant } from '../../src/store/tenants.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { type Method, type Running, startFacet } from './running-server.ts';

let facet: Running;
let sandbox: Sandbox;
let server: Server;
let otherAdmin: string;
let operator: string;
let admin: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  facet = await startFacet({
    JUNCTION_API_KEY: sandbox.apiKey,
    JUNCTION_BASE_URL: sandbox.url,
    JUNCTION_TEAM_ID: sandbox.teamId,
    JUNCTION_WEBHOOK_SECRET: sandbox.state.webhooks.secret,
  });
  server = facet.app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  sandbox.state.webhooks.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/webhooks/junction`;
  admin = await facet.keyWith('admin', []);
  const { database } = facet.store;
  const other = await findTenant(database, { slug: 'other' });
  const newKey = (tenant: number, surface: string) =>
    createApiKey(database, { tenant, surface, scopes: [], prefix: findPrefix({}, surface), at: '2026-01-01T00:00:00.000Z' });
  otherAdmin = (await newKey(other!.id, 'admin')).text;
  operator = (await newKey(INSTALLATION, 'operator')).text;
  for (const key of [facet.demo.fhir!, facet.other.fhir!]) {
    const { status } = await facet.put({ ...orderable(PATIENT), resourceType: 'Patient' }, key);
    expect(status).toBe(201);
  }
});
afterAll(async () => {
  server.close();
  await facet.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.state.faults = [];
});

const PATIENT = '01936b00-0000-7000-8000-0000000000ab';
const send = (method: Method, path: string, body?: object, key = admin): Test =>
  request(facet.app)[method](`/admin${path}`).set('Authorization', `Bearer ${key}`).send(body);
const order = async (id: string, key?: string): Promise<void> => {
  expect((await facet.put({ ...panelFor(PATIENT, 'pcos'), id }, key)).status).toBe(201);
};
const read = async (id: string, key = admin) => (await send('get', `/orders/${id}`, undefined, key).expect(200)).body;
const untilState = (id: string, state: string) =>
  until(
    () => read(id),
    (body) => body.state === state,
  );
const listed = async (query: string, key = admin): Promise<string[]> =>
  (await send('get', `/orders${query}`, undefined, key).expect(200)).body.orders.map((one: { order: string }) => one.order);
/** An order that does not reach the network. */
async function orderInVain(id: string): Promise<void> {
  sandbox.state.faults = [{ operation: 'createOrder', kind: 'reset', times: 1000 }];
  await order(id);
  await untilState(id, 'unknown');
}
/** The state of a leased order changes only after its attempt. */
const act = (id: string, name: string, body?: object) =>
  until(
    () => send('post', `/orders/${id}/${name}`, body),
    ({ status, body: { message } }) => status !== 409 || !/is being sent now|has just changed/.test(message),
  );
type Entry = { kind: string; at: string; what?: string; state?: string; reason?: string | null; status?: string; type?: string };
const ofKind = (timeline: Entry[], kind: string): Entry[] => timeline.filter((entry) => entry.kind === kind);

test('an order that waits is listed with its reason and the possible actions; retry, park, release and drop are in its timeline', async () => {
  await orderInVain('waits');
  const { body } = await send('get', '/orders').expect(200);
  expect(body.orders).toContainEqual({
    order: 'waits',
    message: 'order',
    state: expect.stringMatching(/^(unknown|sending)$/),
    account: 'environment',
    ordered: expect.any(String),
    attempts: expect.any(Number),
    nextAttempt: expect.any(String),
    reason: expect.any(String),
    actions: expect.any(Array),
  });
  expect(await act('waits', 'retry')).toMatchObject({ status: 200, body: { message: expect.stringMatching(/^order waits is /) } });
  expect(await act('waits', 'park', { reason: 'ticket 4711' })).toMatchObject({ status: 200 });
  expect(await untilState('waits', 'parked')).toMatchObject({
    parkedByOperator: true,
    actions: ['park', 'release', 'drop'],
    meaning: 'it waits for an operator',
  });
  const refused = await send('post', '/orders/waits/retry');
  expect([refused.status, refused.body.message]).toEqual([409, 'order waits cannot be retried: it waits for an operator: release it']);
  sandbox.state.faults = [];
  expect(await act('waits', 'release', { reason: 'the network is back' })).toMatchObject({ status: 200 });
  const { timeline, networkOrder, actions } = await untilState('waits', 'done');
  expect([networkOrder, actions]).toEqual([expect.any(String), []]);
  const steps = ofKind(timeline, 'event').filter(({ what }) => what !== 'attempt');
  expect(steps.map(({ what, reason }) => [what, reason])).toEqual([
    ['retry', null],
    ['park', 'ticket 4711'],
    ['release', 'the network is back'],
  ]);
  expect(timeline[0]).toMatchObject({ kind: 'ordered' });
});

test('drop needs a reason in one line, revokes the request, and notes the reason on the Task', async () => {
  await orderInVain('dropped');
  expect((await send('post', '/orders/dropped/drop')).body).toEqual({
    error: 'invalid',
    message: 'reason is missing: it is stored with the order, and must not name a patient',
  });
  expect((await send('post', '/orders/dropped/drop', { reason: 'two\nlines' })).status).toBe(400);
  expect((await act('dropped', 'drop', { reason: 'ordered twice' })).status).toBe(200);
  const { body } = await facet.fhir('get', '/ServiceRequest/dropped');
  expect(body.status).toBe('revoked');
  const { body: tasks } = await facet.fhir('get', '/Task?focus=ServiceRequest/dropped');
  expect(tasks.entry[0].resource.note).toContainEqual(expect.objectContaining({ text: 'dropped by an operator: ordered twice' }));
});

test('the timeline goes from the order to the corrected report, with the webhooks and without a value or a name', async () => {
  await order('whole');
  await untilState('whole', 'done');
  for (const [step, status] of [
    ['collect', 'collecting_sample.walk_in_test.appointment_pending'],
    ['receive', 'sample_with_lab.walk_in_test.sample_received'],
    ['partial', 'sample_with_lab.walk_in_test.partial_results'],
    ['final', 'completed.walk_in_test.completed'],
    ['corrected', 'completed.walk_in_test.corrected'],
  ]) {
    expect((await send('post', '/orders/whole/sandbox', { step })).body).toMatchObject({ status });
    await until(
      () => read('whole'),
      ({ timeline }) => ofKind(timeline, 'status').some((entry) => 'networkStatus' in entry && entry.networkStatus === status),
    );
  }
  const body = await until(
    () => read('whole'),
    ({ timeline }) => ofKind(timeline, 'report').some(({ status }) => status === 'corrected'),
  );
  const { timeline } = body;
  expect(ofKind(timeline, 'report').map(({ status }) => status)).toEqual(expect.arrayContaining(['partial', 'final', 'corrected']));
  expect(ofKind(timeline, 'webhook').map(({ type, state }) => [type, state])).toContainEqual(['labtest.order.updated', 'done']);
  expect(timeline.map(({ at }: Entry) => at)).toEqual(timeline.map(({ at }: Entry) => at).toSorted());
  const withoutIds = JSON.stringify(body).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\.\d{3}Z/g, '');
  expect(withoutIds).not.toMatch(/Lovelace|1985|518|example\.com|valueQuantity/);
});

test('the steps of the sandbox are those that are possible now, by their names', async () => {
  await order('steps');
  await untilState('steps', 'done');
  const { body } = await send('get', '/orders/steps/sandbox').expect(200);
  expect(body).toMatchObject({ status: 'received.walk_in_test.ordered', steps: ['collect', 'receive', 'partial', 'final', 'fail'] });
  expect((await send('post', '/orders/steps/sandbox', { step: 'corrected' })).body.message).toMatch(/use one of collect, receive/);
  expect((await send('post', '/orders/steps/sandbox', { step: 'fail' })).body).toMatchObject({
    status: 'failed.walk_in_test.sample_error',
    steps: [],
  });
  await orderInVain('not-there');
  expect((await send('get', '/orders/not-there/sandbox')).status).toBe(409);
});

test('pages follow each other by next', async () => {
  const all = await listed('?state=all');
  const paged: string[] = [];
  for (let after = ''; ; ) {
    const { body } = await send('get', `/orders?state=all&limit=2${after}`).expect(200);
    expect(body.orders.length).toBeLessThanOrEqual(2);
    paged.push(...body.orders.map((one: { order: string }) => one.order));
    if (body.next === undefined) break;
    after = `&after=${body.next}`;
  }
  expect(paged.slice(0, all.length)).toEqual(all);
  expect(all.length).toBeGreaterThan(3);
});

test('an order of another tenant does not exist, for reading, for actions and for the sandbox', async () => {
  await order('theirs', facet.other.fhir!);
  await until(
    () => listed('?state=done', otherAdmin),
    (ids) => ids.includes('theirs'),
  );
  expect(await listed('?state=all')).not.toContain('theirs');
  expect(await listed('?state=all', otherAdmin)).toEqual(['theirs']);
  for (const [method, path, body] of [
    ['get', '/orders/theirs', undefined],
    ['post', '/orders/theirs/retry', {}],
    ['post', '/orders/theirs/park', {}],
    ['post', '/orders/theirs/release', {}],
    ['post', '/orders/theirs/drop', { reason: 'not mine' }],
    ['get', '/orders/theirs/sandbox', undefined],
    ['post', '/orders/theirs/sandbox', {}],
  ] as const) {
    const response = await send(method, path, body);
    const unknown = await send(method, path.replace('theirs', 'nobody'), body);
    expect([path, response.status, response.body]).toEqual([path, 404, unknown.body]);
  }
  expect((await send('get', '/orders?tenant=other')).status).toBe(404);
  const [last] = (await send('get', '/orders?state=all&limit=1', undefined, otherAdmin)).body.orders;
  expect(last.order).toBe('theirs');
});

test('an operator names the tenant; a key of the FHIR API, and no key, are refused', async () => {
  expect(await listed('?state=all&tenant=other', operator)).toEqual(['theirs']);
  expect((await send('get', '/orders', undefined, operator)).status).toBe(400);
  expect((await send('get', '/orders/theirs?tenant=other', undefined, operator)).body).toMatchObject({ order: 'theirs' });
  for (const path of ['/orders', '/orders/waits', '/orders/waits/sandbox'])
    expect([path, (await send('get', path, undefined, facet.demo.fhir!)).status]).toEqual([path, 403]);
  expect((await request(facet.app).post('/admin/orders/waits/retry')).status).toBe(401);
});

test.each([
  ['?state=lost', /state must be one of open, all, queued/],
  ['?limit=0', /limit must be a number from 1 to 200/],
  ['?after=1x', /after is not the id of a message/],
  ['?account=x', /account is not a parameter/],
])('a wrong parameter is refused in one sentence: %s', async (query, sentence) => {
  const { status, body } = await send('get', `/orders${query}`);
  expect([status, body.message]).toEqual([400, expect.stringMatching(sentence)]);
});

test('with an account at a laboratory there are no steps: neither the paths nor their description', async () => {
  const real = await startFacet({ JUNCTION_API_KEY: 'sk_us_real', JUNCTION_BASE_URL: 'https://lab.example' });
  try {
    const { body } = await request(real.app).get('/openapi/admin.json');
    expect(Object.keys(body.paths).filter((path) => path.includes('sandbox'))).toEqual([]);
    const key = await real.keyWith('admin', []);
    const response = await request(real.app).get('/admin/orders/waits/sandbox').set('Authorization', `Bearer ${key}`);
    expect([response.status, response.body.message]).toEqual([404, 'there is nothing at this path']);
  } finally {
    await real.close();
  }
});
