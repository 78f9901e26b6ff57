// The physician of an order, through the APIs: a registered physician signs Loop's orders, and an account that demands a physician refuses an order without one.
// https://docs.ross.platform.loop.health
import request from 'supertest';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { until } from '../until.ts';
import { orderable, panelFor, registration } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
const NPI = '1600000001';
const OTHER_NPI = '1600000002';

let sandbox: Sandbox;
let facet: Running;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  await facet.close();
  await sandbox.close();
});

const start = async (more: Record<string, string> = {}) => {
  const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId };
  facet = await startFacet({ ...account, ...more });
  await facet.put(orderable(PATIENT));
};
const loop = (path: string, body: object, key = 'k') =>
  request(facet.app)
    .post(path)
    .set({ Authorization: `Bearer ${facet.demo.loop}`, 'idempotency-key': key })
    .send(body);
const order = (key: string) => loop('/v1/lab-orders', { brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos' }, key);
const register = (npi: string, more: object = {}) =>
  loop('/v1/physicians', { ...registration(npi), ...more }, `${npi}${JSON.stringify(more)}`);
const list = (npi: string) => {
  sandbox.state.physicians = [...sandbox.state.physicians, { first_name: 'Ann', last_name: 'Lee', npi }];
};
const signers = () => [...sandbox.state.orders.values()].map(({ sent }) => (sent.physician as { npi: string } | undefined)?.npi);
const tasks = async () =>
  (await facet.fhir('get', '/Task')).body.entry.map(({ resource }: { resource: { input?: { valueReference?: object }[] } }) => resource);

test('the only physician whom the lab network lists in the patient’s state signs, and the Task and the dry run name them', async () => {
  await start();
  list(NPI);
  expect((await register(NPI)).body.status).toBe('active');
  expect((await register(OTHER_NPI)).body.status).toBe('pending');
  expect((await order('one')).status).toBe(201);
  expect(signers()).toEqual([NPI]);
  const found = (await facet.fhir('get', '/Practitioner?registered-state=NY')).body.entry;
  expect(found).toHaveLength(1);
  expect((await tasks())[0].input).toEqual([
    {
      type: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-order-input', code: 'physician' }] },
      valueReference: {
        reference: `Practitioner/${found[0].resource.id}`,
        type: 'Practitioner',
        identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: NPI },
        display: 'Ann Lee',
      },
    },
  ]);
  const dry = await facet.fhir('post', '/ServiceRequest/$validate?mode=create').send(panelFor(PATIENT));
  expect(dry.body.issue).toEqual([
    expect.objectContaining({ severity: 'information', diagnostics: expect.stringContaining(`Ann Lee (NPI ${NPI})`) }),
  ]);
});

test('a physician whom the lab network has accepted signs', async () => {
  await start({ JUNCTION_PHYSICIAN_PATH: '/partner/{team_id}/physicians' });
  expect((await register(NPI)).body).toMatchObject({ status: 'active', junction_physician_id: expect.any(String) });
  expect((await order('one')).status).toBe(201);
  expect(signers()).toEqual([NPI]);
});

test('an account that demands a physician refuses an order without one in every API, stores nothing, and takes it after a registration', async () => {
  await start({ JUNCTION_PHYSICIANS: 'required' });
  expect((await register(NPI, { license_state: 'CA' })).status).toBe(201);
  const refused = await order('one');
  expect([refused.status, refused.body]).toEqual([
    400,
    { error: 'validation_error', message: expect.stringMatching(/physician who is licensed in NY.*none is registered there/) },
  ]);
  expect((await facet.fhir('post', '/ServiceRequest').send(panelFor(PATIENT))).status).toBe(422);
  expect((await facet.fhir('get', '/ServiceRequest?_summary=count')).body.total).toBe(0);
  list(NPI);
  expect((await register(NPI)).body.status).toBe('active');
  expect((await order('two')).status).toBe(201);
  await facet.fhir('post', '/ServiceRequest').send(panelFor(PATIENT)).expect(201);
  expect(
    await until(
      async () => signers(),
      (all) => all.length === 2,
    ),
  ).toEqual([NPI, NPI]);
});

test('a physician whose registration becomes active later, or inactive, signs from then on, or no longer', async () => {
  await start();
  const { id } = (await register(NPI)).body;
  await order('pending');
  const path = `/Practitioner/${id}`;
  const write = async (status: string) => {
    const stored = (await facet.fhir('get', path)).text;
    const word = /("url":"https:\/\/loop.health\/fhir\/StructureDefinition\/registration-status","valueCode":)"\w+"/;
    expect(stored).toMatch(word);
    await facet
      .fhir('put', path)
      .send(stored.replace(word, `$1"${status}"`))
      .expect(200);
  };
  await write('active');
  await order('active');
  await write('inactive');
  await order('inactive');
  expect(signers()).toEqual([undefined, NPI, undefined]);
});
