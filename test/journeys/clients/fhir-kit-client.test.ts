// fhir-kit-client, unmodified, over HTTP: its capability tool, its paging, and its resolver of references. https://github.com/Vermonster/fhir-kit-client
import { CapabilityTool, Client } from 'fhir-kit-client';
import { type Listening, listen } from '../listening.ts';
import {
  type Bundle,
  buildBundle,
  type ClientUnderTest,
  collectPages,
  listResources,
  listVersions,
  type NewResource,
  type Outcome,
  type Resource,
} from './client-under-test.ts';
import { testJourney } from './journey.ts';

let facet: Listening;
let client: Client;
beforeAll(async () => {
  facet = await listen();
  client = new Client({ baseUrl: `${facet.url}/fhir/R4`, bearerToken: facet.demo.fhir! });
});
afterAll(() => facet.close());

// the assertion: the client types each answer as some resource
const toReturned = async <T = Resource>(answer: Promise<unknown>): Promise<T> => (await answer) as T;
const readNextWith =
  (kit: Client) =>
  async (bundle: Bundle): Promise<Bundle | undefined> =>
    toReturned<Bundle | undefined>(Promise.resolve(kit.nextPage({ bundle: bundle as never })));

function connect(baseUrl: string, bearerToken: string): ClientUnderTest {
  const kit = new Client({ baseUrl, bearerToken });
  const readNext = readNextWith(kit);
  const create = (body: NewResource, headers: Record<string, string> = {}) =>
    toReturned(kit.create({ resourceType: body.resourceType, body, options: { headers } }));
  const update = (body: Resource, headers: Record<string, string> = {}) =>
    toReturned(kit.update({ resourceType: body.resourceType, id: body.id, body, options: { headers } }));
  const search: ClientUnderTest['search'] = (resourceType, searchParams) => toReturned<Bundle>(kit.search({ resourceType, searchParams }));
  return {
    create,
    read: (resourceType, id) => toReturned(kit.read({ resourceType, id })),
    update,
    delete: (resourceType, id) => kit.delete({ resourceType, id }),
    search,
    readRefusal(error) {
      const { response } = error as { response: { status: number; data: Outcome } };
      return { status: response.status, code: response.data.issue[0]!.code };
    },
    metadata: () => kit.capabilityStatement(),
    vread: (resourceType, id, version) => toReturned(kit.vread({ resourceType, id, version })),
    updateIfUnchanged: (body) => update(body, { 'If-Match': `W/"${body.meta.versionId}"` }),
    createOnce: (body, criteria) => create(body, { 'If-None-Exist': new URLSearchParams(criteria).toString() }),
    updateMatching: (body, searchParams) => toReturned(kit.update({ resourceType: body.resourceType, searchParams, body })),
    patch: (resourceType, id, jsonPatch) => toReturned(kit.patch({ resourceType, id, jsonPatch })),
    searchPages: async (type, parameters) => (await collectPages(await search(type, parameters), readNext)).map(listResources),
    history: (resourceType, id) => toReturned<Bundle>(kit.history({ resourceType, id })),
    historyPages: async (resourceType, id, count) => {
      const first = await toReturned<Bundle>(kit.request(`${resourceType}/${id}/_history?_count=${count}`));
      return (await collectPages(first, readNext)).map(listVersions);
    },
    transaction: (entries) => toReturned<Bundle>(kit.transaction({ body: buildBundle('transaction', entries) as never })),
    batch: (entries) => toReturned<Bundle>(kit.batch({ body: buildBundle('batch', entries) as never })),
    validate: (input) => toReturned<Outcome>(kit.operation({ name: 'validate', resourceType: input.resourceType, input })),
    createInXml: (resourceType, xml) =>
      // the assertion: the client sends a text as it is
      kit.create({ resourceType, body: xml as never, options: { headers: { 'Content-Type': 'application/fhir+xml' } } }),
    // it parses every response as JSON
    readInXml: undefined,
  };
}

testJourney(connect, () => facet);

const ada = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }] };
const create = (body: NewResource) => toReturned(client.create({ resourceType: body.resourceType, body }));

test('the capability tool finds what the server supports', async () => {
  const statement = await new Client({ baseUrl: client.baseUrl }).capabilityStatement();
  const capabilities = new CapabilityTool(statement);
  for (const code of ['create', 'read', 'vread', 'update', 'delete', 'history-instance', 'search-type'])
    expect([code, capabilities.resourceCan('ServiceRequest', code)]).toEqual([code, true]);
  expect(capabilities.resourceCan('Parameters', 'read')).toBe(false);
  expect(capabilities.resourceSearch('Patient', 'birthdate')).toBe(true);
  expect((statement.implementation as { url: string }).url).toBe(client.baseUrl);
});

test('the statuses of a create, an update, a deletion and a repeated conditional create', async () => {
  const statusOf = (resource: object) => Client.httpFor(resource as never).response?.status;
  const body = { ...ada, identifier: [{ system: 'urn:mrn', value: '7' }] };
  const once = () => client.create({ resourceType: 'Patient', body, options: { headers: { 'If-None-Exist': 'identifier=urn:mrn|7' } } });
  const [created, again] = [await toReturned(once()), await once()];
  const named = { resourceType: 'Patient', id: created.id };
  const updated = await client.update({ ...named, body: { ...created, active: true } });
  const byUpdate = await client.update({ resourceType: 'Patient', id: 'named', body: { ...ada, id: 'named' } });
  expect([created, again, updated, byUpdate, await client.delete(named)].map(statusOf)).toEqual([201, 200, 200, 201, 204]);
});

test('a search by POST is paged in the same way, and the links to its pages do not contain the criteria', async () => {
  for (let n = 0; n < 5; n++) await create({ ...ada, name: [{ family: 'Boole', given: [String(n)] }] });
  const search = { resourceType: 'Patient', searchParams: { family: 'Boole', _count: 2 }, options: { postSearch: true } };
  const first = await toReturned<Bundle>(client.search(search));
  const pages = await collectPages(first, readNextWith(client));
  expect(new Set(pages.flatMap(listResources).map(({ id }) => id)).size).toBe(5);
  expect(
    JSON.stringify([first.link?.filter(({ relation }) => relation !== 'self'), ...pages.slice(1).map(({ link }) => link)]),
  ).not.toContain('Boole');
});

test('references are resolved in an including Bundle and by reads', async () => {
  const patient = await create(ada);
  const condition = await create({ resourceType: 'Condition', subject: { reference: `Patient/${patient.id}` } });
  const searchParams = { subject: `Patient/${patient.id}`, _include: 'Condition:subject' };
  const bundle = await client.search({ resourceType: 'Condition', searchParams });
  const { reference } = condition.subject as { reference: string };
  expect(await client.resolve({ reference })).toEqual(patient);
  const absolute = `${client.baseUrl}/Patient/${patient.id}`;
  expect(await client.resolve({ reference: absolute, context: bundle })).toEqual(patient);
});

test('an error reaches the client as a status and an OperationOutcome', async () => {
  const { readRefusal } = connect(client.baseUrl, facet.demo.fhir!);
  const refusal = (call: Promise<unknown>) =>
    call.then(
      () => 'it was not refused',
      (error: unknown) => readRefusal(error),
    );
  const { id } = await create(ada);
  const named = { resourceType: 'Patient', id };
  expect({
    version: await refusal(client.vread({ ...named, version: '99' })),
    type: await refusal(client.read({ resourceType: 'Parameters', id: '1' })),
    operation: await refusal(client.operation({ name: '$nothing', ...named, method: 'GET' })),
  }).toEqual({
    version: { status: 404, code: 'not-found' },
    type: { status: 404, code: 'not-supported' },
    operation: { status: 404, code: 'not-found' },
  });
});
