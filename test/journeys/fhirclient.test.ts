// SMART's JavaScript client (fhirclient), unmodified, over HTTP. https://docs.smarthealthit.org/client-js/
import { type Listening, listen } from './listening.ts';

interface Request<T = Resource> {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  resultType?: T;
}
interface Resource {
  resourceType: string;
  id: string;
  meta: { versionId: string };
  [element: string]: unknown;
}
interface Bundle {
  resourceType: 'Bundle';
  total?: number;
  entry?: { resource?: Resource; response?: { status: string } }[];
}
/** What is used of it; its own types ask for a browser. */
interface SmartClient {
  request<T>(request: string | Request, options?: object): Promise<T>;
  create(resource: object): Promise<Resource>;
  update(resource: object): Promise<Resource>;
  patch(url: string, operations: object[]): Promise<Resource>;
  delete(url: string): Promise<unknown>;
  getFhirVersion(): Promise<string>;
  getFhirRelease(): Promise<number>;
  patient: { read(): Promise<Resource>; request<T>(url: string): Promise<T> };
}

let facet: Listening;
let client: SmartClient;
let ada: Resource;
let FHIR: (request: object, response: object, storage: object) => { client(state: object): SmartClient };
const as = (state: object): SmartClient => FHIR({ headers: { host: 'app.test' }, url: '/' }, {}, {}).client(state);
beforeAll(async () => {
  facet = await listen();
  const name: string = 'fhirclient';
  FHIR = (await import(name)).default;
  const serverUrl = `${facet.url}/fhir/R4`;
  const first = as({ serverUrl, tokenResponse: { access_token: facet.demo.fhir } });
  ada = await first.create({ resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' });
  client = as({ serverUrl, tokenResponse: { access_token: facet.demo.fhir, patient: ada.id } });
});
afterAll(() => facet.close());

test('the client determines the FHIR version without a key', async () => {
  const stranger = as({ serverUrl: `${facet.url}/fhir/R4` });
  expect([await stranger.getFhirVersion(), await stranger.getFhirRelease()]).toEqual(['4.0.1', 4]);
});

test('reads, updates, patches and deletes work', async () => {
  expect(await client.patient.read()).toEqual(ada);
  const updated = await client.update({ ...ada, active: true });
  expect([updated.active, updated.meta.versionId]).toEqual([true, '2']);
  const patched = await client.patch(`Patient/${ada.id}`, [{ op: 'replace', path: '/active', value: false }]);
  expect([patched.active, patched.meta.versionId]).toEqual([false, '3']);
  const doomed = await client.create({ resourceType: 'Patient' });
  await client.delete(`Patient/${doomed.id}`);
  await expect(client.request(`Patient/${doomed.id}`)).rejects.toMatchObject({ statusCode: 410 });
});

test('requests with a patient in context search that patient’s compartment', async () => {
  const subject = { reference: `Patient/${ada.id}` };
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'height' } };
  const [mine] = await Promise.all([client.create({ ...observation, subject }), client.create(observation)]);
  const found = await client.patient.request<Bundle>('Observation');
  expect(found.entry!.map(({ resource }) => resource!.id)).toEqual([mine!.id]);
});

test('all pages of a search are returned as one list with resolved references', async () => {
  const { id } = await client.create({ resourceType: 'Practitioner', name: [{ family: 'Cruz' }] });
  for (let n = 0; n < 7; n++)
    await client.create({ resourceType: 'PractitionerRole', active: true, practitioner: { reference: `Practitioner/${id}` } });
  const url = `PractitionerRole?practitioner=Practitioner/${id}&_count=3`;
  const roles = await client.request<Resource[]>(url, { pageLimit: 0, flat: true, resolveReferences: 'practitioner' });
  expect(roles).toHaveLength(7);
  expect(new Set(roles.map((role) => role.id)).size).toBe(7);
  expect(roles[0]!.practitioner).toMatchObject({ id, name: [{ family: 'Cruz' }] });
});

test('a batch, a search by POST, a conditional read and a conditional update work with their headers', async () => {
  const json = { 'Content-Type': 'application/fhir+json' };
  const entry = [{ request: { method: 'GET', url: `/Patient/${ada.id}` } }, { request: { method: 'GET', url: 'Patient?family=lovelace' } }];
  const body = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry });
  const batch = await client.request<Bundle>({ url: '/', method: 'POST', headers: json, body });
  expect(batch.entry!.map(({ response }) => response!.status)).toEqual([expect.stringMatching(/^200/), expect.stringMatching(/^200/)]);
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const found = await client.request<Bundle>({ url: 'Patient/_search', method: 'POST', headers: form, body: 'family=lovelace' });
  expect(found.entry!.map(({ resource }) => resource!.id)).toEqual([ada.id]);
  const stale = client.request({
    url: `Patient/${ada.id}`,
    method: 'PUT',
    headers: { ...json, 'If-Match': 'W/"1"' },
    body: JSON.stringify(ada),
  });
  await expect(stale).rejects.toMatchObject({ statusCode: 412 });
});

test('an error reaches the app with its reason', async () => {
  await expect(client.request('Patient?colour=blue')).rejects.toThrow(/colour/);
  await expect(client.request('Medication/1')).rejects.toMatchObject({ statusCode: 404 });
});
