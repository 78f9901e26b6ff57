// fhir.js, unmodified, over HTTP: its Node adapter, its query language, its paging and its operations on meta. https://github.com/FHIR/fhir.js
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

interface Answer<T> {
  data: T;
  status: number;
}
type Headers = Record<string, string>;
type Call<T, Arguments> = (call: Arguments & { headers?: Headers }) => Promise<Answer<T>>;
type Named = { type: string; id: string };
type Target = { target: { resourceType: string; id: string; versionId?: string } };
interface MetaAnswer {
  parameter: { valueMeta: { tag?: { code: string }[] } }[];
}

/** What is used of it. Its own types are those of STU3. */
interface FhirJs {
  conformance: Call<unknown, object>;
  create: Call<Resource, { resource: object }>;
  read: Call<Resource, Named>;
  vread: Call<Resource, Named & { versionId: string }>;
  update: Call<Resource, { resource: object }>;
  conditionalUpdate: Call<Resource, { resource: object; query: object }>;
  conditionalDelete: Call<unknown, { type: string; query: object }>;
  patch: Call<Resource, Named & { data: object[] }>;
  delete: Call<unknown, Named>;
  search: Call<Bundle, { type: string; query: object }>;
  nextPage: Call<Bundle, { bundle: Bundle }>;
  prevPage: Call<Bundle, { bundle: Bundle }>;
  getBundleByUrl: Call<Bundle, { url: string }>;
  fetchAll(call: { type: string; query: object }): Promise<Resource[]>;
  resourceHistory: Call<Bundle, Named>;
  transaction: Call<Bundle, { bundle: object }>;
  validate: Call<Outcome, { resource: object }>;
  resolve: Call<Resource, { reference: { reference: string }; bundle?: Bundle }>;
  meta: {
    add: Call<MetaAnswer, Target & { data: object }>;
    delete: Call<MetaAnswer, Target & { data: object }>;
    read: Call<MetaAnswer, Target>;
  };
}

// the assertion: the types of the package are those of another version of FHIR
const fhirJs = createRequire(import.meta.url)('fhir.js') as (config: {
  baseUrl: string;
  auth: { bearer: string };
  headers?: Headers;
}) => FhirJs;

let facet: Listening;
beforeAll(async () => {
  facet = await listen();
});
afterAll(() => facet.close());

const data = async <T>(call: Promise<Answer<T>>): Promise<T> => (await call).data;
const connectDemo = () => fhirJs({ baseUrl: `${facet.url}/fhir/R4`, auth: { bearer: facet.demo.fhir! } });
/** The client adds the key and its other headers to these. */
const withIfMatch = ({ meta }: Resource): Headers => ({ 'If-Match': `W/"${meta.versionId}"` });

function connect(baseUrl: string, bearer: string): ClientUnderTest {
  const client = fhirJs({ baseUrl, auth: { bearer } });
  const readNext = async (bundle: Bundle) => (findLink(bundle, 'next') === undefined ? undefined : data(client.nextPage({ bundle })));
  const post = <T>(type: string, resource: object): Promise<Answer<T>> =>
    // the assertion: the body that a path returns is not the resource that was sent
    client.create({ type, resource } as { resource: object }) as unknown as Promise<Answer<T>>;
  return {
    create: (resource) => data(client.create({ resource })),
    read: (type, id) => data(client.read({ type, id })),
    update: (resource) => data(client.update({ resource })),
    delete: (type, id) => client.delete({ type, id }),
    search: (type, query) => data(client.search({ type, query })),
    readRefusal(error) {
      const { status, data: outcome } = error as Answer<Outcome>;
      return { status, code: outcome.issue[0]!.code };
    },
    metadata: () => data(client.conformance({})),
    vread: (type, id, versionId) => data(client.vread({ type, id, versionId })),
    updateIfUnchanged: (resource) => data(client.update({ resource, headers: withIfMatch(resource) })),
    createOnce: (resource, criteria) =>
      data(client.create({ resource, headers: { 'If-None-Exist': new URLSearchParams(criteria).toString() } })),
    updateMatching: (resource, query) => data(client.conditionalUpdate({ resource, query })),
    patch: (type, id, operations) => data(client.patch({ type, id, data: operations })),
    searchPages: async (type, query) => (await collectPages(await data(client.search({ type, query })), readNext)).map(listResources),
    history: (type, id) => data(client.resourceHistory({ type, id })),
    historyPages: undefined,
    transaction: (entries) => data(client.transaction({ bundle: buildBundle('transaction', entries) })),
    batch: (entries) => data(client.transaction({ bundle: buildBundle('batch', entries) })),
    // its own `validate` sends the path of DSTU1, see below
    validate: (resource) => data(post<Outcome>(`${resource.resourceType}/$validate`, resource)),
    // its adapter sends every body as JSON
    createInXml: undefined,
    readInXml: async (type, id) => {
      const reader = fhirJs({ baseUrl, auth: { bearer }, headers: { Accept: 'application/fhir+xml' } });
      // the assertion: a body that is not JSON is returned as text
      return (await data(reader.read({ type, id }))) as unknown as string;
    },
  };
}

testJourney(connect, () => facet);

const PATIENTS = [
  { family: 'Noether', birthDate: '1882-03-23' },
  { family: 'Noether', birthDate: '1910-01-01' },
  { family: 'Noetherian', birthDate: '1911-01-01' },
  { family: 'Hopper', birthDate: '1906-12-09' },
];

describe('the query language of the client', () => {
  beforeAll(async () => {
    for (const { family, birthDate } of PATIENTS)
      await connectDemo().create({ resource: { resourceType: 'Patient', name: [{ family }], birthDate } });
  });

  test.each([
    ['a prefix of a text', { family: 'noether' }, ['1882-03-23', '1910-01-01', '1911-01-01']],
    ['$exact', { family: { $exact: 'Noether' } }, ['1882-03-23', '1910-01-01']],
    ['$or', { family: { $or: ['hopper', 'noetherian'] } }, ['1906-12-09', '1911-01-01']],
    ['a range', { family: 'noether', birthdate: { $gt: '1882-12', $le: '1911' } }, ['1910-01-01', '1911-01-01']],
    ['$and', { family: { $and: ['noether', { $exact: 'Noetherian' }] } }, ['1911-01-01']],
    ['$missing', { family: 'hopper', 'death-date': { $missing: true } }, ['1906-12-09']],
  ])('%s selects its matches', async (_what, query, birthDates) => {
    const bundle = await data(connectDemo().search({ type: 'Patient', query: { ...query, $sort: ['birthdate'] } }));
    expect(listResources(bundle).map(({ birthDate }) => birthDate)).toEqual(birthDates);
  });

  test('next, previous and all pages', async () => {
    const client = connectDemo();
    const years = (bundle: Bundle) => listResources(bundle).map(({ birthDate }) => String(birthDate).slice(0, 4));
    const query = { family: { $or: ['noether', 'hopper'] }, $sort: ['birthdate'], _count: 3 };
    const first = await data(client.search({ type: 'Patient', query }));
    const second = await data(client.nextPage({ bundle: first }));
    expect([years(first), years(second)]).toEqual([['1882', '1906', '1910'], ['1911']]);
    expect(years(await data(client.prevPage({ bundle: second })))).toEqual(years(first));
    expect(await client.fetchAll({ type: 'Patient', query })).toHaveLength(4);
  });

  test('the sort order of DSTU2 is refused, not ignored', async () => {
    const search = connectDemo().search({ type: 'Patient', query: { $sort: [['birthdate', 'desc']] } });
    await expect(search).rejects.toMatchObject({ status: 400, data: { issue: [{ diagnostics: expect.stringContaining('_sort=-') }] } });
  });
});

test('an included reference is resolved', async () => {
  const client = connectDemo();
  const patient = await data(client.create({ resource: { resourceType: 'Patient' } }));
  const reference = { reference: `Patient/${patient.id}` };
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: reference };
  await client.create({ resource: observation });
  const bundle = await data(client.search({ type: 'Observation', query: { patient: patient.id, $include: { Observation: 'subject' } } }));
  expect(listResources(bundle)).toEqual([expect.objectContaining(observation), patient]);
  expect(await data(client.resolve({ reference, bundle }))).toEqual(patient);
});

test('a conditional delete deletes the match', async () => {
  const client = connectDemo();
  const { id } = await data(client.create({ resource: { resourceType: 'Patient', identifier: [{ system: 'urn:x', value: '1' }] } }));
  expect(await client.conditionalDelete({ type: 'Patient', query: { identifier: 'urn:x|1' } })).toMatchObject({ status: 204 });
  await expect(client.read({ type: 'Patient', id })).rejects.toMatchObject({ status: 410 });
});

test('$meta-add, $meta and $meta-delete of a resource and of its versions', async () => {
  const client = connectDemo();
  const { id } = await data(client.create({ resource: { resourceType: 'Patient' } }));
  const target = { resourceType: 'Patient', id };
  const tags = async (call: Promise<Answer<MetaAnswer>>) => (await data(call)).parameter[0]!.valueMeta.tag?.map(({ code }) => code);
  const change = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ system: 'urn:tags', code: 'a' }] } }] };
  expect(await tags(client.meta.add({ target, data: change }))).toEqual(['a']);
  expect(await tags(client.meta.read({ target }))).toEqual(['a']);
  expect(await tags(client.meta.read({ target: { ...target, versionId: '1' } }))).toBeUndefined();
  expect(await tags(client.meta.delete({ target, data: change }))).toBeUndefined();
});

// DSTU1 validated at `_validate`; every later version has the operation $validate
test('the function validate of the client, which sends the path of DSTU1, is refused with an OperationOutcome', async () => {
  const validation = connectDemo().validate({ resource: { resourceType: 'Patient' } });
  await expect(validation).rejects.toMatchObject({
    status: 404,
    data: { resourceType: 'OperationOutcome', issue: [{ code: 'not-found' }] },
  });
});
