// $graphql under hostile queries, and the number of statements of honest ones. docs/decisions/0040-graphql.md
import { getIntrospectionQuery } from 'graphql';
import type { Database } from '../../src/store/database/database.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let statements = 0;
/** The database, with every statement counted that reads resources. */
const counted = (database: Database): Database => ({
  ...database,
  forRequest: (...args) => counted(database.forRequest(...args)),
  query: (...args) => {
    if (/\bbody\b/.test(args[0])) statements++;
    return database.query(...args);
  },
});

const BASICS = 1_010;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { over: counted });
  await store(
    Array.from({ length: BASICS }, (_, at) => ({ resourceType: 'Basic', id: `b${at}`, code: { text: 'x' }, subject: ref('Patient/p0') })),
  );
  await store(
    Array.from({ length: 12 }, (_, at) => [
      { resourceType: 'Organization', id: `o${at}`, name: `O${at}` },
      {
        resourceType: 'Patient',
        id: `p${at}`,
        identifier: [{ value: at < 2 ? 'few' : 'many' }],
        managingOrganization: ref(`Organization/o${at}`),
      },
      {
        resourceType: 'Observation',
        id: `v${at}`,
        status: 'final',
        code: { text: 'x' },
        subject: ref(`Patient/p${at}`),
        performer: [ref(`Organization/o${at}`)],
      },
    ]).flat(),
  );
});
afterAll(() => facet.close());

const ref = (reference: string) => ({ reference });
async function store(resources: { resourceType: string; id: string }[]): Promise<void> {
  const entry = resources.map((resource) => ({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }));
  await facet.fhir('post', '').send({ resourceType: 'Bundle', type: 'transaction', entry }).expect(200);
}
const post = (query: string, variables: object = {}) =>
  facet.fhir('post', '/$graphql').set('Content-Type', 'application/json').send(JSON.stringify({ query, variables }));
const repeat = (count: number, text: (at: number) => string): string => Array.from({ length: count }, (_, at) => text(at)).join(' ');

test.each(['\u0000p0', 'p 0', 'p'.repeat(65), ''])('the id %j, which no resource can have, is 404', async (id) => {
  const { body } = await post('query($id: ID!) { Patient(id: $id) { id } }', { id }).expect(404);
  expect(body.errors[0].message).toBe('there is no Patient with this id');
});

test('references of one level are one statement, and so are reverse references: the number of resources does not matter', async () => {
  const cost = async (identifier: string) => {
    const before = statements;
    const query = `{ PatientList(identifier: "${identifier}") { id managingOrganization { resource { ... on Organization { name } } }
      ObservationList(_reference: subject) { performer { resource { id } } } } }`;
    const { body } = await post(query).expect(200);
    return {
      patients: body.data.PatientList as { id: string; managingOrganization: object; ObservationList: object[] }[],
      statements: statements - before,
    };
  };
  const [few, many] = [await cost('few'), await cost('many')];
  expect([few.patients.length, many.patients.length]).toEqual([2, 10]);
  for (const { id, managingOrganization, ObservationList } of many.patients) {
    const name = id.replace('p', 'O');
    expect(managingOrganization).toEqual({ resource: { name } });
    expect(ObservationList).toEqual([{ performer: [{ resource: { id: name.toLowerCase() } }] }]);
  }
  expect(many.statements).toBe(few.statements);
  // two searches, and the targets of the references; the performers were read with the managing organizations
  expect(few.statements).toBeLessThanOrEqual(4);
});

test('a resource that many fields ask for is read once', async () => {
  const before = statements;
  const { body } = await post(`{ ${repeat(300, (at) => `a${at}: Patient(id: p1) { id }`)} }`).expect(200);
  expect([Object.keys(body.data).length, statements - before]).toEqual([300, 1]);
});

const nest = (levels: number): string =>
  levels === 0 ? 'id' : `id ObservationList(_reference: subject) { subject { resource(type: Patient) { ${nest(levels - 1)} } } }`;
const BOMB = `{ PatientList { ...f0 } } ${repeat(25, (at) => `fragment f${at} on Patient { ...f${at + 1} ...f${at + 1} }`)} fragment f25 on Patient { id }`;

test.each<[string, string, number, RegExp]>([
  ['many levels', `{ PatientList { ${nest(8)} } }`, 422, /^a query has at most 20 levels of fields$/],
  ['a thousand aliases', `{ ${repeat(1000, (at) => `a${at}: Patient(id: "p1") { id }`)} }`, 422, /at most 5000 words and marks/],
  ['two thousand fields', `{ ${repeat(400, (at) => `a${at}: PatientList { id active }`)} }`, 422, /at most 1000 fields/],
  ['many searches', `{ ${repeat(150, (at) => `a${at}: PatientList(_count: 1) { id }`)} }`, 422, /at most 100 searches/],
  ['fragments that double', BOMB, 422, /at most 1000 fields/],
  [
    'fragments in a circle',
    '{ PatientList { ...a } } fragment a on Patient { ...b } fragment b on Patient { ...a }',
    400,
    /Cannot spread fragment "a" within itself/,
  ],
  [
    'a fragment of itself',
    '{ PatientList { ...a } } fragment a on Patient { id managingOrganization { resource { ...a } } }',
    400,
    /Cannot spread fragment/,
  ],
  [
    'a long list',
    '{ BasicList { id } }',
    422,
    /^BasicList finds more than the 1000 resources that this query may still read: .*BasicConnection$/,
  ],
  ['two lists of 600', '{ a: BasicList(_count: 600) { id } b: BasicList(_count: 600) { id } }', 422, /more than the 400 resources/],
  ['a long reverse list', '{ Patient(id: p0) { BasicList(_reference: subject) { id } } }', 422, /more than the 999 resources/],
  ['many values', `{ BasicList(_count: 1000) { ${repeat(200, (at) => `a${at}: code { text }`)} } }`, 422, /at most 200000 values/],
  ['a mutation', 'mutation { a }', 400, /./],
  ['a subscription', 'subscription { PatientList { id } }', 400, /./],
  [
    'lists of introspection in each other',
    '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }',
    422,
    /each of its lists at most twice/,
  ],
  ['aliases of introspection', `{ ${repeat(3, (at) => `a${at}: __schema { types { name } }`)} }`, 422, /each of its lists at most twice/],
  ['many types of introspection', `{ ${repeat(11, (at) => `a${at}: __type(name: "Patient") { name }`)} }`, 422, /__type at most ten times/],
  [
    'a FHIRPath that doubles a text',
    '{ PatientList(fhirpath: "id.select($this & $this).exists()") { id } }',
    400,
    /& is not available here/,
  ],
  [
    'FHIRPath in FHIRPath',
    '{ PatientList(fhirpath: "name.where(given.where(extension.where(true)))") { id } }',
    400,
    /nested more than 2 levels/,
  ],
  ['a long FHIRPath', `{ PatientList(fhirpath: "${'id='.repeat(200)}1") { id } }`, 400, /at most 500 characters/],
  ['brackets', `{ PatientList(name: ${'['.repeat(3000)}"x"${']'.repeat(1999)}) { id } }`, 422, /at most 100 brackets inside each other/],
])('refused in time: %s', async (_what, query, status, text) => {
  const before = performance.now();
  const response = await post(query);
  expect([response.status, response.body.data]).toEqual([status, null]);
  expect(response.body.errors[0].message).toMatch(text);
  expect(response.body.errors.length).toBeLessThanOrEqual(10);
  expect(performance.now() - before).toBeLessThan(10_000);
});

test('more values of a parameter than a search takes are refused; many levels of a variable do no harm', async () => {
  const ids = '{ PatientList(_id: $ids) { id } }';
  const many = await post(`query A($ids: [String]) ${ids}`, { ids: Array.from({ length: 5001 }, (_, at) => `x${at}`) });
  expect([many.status, many.body.errors[0].message]).toEqual([400, '_id may have at most 5000 values separated by comma']);
  let deep: unknown = 'p1';
  for (let level = 0; level < 1500; level++) deep = [deep];
  expect((await post(`query A($ids: [String]) ${ids}`, { ids: deep })).status).toBe(400);
  await post(`query A($ids: [String]) ${ids}`, { ids: 'p1' }).expect(200, { data: { PatientList: [{ id: 'p1' }] } });
});

test('introspection: the standard query of tools, the types by name, and __typename', async () => {
  const { body } = await post(getIntrospectionQuery()).expect(200);
  const types = body.data.__schema.types as { name: string; fields: { name: string; args: { name: string }[] }[] }[];
  const patient = types.find(({ name }) => name === 'Patient')!;
  expect(patient.fields.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['name', '_birthDate', 'deceasedBoolean', 'ObservationList', 'ConditionConnection']),
  );
  expect(body.data.__schema.directives.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['skip', 'include', 'first', 'flatten', 'singleton', 'slice']),
  );
  const { body: one } = await post('{ __type(name: "HumanName") { kind fields { name } } }').expect(200);
  expect(one.data.__type).toMatchObject({ kind: 'OBJECT', fields: expect.arrayContaining([{ name: 'family' }]) });
  expect((await post('{ __typename Patient(id: p1) { __typename managingOrganization { resource { __typename } } } }')).body.data).toEqual({
    __typename: 'Query',
    Patient: { __typename: 'Patient', managingOrganization: { resource: { __typename: 'Organization' } } },
  });
});

test('a result of introspection is kept: by document, operation and variables, for as many queries as there is room for', async () => {
  const query = getIntrospectionQuery({ descriptions: false });
  const first = await post(query).expect(200);
  const again = await post(`# the same query\n${query.replaceAll('\n', '\n  ')}`).expect(200);
  expect([again.text === first.text, Object.keys(again.body)]).toEqual([true, ['data']]);
  const byVariable =
    'query A($yes: Boolean!) { __type(name: "HumanName") { name kind @include(if: $yes) } } query B($yes: Boolean!) { __type(name: "Period") { name @skip(if: $yes) } }';
  const ask = async (operationName: string, yes: boolean) =>
    (
      await facet
        .fhir('post', '/$graphql')
        .set('Content-Type', 'application/json')
        .send(JSON.stringify({ query: byVariable, operationName, variables: { yes } }))
        .expect(200)
    ).body.data.__type;
  for (let round = 0; round < 2; round++) {
    expect([await ask('A', true), await ask('A', false)]).toEqual([{ name: 'HumanName', kind: 'OBJECT' }, { name: 'HumanName' }]);
    expect([await ask('B', false), await ask('B', true)]).toEqual([{ name: 'Period' }, {}]);
  }
  const pretty = await facet
    .fhir('get', `/$graphql?_pretty=true&query=${encodeURIComponent('{ __type(name: "Period") { name } }')}`)
    .expect(200);
  expect(pretty.text).toBe('{\n  "data": {\n    "__type": {\n      "name": "Period"\n    }\n  }\n}');
  // others push the oldest out, and a mistake is not kept
  for (let n = 0; n < 20; n++)
    await post(`{ a${n}: __type(name: "Period") { name } }`).expect(200, { data: { [`a${n}`]: { name: 'Period' } } });
  for (let round = 0; round < 2; round++) await post('{ __type(name: "Period") { nothing } }').expect(400);
  expect((await post(query).expect(200)).text === first.text).toBe(true);
});

test('after all of this the server answers', async () => {
  await facet.fhir('get', '/Patient/p1').expect(200);
});
