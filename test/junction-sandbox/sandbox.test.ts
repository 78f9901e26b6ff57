// The sandbox keeps Junction's promises, the awkward ones too.
import { randomUUID } from 'node:crypto';
import { SAMPLE_ORDER } from '../../scripts/orders/sample-order.ts';
import { SANDBOX_ACCOUNT, SANDBOX_PANELS } from '../../src/junction-sandbox/sandbox-state.ts';
import { until } from '../until.ts';
import { openSandboxFixture, orderOf, type SandboxFixture } from './sandbox-fixture.ts';

let fixture: SandboxFixture;
let user: string;
beforeAll(async () => {
  fixture = await openSandboxFixture();
  user = (await json(await post('/v2/user', { client_user_id: 'one' }))).user_id;
});
afterAll(() => fixture.sandbox.close());

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(fixture.sandbox.url + path, {
    method,
    headers: { 'x-vital-api-key': fixture.sandbox.apiKey, 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
const post = (path: string, body: unknown, headers?: Record<string, string>) => call('POST', path, body, headers);
const json = (response: Response) =>
  response.json() as Promise<{ user_id: string; status: string; detail: unknown; order: { id: string } }>;
const order = (key: string, more: object = {}, headers: object = {}) =>
  post('/v3/order', orderOf(user, { passthrough: key, ...more }), { 'x-idempotency-key': key, ...headers });

test('a wrong key is 401', async () => {
  const response = await post('/v3/order', {}, { 'x-vital-api-key': 'wrong' });
  expect(response.status).toBe(401);
});

test('an order is a 200 with the order as Junction writes it, the passthrough echoed', async () => {
  const key = randomUUID();
  const response = await order(key);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    status: 'SUCCESS',
    order: {
      passthrough: key,
      user_id: user,
      team_id: fixture.sandbox.teamId,
      last_event: { id: 1, status: 'received.walk_in_test.ordered' },
      order_transaction: { status: 'active' },
      patient_address: { country: 'United States' },
    },
  });
});

test('the first reply under a key is repeated, success or failure', async () => {
  const good = randomUUID();
  const first = await (await order(good)).text();
  expect(await (await order(good)).text()).toBe(first);
  const bad = randomUUID();
  expect((await order(bad, { order_set: { lab_test_ids: [randomUUID()] } })).status).toBe(400);
  expect((await order(bad)).status).toBe(400);
  expect([fixture.countOrders(good), fixture.countOrders(bad)]).toEqual([1, 0]);
});

test('a malformed order is 422 with the sent value, and its key stays unused', async () => {
  const key = randomUUID();
  const response = await order(key, { patient_address: { first_line: '1 Main St', city: 'Albany', state: 'NY', zip: 'x', country: 'US' } });
  expect(response.status).toBe(422);
  expect((await json(response)).detail).toEqual([
    { type: 'value_error', loc: ['body', 'patient_address', 'zip'], msg: expect.any(String), input: 'x', ctx: { error: {} } },
  ]);
  expect((await order(key)).status).toBe(200);
});

const LAB_TEST = SAMPLE_ORDER.order_set.lab_test_ids[0]!;
const QUESTION = { labTest: LAB_TEST, markerId: 173, questionId: 1234567890251, text: 'Why?' };
const ANSWER = { marker_id: 173, question_id: 1234567890251, answer: 'LCANS4' };

test.each<[string, object, (string | number)[]]>([
  ['a way of taking the sample', { collection_method: 'by_post' }, ['collection_method']],
  ['a haste', { priority: 'stat' }, ['priority']],
  ['codes', { icd_codes: 'E28.2' }, ['icd_codes']],
  ['a code', { icd_codes: [7] }, ['icd_codes', 0]],
  ['notes', { clinical_notes: 'x'.repeat(1001) }, ['clinical_notes']],
  ['an answer', { aoe_answers: [ANSWER, { ...ANSWER, question_id: '1' }] }, ['aoe_answers', 1, 'question_id']],
  ['an answer that is none', { aoe_answers: [ANSWER, null] }, ['aoe_answers', 1]],
  ['a set of tests', { order_set: 'tsh' }, ['order_set']],
  ['tests', { order_set: { lab_test_ids: LAB_TEST } }, ['order_set', 'lab_test_ids']],
  ['codes of a laboratory', { order_set: { add_on: { provider_ids: '5081' } } }, ['order_set', 'add_on', 'provider_ids']],
  ['a consent', { consents: [{ version: '1.0' }] }, ['consents', 0, 'consentType']],
  ['a word of a consent', { consents: [{ consentType: 'anything' }] }, ['consents', 0, 'consentType']],
  ['a time of a consent', { consents: [{ consentType: 'privacy-policy', timeOfConsent: '2026-11-20' }] }, ['consents', 0, 'timeOfConsent']],
  ['an account', { lab_account_id: '7' }, ['lab_account_id']],
  ['a physician', { physician: { first_name: 'Ann', last_name: 'Lee' } }, ['physician', 'npi']],
  ['a field that Junction does not describe', { sample_type: 'serum' }, ['sample_type']],
  [
    'a field of an address that it does not describe',
    { patient_address: { ...SAMPLE_ORDER.patient_address, county: 'x' } },
    ['patient_address', 'county'],
  ],
])('%s that is not as described is 422, with its place', async (_what, more, place) => {
  const response = await order(randomUUID(), more);
  expect([response.status, ((await json(response)).detail as { loc: unknown }[]).map(({ loc }) => loc)]).toEqual([
    422,
    [['body', ...place]],
  ]);
});

test.each<[string, object]>([
  ['collection_method must be set if add_on is set', { order_set: { add_on: { provider_ids: ['5081'] } } }],
  ['marker_ids or provider_ids must be set in add_on', { order_set: { add_on: {} }, collection_method: 'walk_in_test' }],
  [
    'cannot set both marker_ids and provider_ids in add_on',
    { order_set: { add_on: { marker_ids: [5081], provider_ids: ['5081'] } }, collection_method: 'walk_in_test' },
  ],
  ['Either order_set or lab_test_id is required.', { order_set: { lab_test_ids: null, add_on: null } }],
  ['Marker not found.', { order_set: { add_on: { provider_ids: ['x'] } }, collection_method: 'walk_in_test' }],
  ['collection_method testkit cannot be asked for.', { collection_method: 'testkit' }],
  ['Lab account not found.', { lab_account_id: randomUUID() }],
])('a set of tests that cannot be ordered is 400: %s', async (detail, more) => {
  const response = await order(randomUUID(), more);
  expect([response.status, await json(response)]).toEqual([400, { detail }]);
});

test('an order for a minor needs the parent or guardian, whose data are checked', async () => {
  const patient = { ...SAMPLE_ORDER.patient_details, dob: '2020-01-02' };
  const refused = await order(randomUUID(), { patient_details: patient });
  expect([refused.status, await json(refused)]).toEqual([400, { detail: 'medical_proxy is required if the patient is a minor.' }]);
  const {
    access_notes: _notes,
    receiver_name: _name,
    ...address
  } = { access_notes: '', receiver_name: '', ...SAMPLE_ORDER.patient_address };
  const proxy = { first_name: 'Anne', last_name: 'Lovelace', address, phone_number: '+15184731133' };
  const send = (medical_proxy: object) => order(randomUUID(), { patient_details: { ...patient, medical_proxy } });
  expect((await send(proxy)).status).toBe(200);
  const wrong = await send({ ...proxy, phone_number: '911' });
  expect([wrong.status, (await json(wrong)).detail]).toEqual([
    422,
    [expect.objectContaining({ loc: ['body', 'patient_details', 'medical_proxy', 'phone_number'] })],
  ]);
});

test('a missing answer is refused with the text of the question', async () => {
  await call('PUT', '/sandbox/questions', [QUESTION]);
  const response = await order(randomUUID(), { aoe_answers: [{ ...ANSWER, marker_id: 174 }] });
  expect([response.status, await json(response)]).toEqual([400, { detail: 'Missing required questions - "Why?"' }]);
  expect((await order(randomUUID(), { aoe_answers: [ANSWER] })).status).toBe(200);
  await call('PUT', '/sandbox/questions', []);
});

test('an order shows its options and has the statuses of its collection method', async () => {
  const body = {
    collection_method: 'at_home_phlebotomy',
    order_set: { lab_test_ids: [LAB_TEST], add_on: { provider_ids: ['5081'] } },
    clinical_notes: 'fasting',
    icd_codes: ['E28.2'],
    priority: true,
    lab_account_id: SANDBOX_ACCOUNT,
  };
  const { order: created } = await json(await order(randomUUID(), body));
  expect(created).toMatchObject({
    clinical_notes: 'fasting',
    icd_codes: ['E28.2'],
    priority: true,
    details: { type: 'at_home_phlebotomy' },
    lab_test: { id: LAB_TEST, method: 'at_home_phlebotomy' },
    last_event: { status: 'received.at_home_phlebotomy.ordered' },
  });
  const statuses = [];
  for (let n = 0; n < 5; n++) statuses.push((await json(await post(`/sandbox/orders/${created.id}/step`, {}))).status);
  expect(statuses.slice(2)).toEqual([
    'collecting_sample.at_home_phlebotomy.draw_completed',
    'sample_with_lab.at_home_phlebotomy.partial_results',
    'completed.at_home_phlebotomy.completed',
  ]);
  const { results } = (await (await call('GET', `/v3/order/${created.id}/result`)).json()) as { results: { provider_id: string }[] };
  expect(results.map(({ provider_id }) => provider_id)).toContain('5081');
});

test('after a forgotten failure the same key creates a second order', async () => {
  const key = randomUUID();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', when: 'after', forgotten: true });
  expect([(await order(key)).status, (await order(key)).status]).toEqual([500, 200]);
  expect(fixture.countOrders(key)).toBe(2);
});

test('a key in progress is 409, and can be used afterwards', async () => {
  const key = randomUUID();
  fixture.addFaults({ operation: 'createOrder', kind: 'slow', seconds: 2 });
  const before = fixture.countRequests('createOrder');
  const slow = order(key);
  await until(() => fixture.countRequests('createOrder') > before);
  expect((await order(key)).status).toBe(409);
  expect((await slow).status).toBe(200);
  expect((await order(key)).status).toBe(200);
  expect(fixture.countOrders(key)).toBe(1);
});

test('a key is forgotten after a day', async () => {
  const key = randomUUID();
  await order(key);
  await post('/sandbox/clock', { seconds: 23 * 3600 });
  await order(key);
  expect(fixture.countOrders(key)).toBe(1);
  await post('/sandbox/clock', { seconds: 2 * 3600 });
  await order(key);
  expect(fixture.countOrders(key)).toBe(2);
});

test('steps move an order through its statuses', async () => {
  const { order: created } = await json(await order(randomUUID()));
  const statuses = [];
  for (let n = 0; n < 4; n++) statuses.push((await json(await post(`/sandbox/orders/${created.id}/step`, {}))).status);
  expect(statuses.at(-1)).toBe('completed.walk_in_test.completed');
  expect((await post(`/sandbox/orders/${created.id}/step`, {})).status).toBe(400);
  const visible = await (await call('GET', `/v3/order/${created.id}`)).json();
  expect(visible).toMatchObject({ order_transaction: { status: 'completed' }, events: { length: 5 } });
  expect((await post(`/v3/order/${created.id}/cancel`, {})).status).toBe(400);
});

test('steps by name lead to the status of the collection method, and only those that are possible now', async () => {
  const { order: created } = await json(await order(randomUUID(), { collection_method: 'on_site_collection' }));
  const visible = async () => (await (await call('GET', `/sandbox/orders/${created.id}`)).json()) as { steps: string[] };
  expect((await visible()).steps).toEqual(['receive', 'partial', 'final', 'fail']);
  const step = async (name: string) => (await json(await post(`/sandbox/orders/${created.id}/step`, { step: name }))).status;
  expect([await step('partial'), (await visible()).steps]).toEqual([
    'sample_with_lab.on_site_collection.partial_results',
    ['final', 'fail'],
  ]);
  expect((await post(`/sandbox/orders/${created.id}/step`, { step: 'receive' })).status).toBe(400);
  expect([await step('final'), (await visible()).steps]).toEqual(['completed.on_site_collection.completed', ['corrected']]);
});

test('/sandbox lists orders, sets the roster and adds faults; an unknown fault is 400', async () => {
  const key = randomUUID();
  await order(key);
  expect(await (await call('GET', `/sandbox/orders?passthrough=${key}`)).json()).toMatchObject({
    total: 1,
    orders: [{ passthrough: key }],
  });
  const roster = [{ first_name: 'Ann', last_name: 'Lee', npi: '1999999984' }];
  await call('PUT', '/sandbox/physicians', roster);
  expect(await (await call('GET', `/v2/team/${fixture.sandbox.teamId}/physicians`)).json()).toEqual(roster);
  await post('/sandbox/faults', { operation: 'roster', kind: 'error', status: 503, retryAfter: 3 });
  const busy = await call('GET', `/v2/team/${fixture.sandbox.teamId}/physicians`);
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '3']);
  expect((await post('/sandbox/faults', { kind: 'earthquake' })).status).toBe(400);
});

describe('the sandbox’s own API', () => {
  const toError = async (response: Response) => [response.status, (await json(response)).detail];
  const createOrder = async () => (await json(await order(randomUUID()))).order.id;
  const step = (id: string, body: unknown = {}) => post(`/sandbox/orders/${id}/step`, body);

  test.each<[string, string, unknown, string]>([
    ['POST', '/sandbox/clock', { second: 5 }, 'Unknown field second (did you mean seconds?); there is seconds.'],
    ['POST', '/sandbox/faults', { kind: 'error', time: 3 }, 'Unknown field time (did you mean times?); there are operation, kind, when, '],
    ['POST', '/sandbox/webhooks/faults', { kind: 'drop', for: 3 }, 'Unknown field for; there are kind, seconds, times.'],
    ['PUT', '/sandbox/webhooks', { uri: null }, 'Unknown field uri (did you mean url?); there are url, automatic, clock.'],
    ['PUT', '/sandbox/physicians', [{ firstName: 'Ann' }], 'Unknown field firstName'],
    ['PUT', '/sandbox/questions', [{ ...QUESTION, labtest: 'x' }], 'Unknown field labtest (did you mean labTest?)'],
    ['POST', '/sandbox/lists', [3], 'Unknown field 0; there is seconds.'],
  ])('%s %s refuses unknown fields: %j', async (method, path, body, says) => {
    expect(await toError(await call(method, path, body))).toEqual([400, expect.stringContaining(says)]);
  });

  test('the old names of webhook faults work for one more release, and the response to the old path has a warning', async () => {
    const added = await post('/sandbox/webhooks/mishaps', { kind: 'drop' });
    expect([added.status, added.headers.get('warning')]).toEqual([200, expect.stringMatching(/mishaps is deprecated.*use .*faults/)]);
    expect(await (await call('GET', '/sandbox/webhooks')).json()).toMatchObject({
      faults: [{ kind: 'drop' }],
      mishaps: [{ kind: 'drop' }],
    });
    await call('PUT', '/sandbox/webhooks', { url: 'http://127.0.0.1:9/', automatic: false });
    await createOrder();
    await call('PUT', '/sandbox/webhooks', { url: null });
    const { messages } = (await (await call('GET', '/sandbox/webhooks')).json()) as { messages: object[] };
    expect(messages.at(-1)).toMatchObject({ fault: { kind: 'drop' }, mishap: { kind: 'drop' } });
    await post('/sandbox/webhooks/faults', { kind: 'drop' });
    const removed = await call('DELETE', '/sandbox/webhooks/mishaps');
    expect([removed.status, removed.headers.has('warning')]).toEqual([200, true]);
    expect(fixture.sandbox.state.webhooks.faults).toEqual([]);
  });

  test('a step with an unknown field changes nothing', async () => {
    const id = await createOrder();
    expect(await toError(await step(id, { statuss: 'x' }))).toEqual([
      400,
      'Unknown field statuss (did you mean status?); there are step, status, interpretation, missing, results, noDocument, detail, passthrough, silent.',
    ]);
    expect(await toError(await step(id, { status: 7 }))).toEqual([400, 'status must be a text.']);
    expect(await (await call('GET', `/sandbox/orders/${id}`)).json()).toMatchObject({ status: 'received.walk_in_test.ordered' });
  });

  test.each(['completed.walk_in_test.completed', 'completed.walk_in_test.corrected', 'cancelled.walk_in_test.cancelled', 'elsewhere'])(
    '%s has no next status: a step needs one',
    async (status) => {
      const id = await createOrder();
      await step(id, { status });
      expect(await toError(await step(id))).toEqual([
        400,
        `${status} has no next status: send a status, such as {"status":"completed.walk_in_test.corrected"}.`,
      ]);
      expect((await json(await step(id, { status: 'completed.walk_in_test.corrected' }))).status).toBe('completed.walk_in_test.corrected');
    },
  );

  test('after a redraw the next status belongs to the order that replaces it', async () => {
    const id = await createOrder();
    await step(id, { status: 'collecting_sample.walk_in_test.redraw_available' });
    const [next] = [...fixture.sandbox.state.orders.values()].filter(({ parentId }) => parentId === id);
    expect(await toError(await step(id))).toEqual([
      400,
      `collecting_sample.walk_in_test.redraw_available has no next status: the order that replaces it is ${next!.id}.`,
    ]);
    expect((await json(await step(next!.id))).status).toBe('received.walk_in_test.requisition_created');
  });

  test('the account lists the lab tests that can be ordered', async () => {
    expect(await (await call('GET', '/sandbox/account')).json()).toMatchObject({ panels: { pcos: SANDBOX_PANELS.pcos } });
  });
});
