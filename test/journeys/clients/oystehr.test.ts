// Oystehr's SDK, unmodified, over HTTP. It searches by POST only, and reads a version through its history. https://docs.oystehr.com/oystehr/services/fhir/
import Oystehr from '@oystehr/sdk';
import { type Listening, listen } from '../listening.ts';
import {
  type Bundle,
  type ClientUnderTest,
  collectPages,
  type Entry,
  findLink,
  listResources,
  listVersions,
  type NewResource,
  type Outcome,
  type Resource,
} from './client-under-test.ts';
import { testJourney } from './journey.ts';

interface Named {
  resourceType: string;
  id: string;
}

/** What is used of it. Its own types are those of R4B and R5, one for each resource. */
interface OystehrFhir {
  create(resource: NewResource): Promise<Resource>;
  get(named: Named): Promise<Resource>;
  update(resource: Resource, options?: { optimisticLockingVersionId: string }): Promise<Resource>;
  patch(change: Named & { operations: object[] }): Promise<Resource>;
  delete(named: Named): Promise<unknown>;
  search(search: { resourceType: string; params: { name: string; value: string }[] }): Promise<Bundle & { unbundle(): Resource[] }>;
  history(named: Named & { versionId: string }): Promise<Resource>;
  history(named: Named & { count?: number; offset?: number }): Promise<Bundle>;
  batch(input: { requests: OystehrRequest[] }): Promise<Bundle>;
  transaction(input: { requests: OystehrRequest[] }): Promise<Bundle>;
}
interface OystehrSdk {
  Oystehr: new (config: { accessToken: string; services: { fhirApiUrl: string } }) => { fhir: OystehrFhir };
  OystehrFHIRError: new () => { code: number; cause: Outcome };
}
type OystehrRequest = Entry | { method: 'PATCH'; url: string; operations: object[] } | { method: 'HEAD' | 'DELETE'; url: string };

let facet: Listening;
beforeAll(async () => {
  facet = await listen();
});
afterAll(() => facet.close());

// the assertion: its types are incomplete under Node's module resolution
const { OystehrFHIRError, ...sdk } = { OystehrFHIRError: Oystehr.OystehrFHIRError, Oystehr } as unknown as OystehrSdk;
const connectOystehr = (baseUrl: string, accessToken: string): OystehrFhir =>
  new sdk.Oystehr({ accessToken, services: { fhirApiUrl: baseUrl } }).fhir;
const connectDemo = () => connectOystehr(`${facet.url}/fhir/R4`, facet.demo.fhir!);

function connect(baseUrl: string, key: string): ClientUnderTest {
  const fhir = connectOystehr(baseUrl, key);
  const search: ClientUnderTest['search'] = (resourceType, parameters) =>
    fhir.search({ resourceType, params: Object.entries(parameters).map(([name, value]) => ({ name, value })) });
  /** The SDK cannot request a URL, but a batch can request the next page. */
  const readNext = async (page: Bundle): Promise<Bundle | undefined> => {
    const next = findLink(page, 'next');
    if (next === undefined) return undefined;
    const batch = await fhir.batch({ requests: [{ method: 'GET', url: next.slice(baseUrl.length) }] });
    // the assertion: the entry reads a page, so its resource is a Bundle
    return listResources(batch)[0] as unknown as Bundle;
  };
  return {
    create: (body) => fhir.create(body),
    read: (resourceType, id) => fhir.get({ resourceType, id }),
    update: (resource) => fhir.update(resource),
    delete: (resourceType, id) => fhir.delete({ resourceType, id }),
    search,
    readRefusal(error) {
      if (!(error instanceof OystehrFHIRError)) throw error;
      return { status: error.code, code: error.cause.issue[0]!.code };
    },
    metadata: undefined,
    vread: (resourceType, id, versionId) => fhir.history({ resourceType, id, versionId }),
    updateIfUnchanged: (resource) => fhir.update(resource, { optimisticLockingVersionId: resource.meta.versionId }),
    createOnce: undefined,
    updateMatching: undefined,
    patch: (resourceType, id, operations) => fhir.patch({ resourceType, id, operations }),
    searchPages: async (type, parameters) => (await collectPages(await search(type, parameters), readNext)).map(listResources),
    history: (resourceType, id) => fhir.history({ resourceType, id }),
    historyPages: async (resourceType, id, count) =>
      (await collectPages(await fhir.history({ resourceType, id, count }), readNext)).map(listVersions),
    transaction: (requests) => fhir.transaction({ requests }),
    batch: (requests) => fhir.batch({ requests }),
    validate: async (resource) => {
      const batch = await fhir.batch({ requests: [{ method: 'POST', url: `/${resource.resourceType}/$validate`, resource }] });
      // the assertion: the entry validates, so its resource is an OperationOutcome
      return listResources(batch)[0] as unknown as Outcome;
    },
    createInXml: undefined,
    readInXml: undefined,
  };
}

testJourney(connect, () => facet);

test('a transaction takes the JSON Patches that the SDK encodes as Binary, and its deletions', async () => {
  const fhir = connectDemo();
  const [kept, deleted] = [await fhir.create({ resourceType: 'Patient' }), await fhir.create({ resourceType: 'Patient' })];
  const answer = await fhir.transaction({
    requests: [
      { method: 'PATCH', url: `/Patient/${kept!.id}`, operations: [{ op: 'add', path: '/name', value: [{ family: 'Noël' }] }] },
      { method: 'DELETE', url: `/Patient/${deleted!.id}` },
    ],
  });
  expect(answer.entry!.map(({ response }) => response!.status)).toEqual(['200 OK', '204 No Content']);
  expect(await fhir.get(kept as Named)).toMatchObject({ name: [{ family: 'Noël' }], meta: { versionId: '2' } });
});

test('a batch takes HEAD, without a resource in the answer', async () => {
  const fhir = connectDemo();
  const { id } = await fhir.create({ resourceType: 'Patient' });
  const { entry } = await fhir.batch({ requests: [{ method: 'HEAD', url: `/Patient/${id}` }] });
  expect(entry).toEqual([{ response: expect.objectContaining({ status: '200 OK', etag: 'W/"1"' }) }]);
});

test('the same parameter several times: a match fulfils all of them', async () => {
  const fhir = connectDemo();
  for (const birthDate of ['1950-01-01', '1960-01-01', '1970-01-01'])
    await fhir.create({ resourceType: 'Patient', birthDate, name: [{ family: 'Range' }] });
  const between = ['gt1955', 'lt1965'].map((value) => ({ name: 'birthdate', value }));
  const found = await fhir.search({ resourceType: 'Patient', params: [{ name: 'family', value: 'Range' }, ...between] });
  expect(found.unbundle().map(({ birthDate }) => birthDate)).toEqual(['1960-01-01']);
});

test('_offset, which FHIR does not define, is refused by name instead of answered with the first page again', async () => {
  const fhir = connectDemo();
  const { id } = await fhir.create({ resourceType: 'Patient' });
  const search = fhir.search({ resourceType: 'Patient', params: [{ name: '_offset', value: '20' }] });
  await expect(search).rejects.toMatchObject({ code: 400, message: expect.stringContaining('_offset') });
  await expect(fhir.history({ resourceType: 'Patient', id, count: 2, offset: 2 })).rejects.toMatchObject({ code: 400 });
});
