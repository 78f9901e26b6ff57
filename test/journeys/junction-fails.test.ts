// When Junction fails, callers get 502 in the vendor's format, and no order is lost or duplicated. Junction is the sandbox with configured faults.
import request from 'supertest';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { until } from '../until.ts';
import { orderable, panelFor, registration } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let sandbox: Sandbox;
let facet: Running;
beforeAll(async () => {
  sandbox = await startSandbox();
  facet = await startFacet({ JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId });
  await facet.put(orderable(PATIENT));
});
afterAll(async () => {
  await facet.close();
  await sandbox.close();
});

const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
const control = (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) =>
  fetch(`${sandbox.url}/sandbox${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) }).then((response) =>
    response.json(),
  );
const fail = (fault: object) => control('POST', '/faults', fault);
const orders = async () => ((await control('GET', '/orders')) as { total: number }).total;
const createOrders = async () =>
  ((await control('GET', '/requests')) as { operation: string }[]).filter(({ operation }) => operation === 'createOrder').length;
const order = (key: string, body: object = {}) =>
  request(facet.app)
    .post('/v1/lab-orders')
    .set('x-api-key', facet.demo.loop!)
    .set('idempotency-key', key)
    .send({ brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos', ...body });
const physician = (npi: string) => request(facet.app).post('/v1/physicians').set('x-api-key', facet.demo.loop!).send(registration(npi));

const tasksOf = async (id: string): Promise<{ resource: { status: string } }[]> =>
  (await facet.fhir('get', `/Task?focus=ServiceRequest/${id}`)).body.entry ?? [];
const received = (id: string) =>
  until(
    () => tasksOf(id),
    ([task]) => task?.resource.status === 'received',
  );

test.each([
  ['answers 500 after taking it', { kind: 'error', status: 500, when: 'after' }],
  ['cuts its answer off', { kind: 'cut', when: 'after' }],
  ['closes the connection after taking it', { kind: 'reset', when: 'after' }],
  ['asks to come back later', { kind: 'error', status: 429, retryAfter: 1 }],
])('Junction %s: the first response is 502, the same key then gets 201, and one order exists', async (what, fault) => {
  const before = await orders();
  await fail({ operation: 'createOrder', ...fault });
  const first = await order(what);
  expect([first.status, Object.keys(first.body)]).toEqual([502, ['error', 'message']]);
  expect(first.body.error).toBe('junction_error');
  expect(first.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  const repeated = await until(
    () => order(what),
    ({ status }) => status !== 502,
  );
  expect([repeated.status, repeated.body.status]).toEqual([201, 'received']);
  expect((await order(what)).text).toBe(repeated.text);
  expect(await orders()).toBe(before + 1);
});

test('Junction sends Retry-After: twenty orders get 502 with Retry-After without a request, are stored, and arrive once each', async () => {
  const [before, requests] = [await orders(), await createOrders()];
  await fail({ operation: 'createOrder', kind: 'error', status: 429, retryAfter: 10 });
  const keys = Array.from({ length: 20 }, (_, index) => `left alone ${index}`);
  for (const key of keys) {
    const { status, headers, body } = await order(key);
    expect([status, body.error]).toEqual([502, 'junction_error']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(10);
  }
  expect((await createOrders()) - requests).toBeLessThanOrEqual(2);
  await until(async () => (await orders()) - before === keys.length);
  for (const key of keys) expect((await order(key)).status).toBe(201);
  expect(await orders()).toBe(before + keys.length);
});

test('Junction responds with 500 without an order: 502 each time; the order is looked up and sent again only when it cannot arrive any more', async () => {
  const [before, requests] = [await orders(), await createOrders()];
  await fail({ operation: 'createOrder', kind: 'error', status: 500 });
  for (let n = 0; n < 3; n++) {
    const response = await order('not taken');
    expect([response.status, response.body.error]).toEqual([502, 'junction_error']);
    expect(response.body.message).toContain('repeat the request with the same idempotency key');
  }
  expect([await orders(), await createOrders()]).toEqual([before, requests + 1]);
});

test('an order through FHIR gets a response at once and is sent in the background; its Task shows the outcome', async () => {
  const before = await orders();
  const created = await facet.fhir('post', '/ServiceRequest').send(panelFor(PATIENT));
  expect(created.status).toBe(201);
  await received(created.body.id);
  expect(await orders()).toBe(before + 1);
});

test('a draft and a request that is not a laboratory order have no Task and are not sent; a later order is', async () => {
  const before = await orders();
  for (const more of [{ status: 'draft' }, { category: [{ text: 'imaging' }], code: { text: 'chest x-ray' } }]) {
    const created = await facet.fhir('post', '/ServiceRequest').send({ ...panelFor(PATIENT), ...more });
    expect([created.status, (await tasksOf(created.body.id)).length]).toEqual([201, 0]);
  }
  const last = await facet.fhir('post', '/ServiceRequest').send(panelFor(PATIENT));
  await received(last.body.id);
  expect(await orders()).toBe(before + 1);
});

test('a FHIR order without an element that Junction needs is 422 with the element, and nothing is written', async () => {
  const bare = '01936b00-0000-7000-8000-0000000000bb';
  await facet.put({ ...orderable(bare), telecom: undefined });
  const refused = await facet.fhir('post', '/ServiceRequest').send(panelFor(bare));
  expect([refused.status, refused.body.issue[0].code]).toEqual([422, 'business-rule']);
  expect(refused.body.issue[0].expression[0]).toMatch(/^(Patient|ServiceRequest)\./);
  expect((await facet.fhir('get', `/ServiceRequest?subject=Patient/${bare}`)).body.entry).toBeUndefined();
});

test('a physician on the roster is active; a registration is 502 when Junction fails, and the next attempt resumes it', async () => {
  await control('PUT', '/physicians', [{ first_name: 'Ann', last_name: 'Lee', npi: '1666666666' }]);
  const listed = await physician('1666666666');
  expect([listed.status, listed.body.status]).toEqual([201, 'active']);
  await fail({ operation: 'roster', kind: 'error', status: 503 });
  const failed = await physician('1555555555');
  expect([failed.status, failed.body]).toEqual([
    502,
    { error: 'junction_error', message: expect.stringMatching(/^Junction API error: .*repeat the request/) },
  ]);
  const resumed = await physician('1555555555');
  expect([resumed.status, resumed.body.status]).toEqual([201, 'pending']);
  expect((await physician('1555555555')).status).toBe(409);
});
