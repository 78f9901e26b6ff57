// $graphql: reads, lists, connections, references, reverse references, list navigation, errors, scopes and tenants. https://hl7.org/fhir/R4/graphql.html
import request from 'supertest';
import { type Method, type Running, startFacet } from './running-server.ts';

let facet: Running;
const PATIENT = {
  resourceType: 'Patient',
  id: 'example',
  active: true,
  identifier: [{ system: 'urn:oid:1.2.36.146.595.217.0.1', value: '12345' }],
  name: [
    { use: 'official', family: 'Chalmers', given: ['Peter', 'James'] },
    { use: 'usual', given: ['Jim'] },
    { use: 'maiden', family: 'Windsor', given: ['Peter', 'James'] },
  ],
  birthDate: '1974-12-25',
  _birthDate: {
    extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime', valueDateTime: '1974-12-25T14:35:45-05:00' }],
  },
  managingOrganization: { reference: 'Organization/clinic' },
};
const observation = (id: string, patient: string, value: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: id.startsWith('w') ? '29463-7' : '8302-2' }] },
  subject: { reference: `Patient/${patient}` },
  ...(value !== '' && { valueQuantity: { value: JSON.rawJSON(value), unit: 'kg' } }),
  ...more,
});

beforeAll(async () => {
  facet = await startFacet();
  await store([
    PATIENT,
    {
      resourceType: 'Patient',
      id: 'bob',
      active: false,
      name: [{ family: 'Petri' }],
      managingOrganization: { reference: 'Organization/clinic' },
    },
    { resourceType: 'Organization', id: 'clinic', active: true, name: 'Clinic' },
    { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'Who' }] },
    observation('w1', 'example', '72.50', {
      contained: [{ resourceType: 'Practitioner', id: 'inner', name: [{ family: 'Inside' }] }],
      performer: [{ reference: '#inner' }, { reference: 'Practitioner/doc' }],
      effectiveDateTime: '2024-01-01',
    }),
    observation('w2', 'example', '71', { effectiveDateTime: '2024-02-01' }),
    observation('h1', 'bob', '', { performer: [{ reference: 'Practitioner/gone' }], effectiveDateTime: '2024-03-01' }),
    ...Array.from({ length: 7 }, (_, at) => ({
      resourceType: 'Basic',
      id: `basic${at}`,
      code: { text: 'x' },
      created: `2024-01-0${at + 1}`,
    })),
  ]);
});
afterAll(() => facet.close());

async function store(resources: { resourceType: string; id: string; [element: string]: unknown }[], key?: string): Promise<void> {
  const entry = resources.map((resource) => ({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }));
  await facet
    .fhir('post', '', key)
    .send(JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }))
    .expect(200);
}

interface Answer {
  data: Record<string, unknown> | null;
  errors?: { message: string; path?: string[]; extensions: { resource: { resourceType: string; issue: { code: string }[] } } }[];
}
const get = (path: string, query: string, key?: string) => facet.fhir('get', `${path}/$graphql?query=${encodeURIComponent(query)}`, key);
const ask = async (query: string, key?: string) => (await get('', query, key)).body as Answer;
const data = async (path: string, query: string) => {
  const { status, body } = await get(path, query);
  expect([status, body.errors]).toEqual([200, undefined]);
  return (body as Answer).data;
};
const post = (media: string, body: string, path = '') =>
  request(facet.app)
    .post(`/fhir/R4${path}/$graphql`)
    .set({ Authorization: `Bearer ${facet.demo.fhir}`, 'Content-Type': media })
    .send(body);
/** The status, and the code and text of the first error. */
const refusal = async (query: string, { path = '', key }: { path?: string; key?: string } = {}) => {
  const { status, body } = await get(path, query, key);
  const [error] = (body as Answer).errors!;
  expect(body.data).toBeNull();
  expect(error!.extensions.resource.resourceType).toBe('OperationOutcome');
  return [status, error!.extensions.resource.issue[0]!.code, error!.message];
};
const keyFor = (...scopes: string[]) => facet.keyWith('fhir', scopes);

describe('fields of a resource', () => {
  test('the example of the specification: names of a patient', async () => {
    expect(await data('/Patient/example', '{ name { text given family } }')).toEqual({
      name: PATIENT.name.map(({ given, family = null }) => ({ text: null, given, family })),
    });
  });

  test('extensions of a primitive, by its sibling', async () => {
    expect(await data('/Patient/example', '{ birthDate _birthDate { extension { valueDateTime } } }')).toEqual({
      birthDate: PATIENT.birthDate,
      _birthDate: { extension: [{ valueDateTime: '1974-12-25T14:35:45-05:00' }] },
    });
  });

  test('a choice by its JSON name; decimals keep their digits', async () => {
    const { text } = await get('/Observation/w1', '{ id resourceType valueQuantity { value unit } valueString }');
    expect(text).toBe('{"data":{"id":"w1","resourceType":"Observation","valueQuantity":{"value":72.50,"unit":"kg"},"valueString":null}}');
  });

  test.each<[string, unknown]>([
    ['name(use: official) { family }', [{ family: 'Chalmers' }]],
    ['name(use: "usual") { given }', [{ given: ['Jim'] }]],
    ['name(given: Peter, use: maiden) { family }', [{ family: 'Windsor' }]],
    ['name(fhirpath: "family.exists()") { family }', [{ family: 'Chalmers' }, { family: 'Windsor' }]],
    ['name(fhirpath: "given.where($this = \'Jim\').exists()") { use }', [{ use: 'usual' }]],
    ['name(fhirpath: "$index = 1") { use }', [{ use: 'usual' }]],
    ['name(_offset: 1, _count: 1) { use }', [{ use: 'usual' }]],
    ['name(fhirpath: "family.exists()", _offset: 1) { use }', [{ use: 'maiden' }]],
    ['name(_count: 0) { use }', []],
    ['name @first { use }', [{ use: 'official' }]],
    ['name(use: nickname) { use }', []],
  ])('list navigation: %s', async (field, expected) => {
    expect(await data('/Patient/example', `{ ${field} }`)).toEqual({ name: expected });
  });

  test('aliases, variables, fragments, @skip and @include', async () => {
    const query = `query Names($use: String, $no: Boolean = false) {
      official: name(use: $use) { ...Family } id @include(if: $no) active @skip(if: $no) }
      fragment Family on HumanName { family }`;
    const { body } = await post('application/json', JSON.stringify({ query, variables: { use: 'official' } }), '/Patient/example');
    expect(body).toEqual({ data: { official: [{ family: 'Chalmers' }], active: true } });
  });
});

describe('references', () => {
  test('the target, with and without its type', async () => {
    expect(await data('/Observation/w1', '{ subject { reference resource { active id } } }')).toEqual({
      subject: { reference: 'Patient/example', resource: { active: true, id: 'example' } },
    });
    const fragments = '{ subject { resource { ... on Patient { birthDate } ... on Group { name } } } }';
    expect(await data('/Observation/w1', fragments)).toEqual({ subject: { resource: { birthDate: PATIENT.birthDate } } });
  });

  test('the argument type selects, twice as in the example of the specification', async () => {
    const query = '{ subject { reference resource(type: Patient) { birthDate } resource(type: Practitioner) { name { family } } } }';
    expect(await data('/Observation/w1', query)).toEqual({
      subject: { reference: 'Patient/example', resource: { birthDate: PATIENT.birthDate } },
    });
    expect(await data('/Observation/w1', '{ subject { resource(type: Group) { name } } }')).toEqual({ subject: { resource: null } });
  });

  test('a contained resource, and another one beside it', async () => {
    expect(await data('/Observation/w1', '{ performer { resource { ... on Practitioner { name { family } } } } }')).toEqual({
      performer: [{ resource: { name: [{ family: 'Inside' }] } }, { resource: { name: [{ family: 'Who' }] } }],
    });
  });

  test('a missing target is an error, or null if it is optional', async () => {
    expect(await refusal('{ performer { resource { id } } }', { path: '/Observation/h1' })).toEqual([
      422,
      'business-rule',
      'a reference leads to no resource that can be read: add optional: true to resource',
    ]);
    expect(await data('/Observation/h1', '{ performer { reference resource(optional: true) { id } } }')).toEqual({
      performer: [{ reference: 'Practitioner/gone', resource: null }],
    });
  });

  test('reverse references, of several resources and with their own arguments', async () => {
    const query = '{ PatientList(_sort: "_id") { id ObservationList(_reference: patient, _sort: "-date") { id } } }';
    expect(await data('', query)).toEqual({
      PatientList: [
        { id: 'bob', ObservationList: [{ id: 'h1' }] },
        { id: 'example', ObservationList: [{ id: 'w2' }, { id: 'w1' }] },
      ],
    });
    const limited =
      '{ ObservationList(_reference: subject, _sort: "date", _count: 1) { id } heights: ObservationList(_reference: subject, code: "8302-2") { id } }';
    expect(await data('/Patient/example', limited)).toEqual({ ObservationList: [{ id: 'w1' }], heights: [] });
  });

  test('a wrong _reference is refused with the right ones', async () => {
    const [status, code, text] = await refusal('{ ObservationList(_reference: encounter) { id } }', { path: '/Patient/example' });
    expect([status, code]).toEqual([400, 'invalid']);
    expect(text).toContain('_reference must be a search parameter of Observation for Patient:');
    expect(text).toContain('subject');
  });
});

describe('searches', () => {
  test('a resource by id, without quotes as in the example', async () => {
    expect(await data('', '{ Patient(id: example) { id active } }')).toEqual({ Patient: { id: 'example', active: true } });
  });

  test.each<[string, string[]]>([
    ['PatientList(name: "pet", _sort: "_id")', ['bob', 'example']],
    ['PatientList(_id: [1, bob, example], active: true)', ['example']],
    ['PatientList(name: "peter,james")', []],
    ['PatientList(_filter: "name sw \\"wind\\"")', ['example']],
    ['PatientList(fhirpath: "name.family = \'Petri\'")', ['bob']],
    ['PatientList(identifier: "urn:oid:1.2.36.146.595.217.0.1|12345")', ['example']],
    ['PatientList(_sort: "_id") @first', ['bob']],
    ['ObservationList(code: "29463-7", patient: example, _sort: "date", _count: 1)', ['w1']],
    ['ObservationList(value_quantity: "72.5")', ['w1']],
  ])('%s', async (field, expected) => {
    const found = await data('', `{ found: ${field} { id } }`);
    expect(found).toEqual({ found: expected.map((id) => ({ id })) });
  });

  test('a connection is paged forwards and backwards by its cursors', async () => {
    const fields = 'count offset pagesize first previous next last edges { mode score resource { id } }';
    interface Page extends Record<string, unknown> {
      next: string | null;
      previous: string | null;
      edges: { mode: string; score: null; resource: { id: string } }[];
    }
    const read = async (args: string) => (await data('', `{ BasicConnection(${args}) { ${fields} } }`))!.BasicConnection as Page;
    const pages = [await read('_count: 3, _sort: "_id"')];
    for (let next = pages[0]!.next; next; next = pages.at(-1)!.next) pages.push(await read(`_cursor: "${next}"`));
    const idsOf = ({ edges }: Page) => edges.map(({ resource }) => resource.id);
    expect(pages.map(idsOf)).toEqual([['basic0', 'basic1', 'basic2'], ['basic3', 'basic4', 'basic5'], ['basic6']]);
    expect(pages.map(({ count, offset, pagesize, last }) => [count, offset, pagesize, last])).toEqual(
      [0, 3, 6].map((offset) => [7, offset, 3, null]),
    );
    expect(pages[0]!.edges[0]).toEqual({ mode: 'match', score: null, resource: { id: 'basic0' } });
    expect(idsOf(await read(`cursor: "${pages[2]!.previous}"`))).toEqual(idsOf(pages[1]!));
    expect(idsOf(await read(`cursor: "${pages[2]!.first}"`))).toEqual(idsOf(pages[0]!));
    expect(pages[0]!.previous).toBeNull();
    const again = (type: string, more = '') => `{ ${type}Connection(_cursor: "${pages[0]!.next}"${more}) { count } }`;
    expect((await refusal(again('Basic', ', _count: 1')))[0]).toBe(400);
    expect((await refusal(again('Patient')))[2]).toBe('this cursor belongs to another search');
    expect((await refusal(again('Basic'), { key: facet.other.fhir! }))[0]).toBe(400);
  });
});

describe('forms of requests', () => {
  const expected = { data: { Patient: { id: 'example' } } };
  const QUERY = '{ Patient(id: "example") { id } }';
  test.each<[string, string]>([
    ['application/graphql', QUERY],
    ['application/json', JSON.stringify({ query: QUERY, variables: null, operationName: null, extensions: {} })],
    ['application/json', JSON.stringify({ query: `query A { Patient(id: "bob") { id } } query B ${QUERY}`, operationName: 'B' })],
    ['application/fhir+json', JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: 'query', valueString: QUERY }] })],
  ])('POST of %s', async (media, body) => {
    const response = await post(media, body).expect(200);
    expect([response.headers['content-type'], response.body]).toEqual(['application/json; charset=utf-8', expected]);
  });

  test('GET with variables and operationName; HEAD; the format is always JSON', async () => {
    const query = new URLSearchParams({
      query: 'query A($id: ID!) { Patient(id: $id) { id } }',
      variables: '{"id":"example"}',
      operationName: 'A',
    });
    const path = `/$graphql?${query}`;
    const { body } = await facet
      .fhir('get', path)
      .set('Accept', 'application/fhir+xml')
      .expect(200)
      .expect('Content-Type', /^application\/json/);
    expect(body).toEqual(expected);
    const head = await facet.fhir('head', path).expect(200);
    expect([head.headers['content-length'], head.text]).toEqual([String(JSON.stringify(expected).length), undefined]);
    expect((await facet.fhir('get', `${path}&_pretty=true`)).text).toBe(JSON.stringify(expected, null, 2));
  });

  test.each<[string, Method, string, string | undefined, string, number]>([
    ['no query', 'get', '/$graphql', undefined, '', 400],
    ['an unknown parameter', 'get', '/$graphql?query={__typename}&_count=1', undefined, '', 400],
    ['variables that are not an object', 'get', '/$graphql?query={__typename}&variables=[1]', undefined, '', 400],
    ['two queries', 'get', '/$graphql?query={__typename}&query={__typename}', undefined, '', 400],
    ['another media type', 'post', '/$graphql', 'text/plain', '{ __typename }', 415],
    ['a body that is not JSON', 'post', '/$graphql', 'application/json', '{', 400],
    ['a query in the URL of a POST', 'post', '/$graphql?query={__typename}', 'application/graphql', '{ __typename }', 400],
    ['a missing instance', 'get', '/Patient/none/$graphql?query={id}', undefined, '', 404],
  ])('refused: %s', async (_what, method, path, media, body, status) => {
    const call = facet.fhir(method, path);
    const response = await (media ? call.set('Content-Type', media).send(body) : call);
    expect([response.status, response.body.data]).toEqual([status, null]);
    expect(response.body.errors[0].extensions.resource.issue).toHaveLength(1);
  });

  test('a deleted instance is 410, other methods are 405, and a batch refuses $graphql', async () => {
    await store([{ resourceType: 'Patient', id: 'brief' }]);
    await facet.fhir('delete', '/Patient/brief').expect(204);
    expect((await refusal('{ id }', { path: '/Patient/brief' })).slice(0, 2)).toEqual([410, 'deleted']);
    expect((await refusal('{ Patient(id: brief) { id } }')).slice(0, 2)).toEqual([410, 'deleted']);
    await facet.fhir('put', '/Patient/example/$graphql').send('{}').expect(405);
    const entry = [{ request: { method: 'GET', url: 'Patient/example/$graphql?query={id}' } }];
    const { body } = await facet.fhir('post', '').send({ resourceType: 'Bundle', type: 'batch', entry }).expect(200);
    expect(body.entry[0].response.status).toMatch(/^400/);
  });
});

describe('errors', () => {
  test.each<[string, string, number, RegExp]>([
    ['/Patient/example', '{ nme { family } }', 400, /^Patient has no field nme \(did you mean name\?\)$/],
    ['/Patient/example', '{ name { family(x: 1) } }', 400, /Unknown argument "x"/],
    ['/Patient/example', '{ name }', 400, /must have a selection of subfields/],
    ['/Patient/example', '{ name @unknown { family } }', 400, /Unknown directive "@unknown"/],
    ['/Patient/example', '{ name(fhirpath: "descendants()") { family } }', 400, /descendants\(\) is not available here/],
    ['/Patient/example', '{ name(fhirpath: "%resource.name") { family } }', 400, /%resource is not available here/],
    ['/Patient/example', '{ name(fhirpath: "((") { family } }', 400, /FHIRPath expression is not supported/],
    ['/Patient/example', '{ managingOrganization { resource { name } } }', 400, /^Resource has no field name: name its type in a fragment/],
    ['', '{ Patient { id } }', 400, /Argument "Query.Patient\(id:\)" .* is required/],
    ['', '{ PatientList(family: 1, nosuch: 2) { id } }', 400, /Unknown argument "nosuch"/],
    ['', '{ PatientList(birthdate: "soon") { id } }', 400, /birthdate/],
    ['', '{ Nothing(id: 1) { id } }', 400, /^Query has no field Nothing$/],
    ['', '{ Patient(id: "example") { id }', 400, /Syntax Error/],
    ['', 'mutation { PatientDelete(id: "example") { id } }', 400, /./],
    ['', 'query A { __typename } query B { __typename }', 400, /operationName/],
  ])('%s %s', async (path, query, status, text) => {
    const [got, , message] = await refusal(query, { path });
    expect(got).toBe(status);
    expect(message).toMatch(text);
  });

  test('no error repeats a value', async () => {
    for (const query of [
      '{ Patient(id: {a: "secret-7"}) { id } }',
      '{ PatientList(_count: "secret-7") { id } }',
      '{ PatientList(name: "x", birthdate: "secret-7") { id } }',
    ])
      expect(JSON.stringify(await ask(query))).not.toContain('secret-7');
    const { body } = await post(
      'application/json',
      JSON.stringify({ query: 'query A($n: Int) { PatientList(_count: $n) { id } }', variables: { n: 'secret-7' } }),
    );
    expect([body.data, JSON.stringify(body).includes('secret-7')]).toEqual([null, false]);
  });
});

describe('scopes and tenants', () => {
  test('a search needs .s, a read .r, also of an instance', async () => {
    const search = await keyFor('system/Patient.s');
    const read = await keyFor('system/Patient.r');
    expect((await ask('{ PatientList(_id: bob) { id } }', search)).data).toEqual({ PatientList: [{ id: 'bob' }] });
    expect((await ask('{ Patient(id: bob) { id } }', read)).data).toEqual({ Patient: { id: 'bob' } });
    expect(await refusal('{ PatientList(_id: bob) { id } }', { key: read })).toEqual([
      403,
      'forbidden',
      'the scopes of this credential do not cover a search of Patient: it needs system/Patient.s',
    ]);
    const noRead = [403, 'forbidden', 'the scopes of this credential do not cover this use of Patient: it needs system/Patient.r'];
    expect(await refusal('{ Patient(id: bob) { id } }', { key: search })).toEqual(noRead);
    expect(await refusal('{ id }', { path: '/Patient/bob', key: search })).toEqual(noRead);
  });

  test('references and reverse references need the scope of the other type', async () => {
    const key = await keyFor('system/Patient.rs');
    const target = (optional: boolean) => `{ managingOrganization { resource(optional: ${optional}) { id } } }`;
    expect((await refusal(target(false), { path: '/Patient/bob', key })).slice(0, 2)).toEqual([403, 'forbidden']);
    expect((await get('/Patient/bob', target(true), key)).body.data).toEqual({ managingOrganization: { resource: null } });
    expect((await refusal('{ ObservationList(_reference: subject) { id } }', { path: '/Patient/bob', key }))[0]).toBe(403);
    expect((await refusal('{ PatientList(_filter: "organization.name eq clinic") { id } }', { key }))[0]).toBeGreaterThanOrEqual(400);
    expect((await refusal('{ BasicConnection { count } }', { key }))[0]).toBe(403);
  });

  test("another tenant's data does not exist", async () => {
    const key = facet.other.fhir!;
    expect((await ask('{ PatientList { id } ObservationConnection { count } }', key)).data).toEqual({
      PatientList: [],
      ObservationConnection: { count: 0 },
    });
    expect((await refusal('{ Patient(id: example) { id } }', { key }))[0]).toBe(404);
    await store([{ resourceType: 'Patient', id: 'theirs', managingOrganization: { reference: 'Organization/clinic' } }], key);
    expect((await refusal('{ managingOrganization { resource { id } } }', { path: '/Patient/theirs', key }))[0]).toBe(422);
  });

  test('without a key it is 401; the headers of a Subscription are hidden from a key that only reads', async () => {
    await request(facet.app).get('/fhir/R4/$graphql?query={__typename}').expect(401);
    await store([
      {
        resourceType: 'Subscription',
        id: 'hook',
        status: 'off',
        reason: 'test',
        criteria: 'Basic?code=none',
        channel: { type: 'rest-hook', endpoint: 'https://example.org/hook', header: ['Authorization: secret'] },
      },
    ]);
    const key = await keyFor('system/Subscription.rs');
    const hidden = { channel: { header: ['Authorization: hidden'] } };
    expect((await ask('{ Subscription(id: hook) { channel { header } } }', key)).data).toEqual({ Subscription: hidden });
    expect((await ask('{ SubscriptionList { channel { header } } }', key)).data).toEqual({ SubscriptionList: [hidden] });
  });
});
