// SMART's JavaScript client (fhirclient), unmodified, over HTTP. https://docs.smarthealthit.org/client-js/
import { type Listening, listen } from '../listening.ts';
import {
  type Bundle,
  buildBundle,
  type ClientUnderTest,
  collectPages,
  findLink,
  listResources,
  listVersions,
  type NewResource,
  type Outcome,
  type Resource,
} from './client-under-test.ts';
import { testJourney } from './journey.ts';

interface SmartRequest {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}
/** What is used of it; its own types ask for a browser. */
interface SmartClient {
  request<T>(request: string | SmartRequest, options?: object): Promise<T>;
  create(resource: object): Promise<Resource>;
  update(resource: object, options?: { headers: Record<string, string> }): Promise<Resource>;
  patch(url: string, operations: object[]): Promise<Resource>;
  delete(url: string): Promise<unknown>;
  getFhirVersion(): Promise<string>;
  getFhirRelease(): Promise<number>;
  patient: { read(): Promise<Resource>; request<T>(url: string): Promise<T> };
}

const name: string = 'fhirclient';
const FHIR: (request: object, response: object, storage: object) => { client(state: object): SmartClient } = (await import(name)).default;
/** The app's sessions: there are none. */
const storage = { get: async () => undefined, set: async (_key: string, value: unknown) => value, unset: async () => false };
const connectSmart = (state: object): SmartClient => FHIR({ headers: { host: 'app.test' }, url: '/' }, {}, storage).client(state);

let facet: Listening;
let client: SmartClient;
let ada: Resource;
beforeAll(async () => {
  facet = await listen();
  const serverUrl = `${facet.url}/fhir/R4`;
  const first = connectSmart({ serverUrl, tokenResponse: { access_token: facet.demo.fhir } });
  ada = await first.create({ resourceType: 'Patient', name: [{ family: 'King', given: ['Ada'] }], birthDate: '1985-12-10' });
  client = connectSmart({ serverUrl, tokenResponse: { access_token: facet.demo.fhir, patient: ada.id } });
});
afterAll(() => facet.close());

const JSON_BODY = { 'Content-Type': 'application/fhir+json' };
const XML = 'application/fhir+xml';

function connect(serverUrl: string, key: string): ClientUnderTest {
  const smart = connectSmart({ serverUrl, tokenResponse: { access_token: key } });
  const query = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString();
  const send = <T = Resource>(method: string, url: string, resource: NewResource, headers: Record<string, string> = {}): Promise<T> =>
    smart.request<T>({ url, method, headers: { ...JSON_BODY, ...headers }, body: JSON.stringify(resource) });
  const readNext = async (page: Bundle): Promise<Bundle | undefined> => {
    const next = findLink(page, 'next');
    return next === undefined ? undefined : smart.request<Bundle>(next);
  };
  return {
    create: (resource) => smart.create(resource),
    read: (type, id) => smart.request(`${type}/${id}`),
    update: (resource) => smart.update(resource),
    delete: (type, id) => smart.delete(`${type}/${id}`),
    search: (type, parameters) => smart.request(`${type}?${query(parameters)}`),
    readRefusal(error) {
      // the message is the status, the URL and the body; to that of a 401 the client adds advice
      const { message } = error as Error;
      const outcome = JSON.parse(message.slice(message.indexOf('{'), message.lastIndexOf('}') + 1)) as Outcome;
      return { status: Number(message.slice(0, 3)), code: outcome.issue[0]!.code };
    },
    metadata: () => smart.request('metadata'),
    vread: (type, id, version) => smart.request(`${type}/${id}/_history/${version}`),
    updateIfUnchanged: (resource) => smart.update(resource, { headers: { 'If-Match': `W/"${resource.meta.versionId}"` } }),
    createOnce: (resource, criteria) => send('POST', resource.resourceType, resource, { 'If-None-Exist': query(criteria) }),
    updateMatching: (resource, criteria) => send('PUT', `${resource.resourceType}?${query(criteria)}`, resource),
    patch: (type, id, operations) => smart.patch(`${type}/${id}`, operations),
    async searchPages(type, parameters) {
      const pages: Resource[][] = [];
      await smart.request(`${type}?${query(parameters)}`, { pageLimit: 0, onPage: (page: Bundle) => void pages.push(listResources(page)) });
      return pages;
    },
    history: (type, id) => smart.request(`${type}/${id}/_history`),
    historyPages: async (type, id, count) =>
      (await collectPages(await smart.request<Bundle>(`${type}/${id}/_history?_count=${count}`), readNext)).map(listVersions),
    transaction: (entries) => send<Bundle>('POST', '/', buildBundle('transaction', entries)),
    batch: (entries) => send<Bundle>('POST', '/', buildBundle('batch', entries)),
    validate: (resource) => send<Outcome>('POST', `${resource.resourceType}/$validate`, resource),
    createInXml: (url, body) => smart.request({ url, method: 'POST', headers: { 'Content-Type': XML }, body }),
    // a response that is neither JSON nor text is returned as a Response
    readInXml: async (type, id) => (await smart.request<Response>({ url: `${type}/${id}`, headers: { accept: XML } })).text(),
  };
}

testJourney(connect, () => facet);

test('the client determines the FHIR version without a key', async () => {
  const stranger = connectSmart({ serverUrl: `${facet.url}/fhir/R4` });
  expect([await stranger.getFhirVersion(), await stranger.getFhirRelease()]).toEqual(['4.0.1', 4]);
});

test('the patient in context is read, and requests search that patient’s compartment', async () => {
  expect(await client.patient.read()).toEqual(ada);
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

test('a search by POST works', async () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const found = await client.request<Bundle>({ url: 'Patient/_search', method: 'POST', headers, body: 'family=king' });
  expect(listResources(found)).toEqual([ada]);
});

test('an error reaches the app with its reason', async () => {
  await expect(client.request('Patient?colour=blue')).rejects.toThrow(/colour/);
  await expect(client.request('Parameters/1')).rejects.toMatchObject({ statusCode: 404 });
});
