// BonFHIR's client, unmodified, over HTTP: its search builders, its navigator of Bundles and its batches. It is made for R4B and R5; its R4B client is used here.
// https://bonfhir.dev/packages/core/fhir-client
import { type AnyResource, FetchFhirClient, FhirClientError, type Observation, type Patient } from '@bonfhir/core/r4b';
import { type Listening, listen } from '../listening.ts';
import { type Bundle, buildBundle, type ClientUnderTest, listVersions, type Resource } from './client-under-test.ts';
import { testJourney } from './journey.ts';

let facet: Listening;
let bonfhir: FetchFhirClient;
beforeAll(async () => {
  facet = await listen();
  bonfhir = connectBonfhir(`${facet.url}/fhir/R4`, facet.demo.fhir!);
});
afterAll(() => facet.close());

const connectBonfhir = (baseUrl: string, key: string) => new FetchFhirClient({ baseUrl, auth: `Bearer ${key}`, acceptFhirVersion: '4.0' });
const toQuery = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString();
// Assertions: its own types are those of R4B, one for each resource. The journey sends resources of R4.
const ofType = (type: string) => type as 'Patient';
const toSent = (resource: object): AnyResource => resource as AnyResource;
const toReturned = async <T = Resource>(answer: Promise<unknown>): Promise<T> => (await answer) as T;
const toBundle = ({ bundle }: { bundle: object }): Bundle => bundle as Bundle;

function connect(baseUrl: string, key: string): ClientUnderTest {
  const client = connectBonfhir(baseUrl, key);
  const validate: ClientUnderTest['validate'] = (resource) =>
    client.execute({
      operation: '$validate',
      resourceType: ofType(resource.resourceType),
      parameters: [{ name: 'resource', resource: toSent(resource) }],
    });
  return {
    create: (resource) => toReturned(client.create(toSent(resource))),
    read: (type, id) => toReturned(client.read(ofType(type), id)),
    update: (resource) => toReturned(client.update(toSent(resource))),
    delete: (type, id) => client.delete(ofType(type), id),
    search: async (type, parameters) => toBundle(await client.search(ofType(type), toQuery(parameters))),
    readRefusal(error) {
      if (!(error instanceof FhirClientError)) throw error;
      return { status: error.status!, code: error.operationOutcome!.issue[0]!.code };
    },
    metadata: () => client.capabilities(),
    vread: (type, id, version) => toReturned(client.vread(ofType(type), id, version)),
    updateIfUnchanged: (resource) => toReturned(client.update(toSent(resource), { preventConcurrentUpdates: true })),
    // its create sends the criteria in the URL, see below
    createOnce: undefined,
    updateMatching: (resource, criteria) => toReturned(client.update(toSent(resource), { search: toQuery(criteria) })),
    patch: (type, id, operations) => toReturned(client.patch(ofType(type), id, operations)),
    async searchPages(type, parameters) {
      const pages: Resource[][] = [];
      await client.searchByPage(ofType(type), toQuery(parameters), (page) => void pages.push(page.searchMatch() as unknown as Resource[]));
      return pages;
    },
    history: async (type, id) => toBundle(await client.history(ofType(type), id)),
    async historyPages(type, id, count) {
      const pages: string[][] = [];
      let page = await client.history(ofType(type), id, { _count: count });
      for (;;) {
        pages.push(listVersions(toBundle(page)));
        const next = page.linkUrl('next');
        if (next === undefined) return pages;
        page = await client.fetchPage(next);
      }
    },
    transaction: (entries) => toReturned(client.transaction(buildBundle('transaction', entries) as never)),
    batch: (entries) => toReturned(client.batch(buildBundle('batch', entries) as never)),
    validate,
    createInXml: (type, body) => client.fetch(type, { method: 'POST', body, headers: { 'Content-Type': 'application/fhir+xml' } }),
    // the client reads JSON only
    readInXml: undefined,
  };
}

testJourney(connect, () => facet);

const ada: Patient = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }] };
const height: Observation = { resourceType: 'Observation', status: 'final', code: { text: 'height' } };
const named = (value: string): Patient => ({ ...ada, identifier: [{ system: 'urn:example:mrn', value }] });

test('the navigator resolves references that a search includes, in both directions', async () => {
  const patient = await bonfhir.create(named('navigator'));
  const observation = await bonfhir.create({ ...height, subject: { reference: `Patient/${patient.id}` } });
  const found = await bonfhir.search('Observation', (search) => search.patient(`Patient/${patient.id}`)._include('Observation', 'subject'));
  expect(found.searchMatchOne()).toMatchObject({ id: observation.id });
  expect(found.reference(observation.subject)).toMatchObject({ id: patient.id });
  const reversed = await bonfhir.searchOne('Patient', (search) => search._id(patient.id)._revinclude('Observation', 'subject'));
  expect(reversed.revIncluded<Observation>(({ subject }) => subject)).toMatchObject([{ id: observation.id }]);
});

test('all pages of a search are one list', async () => {
  for (let n = 0; n < 5; n++) await bonfhir.create({ ...ada, name: [{ family: 'Pages', given: [String(n)] }] });
  const found = await bonfhir.searchAllPages('Patient', (search) => search.family('Pages')._sort('given')._count(2));
  expect(found.searchMatch().map(({ name }) => name![0]!.given)).toEqual([['0'], ['1'], ['2'], ['3'], ['4']]);
});

test('each request of a batch gets its own resource or error', async () => {
  const { id } = await bonfhir.create(named('batch of requests'));
  const batch = bonfhir.batch();
  const [read, absent] = [batch.read('Patient', id), batch.read('Patient', 'nobody')];
  const search = batch.searchOne('Patient', (query) => query.identifier('urn:example:mrn|batch of requests'));
  const history = batch.history('Patient', id);
  const parameters = [{ name: 'resource', resource: toSent({ ...ada, gender: 'f' }) }];
  const validation = batch.execute({ operation: '$validate', resourceType: 'Patient', parameters });
  const everything = batch.execute({ operation: '$everything', resourceType: 'Patient', resourceId: id });
  await batch.send();
  expect([read.resource, search.resource]).toMatchObject([{ id }, { id }]);
  expect(history.resource.total).toBe(1);
  expect(validation.resource).toMatchObject({ issue: [{ code: 'code-invalid', expression: ['Patient.gender'] }] });
  expect(everything.resource).toMatchObject({ resourceType: 'Bundle', total: 1 });
  expect(() => absent.resource).toThrow(/there is no Patient with this id/);
});

// The function send of a transaction sends it twice (2.22.1), so the Bundle that it built is sent by the client.
test('a transaction with the references that the client builds, which have a type and a display, works', async () => {
  const transaction = bonfhir.transaction();
  const patient = transaction.create(named('transaction of requests'));
  // the assertion: the client types the reference as one to any resource
  transaction.create({ ...height, subject: patient.reference as NonNullable<Observation['subject']> });
  const answer = await bonfhir.transaction(transaction.request);
  expect(answer.entry!.map(({ response }) => response!.status)).toEqual(['201 Created', '201 Created']);
  const { id } = answer.entry![0]!.resource!;
  expect(answer.entry![1]!.resource).toMatchObject({
    subject: { reference: `Patient/${id}`, type: 'Patient', display: 'Ada Lovelace' },
  });
});

test('createOr searches, and creates or updates one resource', async () => {
  const criteria = 'identifier=urn:example:mrn|createOr';
  const [created, isNew] = await bonfhir.createOr('return', named('createOr'), criteria);
  const [returned] = await bonfhir.createOr('return', named('createOr'), criteria);
  const [replaced] = await bonfhir.createOr('replace', { ...named('createOr'), active: true }, criteria);
  expect([isNew, returned.id, returned.meta.versionId, replaced.id, replaced.meta.versionId]).toEqual([
    true,
    created.id,
    '1',
    created.id,
    '2',
  ]);
});

test('a create with the criteria in the URL, as the client sends it, is refused and does not create a second resource', async () => {
  await bonfhir.create(named('in the URL'));
  const search = 'identifier=urn:example:mrn|in the URL';
  await expect(bonfhir.create(named('in the URL'), { search })).rejects.toMatchObject({ status: 400 });
  expect((await bonfhir.search('Patient', search)).total).toBe(1);
});

test('an operation is called by GET, and by POST without a body', async () => {
  const { id } = await bonfhir.create(named('everything'));
  const operation = { operation: '$everything', resourceType: 'Patient', resourceId: id } as const;
  const byGet = await bonfhir.execute({ ...operation, affectsState: false });
  expect(byGet).toMatchObject({ resourceType: 'Bundle', total: 1, entry: [{ resource: { id } }] });
  expect(await bonfhir.execute(operation)).toEqual(byGet);
});

// https://hl7.org/fhir/R4/http.html#version-parameter
test('a client that asks for R4B by fhirVersion is refused (406), because the server has R4', async () => {
  const baseUrl = `${facet.url}/fhir/R4`;
  const client = new FetchFhirClient({ baseUrl, auth: `Bearer ${facet.demo.fhir}`, acceptFhirVersion: '4.3' });
  await expect(client.read('Patient', 'ada')).rejects.toMatchObject({ status: 406 });
});
