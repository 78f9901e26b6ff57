// fhir-crud-client, unmodified, over HTTP (axios 0.21). It has no function for versions, histories and links. https://github.com/mgramigna/fhir-crud-client
import { createRequire } from 'node:module';
import { type Listening, listen } from '../listening.ts';
import {
  type Bundle,
  buildBundle,
  type ClientUnderTest,
  collectPages,
  findLink,
  listResources,
  type Outcome,
  type Resource,
} from './client-under-test.ts';
import { testJourney } from './journey.ts';

/** What is used of it: it has no types. */
interface CrudClient {
  setAuthToken(token: string): void;
  updateRequestHeaders(headers: Record<string, string>): void;
  metadata(): Promise<unknown>;
  create<T = Resource>(call: { resourceType: string; body: object | string }): Promise<T>;
  read<T = Resource>(call: { resourceType: string; id: string }): Promise<T>;
  update(call: { resourceType: string; id: string; body: object }): Promise<Resource>;
  delete(call: { resourceType: string; id: string }): Promise<unknown>;
  search(call: { resourceType: string; params: Record<string, string> }): Promise<Bundle>;
  transaction(call: { body: object }): Promise<Bundle>;
}

// the assertion: a package without types
const { FHIRClient } = createRequire(import.meta.url)('fhir-crud-client') as {
  FHIRClient: new (baseUrl: string, headers?: Record<string, string>) => CrudClient;
};

let facet: Listening;
beforeAll(async () => {
  facet = await listen();
});
afterAll(() => facet.close());

function connectCrudClient(baseUrl: string, key: string, headers?: Record<string, string>): CrudClient {
  const client = new FHIRClient(baseUrl, headers);
  client.setAuthToken(key);
  return client;
}

const XML = { Accept: 'application/fhir+xml', 'Content-Type': 'application/fhir+xml' };

function connect(baseUrl: string, key: string): ClientUnderTest {
  // each call has its own client, because request headers are the client's
  const as = (headers?: Record<string, string>): CrudClient => connectCrudClient(baseUrl, key, headers);
  const search: ClientUnderTest['search'] = (resourceType, params) => as().search({ resourceType, params });
  return {
    create: (body) => as().create({ resourceType: body.resourceType, body }),
    read: (resourceType, id) => as().read({ resourceType, id }),
    update: (body) => as().update({ resourceType: body.resourceType, id: body.id, body }),
    delete: (resourceType, id) => as().delete({ resourceType, id }),
    search,
    readRefusal(error) {
      const { response } = error as { response: { status: number; data: Outcome } };
      return { status: response.status, code: response.data.issue[0]!.code };
    },
    metadata: () => as().metadata(),
    vread: (type, id, version) => as().read({ resourceType: type, id: `${id}/_history/${version}` }),
    updateIfUnchanged: (body) =>
      as({ 'If-Match': `W/"${body.meta.versionId}"` }).update({ resourceType: body.resourceType, id: body.id, body }),
    createOnce: (body, criteria) =>
      as({ 'If-None-Exist': new URLSearchParams(criteria).toString() }).create({ resourceType: body.resourceType, body }),
    updateMatching: undefined,
    patch: undefined,
    searchPages: async (type, parameters) =>
      (
        await collectPages(await search(type, parameters), async (page) => {
          const next = findLink(page, 'next');
          // the client follows no links, but the parameters of a link are those of a search
          return next === undefined ? undefined : search(type, Object.fromEntries(new URL(next).searchParams));
        })
      ).map(listResources),
    history: (type, id) => as().read({ resourceType: type, id: `${id}/_history` }),
    historyPages: undefined,
    transaction: (entries) => as().transaction({ body: buildBundle('transaction', entries) }),
    batch: (entries) => as().transaction({ body: buildBundle('batch', entries) }),
    validate: (body) => as().create<Outcome>({ resourceType: `${body.resourceType}/$validate`, body }),
    createInXml: (resourceType, body) => as(XML).create({ resourceType, body }),
    readInXml: (resourceType, id) => as(XML).read({ resourceType, id }),
  };
}

testJourney(connect, () => facet);

test('a client that asks for application/json, as its README does, gets that media type', async () => {
  const client = connectCrudClient(`${facet.url}/fhir/R4`, facet.demo.fhir!, { Accept: 'application/json' });
  expect(await client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } })).toMatchObject({ meta: { versionId: '1' } });
});
