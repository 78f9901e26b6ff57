// Registration of a physician when several Practitioners have the NPI, or one had it before. docs/decisions/0022-physician-registrations.md
import request from 'supertest';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { type Gate, gateTo } from './gate.ts';
import { registration } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

const EXISTS = { error: 'conflict', message: 'Physician already exists for this NPI / state' };
const NPI = 'http://hl7.org/fhir/sid/us-npi';

let sandbox: Sandbox;
let gate: Gate;
let facet: Running;
beforeAll(async () => {
  sandbox = await startSandbox();
  gate = await gateTo(sandbox.url);
  facet = await startFacet({ JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: gate.url, JUNCTION_TEAM_ID: sandbox.teamId });
});
afterAll(async () => {
  await facet.close();
  await gate.close();
  await sandbox.close();
});

let numbers = 1_500_000_000;
const physician = () => registration(String(numbers++));

/** Sent at once, whether somebody waits for the answer or not. */
const post = async (body: object, key?: string) => {
  const call = request(facet.app).post('/v1/physicians').set('Authorization', `Bearer ${facet.demo.loop}`);
  return await (key === undefined ? call : call.set('idempotency-key', key)).send(body);
};
const get = (id: string) => request(facet.app).get(`/v1/physicians/${id}`).set('Authorization', `Bearer ${facet.demo.loop}`);
const provider = async (npi: string, brand_id: string): Promise<string> => {
  const sent = request(facet.app).post('/v1/providers').set('Authorization', `Bearer ${facet.demo.loop}`);
  return (await sent.send({ brand_id, name: 'Ann Lee', npi })).body.id;
};
const states = async (id: string): Promise<string[]> =>
  (((await facet.fhir('get', `/Practitioner/${id}`)).body.qualification ?? []) as object[])
    .flatMap((qualification) => JSON.stringify(qualification).match(/"code":"(..)"/)?.[1] ?? [])
    .sort();

test('of two Practitioners with one NPI the older one gets all registrations', async () => {
  const body = physician();
  const first = await provider(body.npi, 'loop');
  const second = await provider(body.npi, 'loopbio');
  const responses = await Promise.all(['NY', 'CA', 'NJ', 'TX'].map((license_state) => post({ ...body, license_state })));
  expect(responses.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect([await states(first), await states(second)]).toEqual([['CA', 'NJ', 'NY', 'TX'], []]);
  expect((await post(body)).body).toEqual(EXISTS);
  for (const { body: created } of responses) expect((await get(created.id)).body).toEqual(created);
});

test('the Practitioner with a registration gets the next one, even if another is older; a failed registration is resumed there', async () => {
  const body = physician();
  const old = (await facet.put({ resourceType: 'Practitioner', id: `older-${body.npi}` })).body;
  const registered = (await post(body)).body.id;
  const identifier = [{ system: NPI, value: body.npi }];
  expect((await facet.put({ ...old, identifier })).status).toBe(200);
  gate.shut = true;
  const sent = post({ ...body, license_state: 'CA' }, 'goes-on');
  (await gate.next()).turn();
  expect((await sent).status).toBe(502);
  gate.shut = false;
  expect((await post({ ...body, license_state: 'CA' }, 'goes-on')).status).toBe(201);
  expect([await states(registered), await states(old.id)]).toEqual([['CA', 'NY'], []]);
});

test('of two Practitioners with registrations each keeps its own, and the older one gets new ones', async () => {
  const body = physician();
  const older = (await post(body)).body.id;
  await post({ ...body, license_state: 'CA' });
  const both = (await facet.fhir('get', `/Practitioner/${older}`)).body;
  const within = (state: string) =>
    both.qualification.filter((qualification: object) => JSON.stringify(qualification).includes(`"${state}"`));
  const newer = `newer-${body.npi}`;
  await facet.put({ ...both, qualification: within('NY') });
  await facet.put({ ...both, id: newer, qualification: within('CA') });
  for (const license_state of ['NY', 'CA']) expect((await post({ ...body, license_state })).body).toEqual(EXISTS);
  expect((await post({ ...body, license_state: 'NJ' })).status).toBe(201);
  expect([await states(older), await states(newer)]).toEqual([['NJ', 'NY'], ['CA']]);
});

test('a Practitioner whose NPI was removed gets no registration', async () => {
  const body = physician();
  const identifier = [{ use: 'old', system: NPI, value: body.npi }];
  const former = { resourceType: 'Practitioner', id: `former-${body.npi}`, identifier, name: [{ text: 'Somebody Else' }] };
  await facet.put(former);
  const created = await post(body);
  expect([created.status, created.body.name, created.body.npi]).toEqual([201, body.name, body.npi]);
  expect((await facet.fhir('get', `/Practitioner/${former.id}`)).body).toMatchObject(former);
  expect(await states(former.id)).toEqual([]);
  expect(await states(created.body.id)).toEqual(['NY']);
});
