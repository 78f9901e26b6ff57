// The directives of $graphql that change the form of the result: the examples of the specification. https://hl7.org/fhir/R4/graphql.html#flattening
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await facet
    .put({
      resourceType: 'Patient',
      id: 'example',
      active: true,
      identifier: [{ system: 'urn:oid:1.2.36.146.595.217.0.1', value: '12345' }],
      name: [
        { use: 'official', family: 'Chalmers', given: ['Peter', 'James'] },
        { use: 'usual', given: ['Jim'] },
        { use: 'maiden', family: 'Windsor', given: ['Peter', 'James'] },
      ],
      telecom: [{ system: 'phone', value: '1' }],
      maritalStatus: { text: 'married' },
    })
    .expect(201);
  for (const [id, value] of [
    ['a', 1],
    ['b', 2],
  ] as const)
    await facet
      .put({
        resourceType: 'Observation',
        id,
        status: 'final',
        code: { text: id },
        subject: { reference: 'Patient/example' },
        valueQuantity: { value },
        effectiveDateTime: `2024-01-0${value}`,
      })
      .expect(201);
});
afterAll(() => facet.close());

const ask = (query: string, path = '/Patient/example') => facet.fhir('get', `${path}/$graphql?query=${encodeURIComponent(query)}`);
const IDENTIFIER = { system: ['urn:oid:1.2.36.146.595.217.0.1'], value: ['12345'] };

test.each<[string, string, unknown]>([
  [
    '@flatten',
    '{ identifier @flatten { system value } active name @flatten { text given family } }',
    { ...IDENTIFIER, active: true, given: ['Peter', 'James', 'Jim', 'Peter', 'James'], family: ['Chalmers', 'Windsor'] },
  ],
  [
    '@first below @flatten',
    '{ identifier @flatten { system value } active name @flatten { text given @first family } }',
    { ...IDENTIFIER, active: true, given: ['Peter', 'Jim', 'Peter'], family: ['Chalmers', 'Windsor'] },
  ],
  [
    '@singleton',
    '{ identifier @flatten { system @singleton value @singleton } active name @flatten @first { text given family @singleton } }',
    { system: IDENTIFIER.system[0], value: '12345', active: true, given: ['Peter', 'James'], family: 'Chalmers' },
  ],
  [
    '@slice by an element',
    '{ active name @flatten @slice(path: "use") { given family @singleton } }',
    {
      active: true,
      'given.official': ['Peter', 'James'],
      'family.official': 'Chalmers',
      'given.usual': ['Jim'],
      'given.maiden': ['Peter', 'James'],
      'family.maiden': 'Windsor',
    },
  ],
  [
    '@slice by $index',
    '{ name @slice(path: "$index") @flatten { given @first @singleton family } }',
    { 'given.0': 'Peter', 'family.0': ['Chalmers'], 'given.1': 'Jim', 'given.2': 'Peter', 'family.2': ['Windsor'] },
  ],
  ['@slice without @flatten', '{ name(use: usual) @slice(path: "use") @singleton { given } }', { 'name.usual': { given: ['Jim'] } }],
  [
    '@flatten in a fragment, of an element that is no list, and of none',
    '{ ...Status contact @flatten { gender } } fragment Status on Patient { maritalStatus @flatten { text } }',
    { text: 'married' },
  ],
  [
    '@flatten of a reverse reference, and of elements in it',
    '{ id ObservationList(_reference: subject, _sort: "date") @flatten { valueQuantity @flatten { value } } }',
    { id: 'example', value: [1, 2] },
  ],
  ['a list stays a list without values', '{ photo { title } name(use: usual) @flatten { given } }', { photo: null, given: ['Jim'] }],
])('%s', async (_what, query, expected) => {
  const { status, body } = await ask(query);
  expect([status, body]).toEqual([200, { data: expected }]);
});

test('the same directives in a query of the system', async () => {
  const query = '{ ObservationList(_sort: "date") @slice(path: "id") @flatten { valueQuantity @flatten @singleton { value @singleton } } }';
  expect((await ask(query, '')).body).toEqual({ data: { 'value.a': 1, 'value.b': 2 } });
});

test.each([
  [
    'more than one value',
    '{ name @flatten { family @singleton } }',
    'family has more than one value: leave out @singleton, or select one value',
  ],
  [
    'values of different types',
    '{ identifier @flatten { system } telecom @flatten { system } }',
    '@flatten brings values of different types together as system: name one of them with an alias',
  ],
  ['a slice of a primitive', '{ name { given @slice(path: "$index") } }', '@slice can be used on lists of elements only, not on given'],
])('refused (422): %s', async (_what, query, text) => {
  const { status, body } = await ask(query);
  expect([status, body.data, body.errors[0].message]).toEqual([422, null, text]);
});

test('refused (400): an expression of @slice that could be evaluated only at great cost', async () => {
  const { status, body } = await ask('{ name @slice(path: "repeat($this)") { family } }');
  expect([status, body.errors[0].message]).toEqual([400, 'a FHIRPath expression is not supported: repeat() is not available here']);
});
