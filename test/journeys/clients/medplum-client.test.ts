// Medplum's client, unmodified, over HTTP: resources, pages, its own batches, patches and conditional writes.
// https://www.medplum.com/docs/sdk/core.medplumclient
import { ClientStorage, MedplumClient, MemoryStorage, OperationOutcomeError } from '@medplum/core';
import type { Observation, Patient } from '@medplum/fhirtypes';
import { type Listening, listen } from '../listening.ts';
import {
  type Bundle,
  buildBundle,
  type ClientUnderTest,
  collectPages,
  findLink,
  listVersions,
  type Outcome,
  type Resource,
} from './client-under-test.ts';
import { testJourney } from './journey.ts';

let facet: Listening;
let client: MedplumClient;
function connectMedplum(fhirUrl: string, key: string, autoBatchTime = 0): MedplumClient {
  const { origin, pathname } = new URL(fhirUrl);
  const medplum = new MedplumClient({
    baseUrl: origin,
    fhirUrlPath: pathname.slice(1),
    fetch,
    autoBatchTime,
    cacheTime: 0,
    storage: new ClientStorage(new MemoryStorage()),
  });
  medplum.setAccessToken(key);
  return medplum;
}
const connectDemo = (autoBatchTime = 0) => connectMedplum(`${facet.url}/fhir/R4`, facet.demo.fhir!, autoBatchTime);
beforeAll(async () => {
  facet = await listen();
  client = connectDemo();
});
afterAll(() => facet.close());

// Assertions: its types are one for each resource. The journey sends resources as JSON.
const ofType = (type: string) => type as 'Patient';
const toSent = (resource: object) => resource as Patient;
const toReturned = async <T = Resource>(answer: Promise<unknown>): Promise<T> => (await answer) as T;
const toQuery = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString();
const XML = 'application/fhir+xml';

function connect(baseUrl: string, key: string): ClientUnderTest {
  const medplum = connectMedplum(baseUrl, key);
  return {
    create: (resource) => toReturned(medplum.createResource(toSent(resource))),
    read: (type, id) => toReturned(medplum.readResource(ofType(type), id)),
    update: (resource) => toReturned(medplum.updateResource(toSent(resource))),
    delete: (type, id) => medplum.deleteResource(ofType(type), id),
    search: (type, parameters) => toReturned<Bundle>(medplum.search(ofType(type), parameters)),
    readRefusal(error) {
      if (!(error instanceof OperationOutcomeError)) throw error;
      return { code: error.outcome.issue[0]!.code };
    },
    metadata: () => medplum.get(medplum.fhirUrl('metadata')),
    vread: (type, id, version) => toReturned(medplum.readVersion(ofType(type), id, version)),
    updateIfUnchanged: (resource) =>
      toReturned(medplum.updateResource(toSent(resource), { headers: { 'If-Match': `W/"${resource.meta.versionId}"` } })),
    createOnce: (resource, criteria) => toReturned(medplum.createResourceIfNoneExist(toSent(resource), toQuery(criteria))),
    updateMatching: (resource, criteria) => toReturned(medplum.upsertResource(toSent(resource), toQuery(criteria))),
    patch: (type, id, operations) => toReturned(medplum.patchResource(ofType(type), id, operations)),
    async searchPages(type, parameters) {
      const pages: Resource[][] = [];
      for await (const page of medplum.searchResourcePages(ofType(type), parameters)) pages.push(page as unknown as Resource[]);
      return pages;
    },
    history: (type, id) => toReturned<Bundle>(medplum.readHistory(ofType(type), id)),
    async historyPages(type, id, count) {
      const first = await toReturned<Bundle>(medplum.get(`${medplum.fhirUrl(ofType(type), id, '_history')}?_count=${count}`));
      const pages = await collectPages(first, async (page) => {
        const next = findLink(page, 'next');
        return next === undefined ? undefined : toReturned<Bundle>(medplum.get(next));
      });
      return pages.map(listVersions);
    },
    transaction: (entries) => toReturned<Bundle>(medplum.executeBatch(buildBundle('transaction', entries) as never)),
    batch: (entries) => toReturned<Bundle>(medplum.executeBatch(buildBundle('batch', entries) as never)),
    validate: (resource) => toReturned<Outcome>(medplum.validateResource(toSent(resource))),
    createInXml: (type, xml) => medplum.post(medplum.fhirUrl(type), xml, XML),
    readInXml: async (type, id) => (await medplum.download(medplum.fhirUrl(type, id), { headers: { Accept: XML } })).text(),
  };
}

testJourney(connect, () => facet);

const ADA: Patient = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' };

test('an update that changes nothing returns the current version', async () => {
  const created = await client.createResource(ADA);
  expect(await client.updateResource(created)).toEqual(created);
});

test('a search for one resource returns the first match', async () => {
  const subject = { reference: `Patient/${(await client.createResource(ADA)).id}` };
  for (let n = 0; n < 3; n++)
    await client.createResource<Observation>({ resourceType: 'Observation', status: 'final', code: { text: `n${n}` }, subject });
  const query = { subject: subject.reference, _sort: '_lastUpdated' };
  expect((await client.searchOne('Observation', query))!.code!.text).toBe('n0');
});

test('concurrent reads are sent as one batch, and each gets its own response', async () => {
  const [one, two] = [await client.createResource(ADA), await client.createResource({ ...ADA, gender: 'female' })];
  const batching = connectDemo(20);
  const absent = batching.readResource('Patient', 'nobody');
  const [first, second, third] = await Promise.allSettled([
    batching.readResource('Patient', one.id!),
    batching.readResource('Patient', two.id!),
    absent,
  ]);
  expect([first, second]).toEqual([
    { status: 'fulfilled', value: one },
    { status: 'fulfilled', value: two },
  ]);
  expect(third.status).toBe('rejected');
});
