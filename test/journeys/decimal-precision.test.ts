// Digits of decimals stay as written, through every API and every later change. https://hl7.org/fhir/R4/json.html#decimal ("the precision of decimals is
// significant")
import request from 'supertest';
import { until } from '../until.ts';
import { orderable, panelFor, registration } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const call = (method: 'get' | 'post' | 'put' | 'delete', surface: string, path: string) =>
  request(facet.app)[method](path).set('x-api-key', facet.demo[surface]!);
const get = (path: string) => call('get', 'fhir', `/fhir/R4${path}`);
const send = (method: 'post' | 'put', path: string, text: string) =>
  call(method, 'fhir', `/fhir/R4${path}`).set('Content-Type', 'application/fhir+json').send(text);

/** What a number printed by a program of another language may look like; JavaScript would print each of them otherwise, or lose digits. */
const SPELLINGS = [
  '1.00',
  '0.10',
  '-0.0',
  '1e-3',
  '1E+3',
  '1.5E5',
  '1e21',
  '0.00000001',
  '12345678901234567890.5',
  '0.1000000000000000055511151231257827',
];

/** Each spelling at every depth: in a choice, in lists of components, and under an extension. */
const observation = (numbers: string[], more = '') =>
  `{"resourceType":"Observation",${more}"status":"final","code":{"text":"x"},"valueQuantity":{"value":${numbers[0]}},"component":[${numbers
    .map((n) => `{"code":{"text":"${n}"},"valueQuantity":{"value":${n}},"extension":[{"url":"urn:n","valueDecimal":${n}}]}`)
    .join(',')}]}`;
/** Every number of a text, as it is spelled. */
const numbersIn = (text: string) => [...text.matchAll(/"value(?:Decimal)?":(-?[\d.eE+-]+)/g)].map(([, number]) => number);

test('digits stay through create, read, vread, search and history', async () => {
  const text = observation(SPELLINGS);
  const created = await send('post', '/Observation', text);
  expect(created.status).toBe(201);
  const { id } = created.body;
  for (const path of [`/${id}`, `/${id}/_history/1`, `?_id=${id}`, `/${id}/_history`]) {
    const response = await get(`/Observation${path}`);
    expect([path, response.status, numbersIn(response.text)]).toEqual([path, 200, numbersIn(text)]);
  }
  expect(numbersIn(created.text)).toEqual(numbersIn(text));
});

test('an update with other digits is a new version, and each version keeps its digits', async () => {
  const [before, after] = [observation(['1.0'], '"id":"digits",'), observation(['1.00'], '"id":"digits",')];
  expect((await send('put', '/Observation/digits', before)).status).toBe(201);
  const updated = await send('put', '/Observation/digits', after);
  expect([updated.body.meta.versionId, numbersIn(updated.text)]).toEqual(['2', numbersIn(after)]);
  expect(numbersIn((await get('/Observation/digits/_history/1')).text)).toEqual(numbersIn(before));
  const same = await send('put', '/Observation/digits', after);
  expect(same.body.meta.versionId).toBe('2');
});

test('digits of a practitioner stay when a vendor adds registrations', async () => {
  const npi = '1555555551';
  const extensions = SPELLINGS.map((n) => `{"url":"urn:n","valueDecimal":${n}}`).join(',');
  const text = `{"resourceType":"Practitioner","id":"years","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"${npi}"}],"extension":[${extensions}]}`;
  expect((await send('put', '/Practitioner/years', text)).status).toBe(201);
  for (const license_state of ['NY', 'CA']) {
    expect((await call('post', 'loop', '/v1/physicians').send({ ...registration(npi), license_state })).status).toBe(201);
  }
  const stored = await get('/Practitioner/years');
  expect(stored.body.qualification).toHaveLength(2);
  expect(numbersIn(stored.text)).toEqual(SPELLINGS);
});

test('digits of a practitioner stay in the version that the removal of a role creates', async () => {
  const id = '0190b3c2-0000-7000-8000-0000000000d1';
  await send(
    'put',
    `/Practitioner/${id}`,
    `{"resourceType":"Practitioner","id":"${id}","extension":[{"url":"urn:n","valueDecimal":1.00}]}`,
  );
  const created = await call('post', 'clinik', '/v1/practitioner-roles').send({ practitionerId: id, role: 'nurse' });
  expect(created.status).toBe(201);
  const [{ resource: role }] = (await get(`/PractitionerRole?practitioner=Practitioner/${id}`)).body.entry;
  expect((await call('delete', 'fhir', `/fhir/R4/PractitionerRole/${role.id}`)).status).toBe(204);
  const practitioner = await get(`/Practitioner/${id}`);
  expect(practitioner.body.meta.versionId).toBe('2');
  expect(numbersIn(practitioner.text)).toEqual(['1.00']);
});

test('digits of a vendor’s metadata stay in responses, lists, and after a change through FHIR', async () => {
  const metadata = `{"dose":1.00,"list":[${SPELLINGS.join(',')}],"text":"1.00"}`;
  const text = `{"brand_id":"digits","first_name":"Ada","last_name":"Lovelace","metadata":${metadata}}`;
  const created = await call('post', 'loop', '/v1/patients').set('Content-Type', 'application/json').send(text);
  expect([created.status, created.text.includes(metadata)]).toEqual([201, true]);
  const path = `/Patient/${created.body.id}`;
  const { body } = await get(path);
  expect((await send('put', path, JSON.stringify({ ...body, gender: 'female' }))).status).toBe(200);
  for (const shownText of [`/v1/patients/${created.body.id}`, '/v1/patients?brand_id=digits']) {
    expect((await call('get', 'loop', shownText)).text).toContain(`"metadata":${metadata}`);
  }
});

test('digits of an order stay when its outcome is written', async () => {
  const patient = '0190b3c2-0000-7000-8000-0000000000d2';
  const ada = orderable(patient);
  await send('put', `/Patient/${patient}`, JSON.stringify(ada));
  const text = JSON.stringify(panelFor(patient)).replace('{', '{"quantityQuantity":{"value":1.00},');
  const created = await send('post', '/ServiceRequest', text);
  expect([created.status, numbersIn(created.text)]).toEqual([201, ['1.00']]);
  const sent = await until(
    () => get(`/ServiceRequest/${created.body.id}`),
    ({ body }) => body.identifier,
  );
  expect(sent.body.identifier).toHaveLength(1);
  expect(numbersIn(sent.text)).toEqual(['1.00']);
});

test('a number outside the computable range is stored unchanged or refused, without a server error', async () => {
  for (const number of ['1e400', '-1e400', '1e-400', `1${'0'.repeat(400)}`, `0.${'1'.repeat(400)}`]) {
    const created = await send('post', '/Observation', observation([number]));
    expect([number.slice(0, 8), created.status === 201 || created.status === 400]).toEqual([number.slice(0, 8), true]);
    if (created.status === 201) expect(numbersIn(created.text)).toEqual([number, number, number]);
  }
});
