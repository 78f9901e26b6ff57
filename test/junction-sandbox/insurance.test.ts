// The sandbox's insurances of users, and orders that are billed to them. https://docs.junction.com/lab/overview/insurance
import { randomUUID } from 'node:crypto';
import { SAMPLE_ORDER } from '../../scripts/orders/sample-order.ts';
import { openSandboxFixture, orderOf, type SandboxFixture } from './sandbox-fixture.ts';

let fixture: SandboxFixture;
let user: string;
beforeAll(async () => {
  fixture = await openSandboxFixture();
});
beforeEach(async () => {
  user = (await call('POST', '/v2/user', { client_user_id: randomUUID() })).body.user_id as string;
});
afterAll(() => fixture.sandbox.close());

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(fixture.sandbox.url + path, {
    method,
    headers: { 'x-vital-api-key': fixture.sandbox.apiKey, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const ADDRESS = SAMPLE_ORDER.patient_address;
const PERSON = SAMPLE_ORDER.patient_details;
const INSURANCE = { payor_code: 'UNITE', member_id: 'M1', relationship: 'Self', insured: { ...PERSON, address: ADDRESS } };
const GUARANTOR = { first_name: 'Anne', last_name: 'Byron', address: ADDRESS, phone_number: '+15184731123' };
const setInfo = (more: object = {}) => call('PATCH', `/v2/user/${user}/info`, { ...PERSON, address: ADDRESS, ...more });
const insure = (more: object = {}) => call('POST', `/v2/user/${user}/insurance`, { ...INSURANCE, ...more });
const latest = (query = '') => call('GET', `/v2/user/${user}/insurance/latest${query}`);
const INSURED = { billing_type: 'commercial_insurance', icd_codes: ['E28.2'] };
const order = (more: object = INSURED) => call('POST', '/v3/order', orderOf(user, more));

test('a user with demographics gets an insurance; each call makes a new record, and the newest primary one is the latest', async () => {
  expect((await insure()).status).toBe(400);
  expect((await latest()).status).toBe(404);
  expect((await setInfo()).status).toBe(200);
  expect(await insure()).toMatchObject({ status: 200, body: { member_id: 'M1', company: { name: 'Payor UNITE' }, is_primary: true } });
  await insure({ member_id: 'M2' });
  await insure({ member_id: 'M3', is_primary: false });
  expect((await latest()).body).toMatchObject({ member_id: 'M2', group_id: null });
  expect((await latest('?is_primary=false')).body).toMatchObject({ member_id: 'M3' });
  expect(fixture.sandbox.state.insurances.get(user)).toHaveLength(3);
});

test('an insurance whose policy is another person’s needs a guarantor', async () => {
  await setInfo();
  expect((await insure({ relationship: 'Spouse' })).status).toBe(400);
  expect((await insure({ relationship: 'Spouse', guarantor: GUARANTOR })).status).toBe(200);
});

test.each<[string, object]>([
  ['another relationship', { relationship: 'Child' }],
  ['no member', { member_id: undefined }],
  ['a field that is not described', { plan: 'gold' }],
  ['an address without a country', { insured: { ...PERSON, address: { ...ADDRESS, country: undefined } } }],
  ['a name that laboratories do not take', { insured: { ...INSURANCE.insured, first_name: 'Ada=' } }],
  ['a telephone number that does not exist', { guarantor: { ...GUARANTOR, phone_number: '+15555550100' } }],
])('an insurance is refused for %s', async (_what, more) => {
  await setInfo();
  expect((await insure(more)).status).toBe(422);
});

test('demographics are checked', async () => {
  expect((await setInfo({ dob: undefined })).status).toBe(422);
  expect((await setInfo({ last_name: 'x'.repeat(51) })).status).toBe(422);
});

test('an order is billed to the newest primary insurance, and needs one, and a diagnosis', async () => {
  await setInfo();
  expect((await order()).status).toBe(400);
  await insure();
  expect((await order({ ...INSURED, icd_codes: [] })).status).toBe(400);
  expect((await order()).status).toBe(200);
  await insure({ member_id: 'M2' });
  const { body } = await order();
  const records = fixture.sandbox.state.insurances.get(user)!;
  expect(body.order).toMatchObject({ billing_type: 'commercial_insurance', health_insurance_id: records[1]!.id });
  expect((await order({})).body.order).toMatchObject({ billing_type: 'client_bill', health_insurance_id: null });
});

test('a user who does not exist has neither demographics nor an insurance', async () => {
  user = randomUUID();
  expect([(await setInfo()).status, (await insure()).status, (await latest()).status]).toEqual([404, 404, 404]);
});
