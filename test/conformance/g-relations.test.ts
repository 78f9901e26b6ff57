// G. search by references, chains, includes and compartments, by the numbers of the requirements. https://hl7.org/fhir/R4/search.html#reference, #chaining, #include
import { type Answer, expectRefusal, finder, type Resource, server, store } from './asking.ts';

const { ask, base } = server();
const find = finder(ask);
const to = (reference: string) => ({ reference });
const observation = (id: string, code: string, subject: unknown, more: object = {}): Resource => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ code }] },
  subject,
  ...more,
});

beforeAll(async () => {
  await store(
    ask,
    { resourceType: 'Organization', id: 'group', name: 'Group' },
    { resourceType: 'Organization', id: 'clinic', name: 'Clinic', partOf: to('Organization/group') },
    { resourceType: 'Organization', id: 'ward', name: 'Ward', partOf: to('Organization/clinic') },
    { resourceType: 'Practitioner', id: 'lee', name: [{ family: 'Lee' }], identifier: [{ system: 'urn:npi', value: '7' }] },
    { resourceType: 'Patient', id: 'ann', name: [{ family: 'Ames' }], managingOrganization: to('Organization/ward') },
    { resourceType: 'Patient', id: 'bob', name: [{ family: 'Bell' }], generalPractitioner: [to('Practitioner/lee')] },
    { resourceType: 'Location', id: 'room', name: 'Ames Hall' },
    { resourceType: 'Encounter', id: 'visit', status: 'finished', class: { code: 'AMB' }, subject: to('Patient/ann') },
  );
  await store(
    ask,
    observation('plain', 'a', to('Patient/ann'), { performer: [to('Practitioner/lee')], encounter: to('Encounter/visit') }),
    observation('absolute', 'b', to(`${base()}/Patient/ann`)),
    observation('versioned', 'c', to('Patient/ann/_history/1')),
    observation('place', 'd', to('Location/room')),
    observation('elsewhere', 'e', to('https://elsewhere.example/fhir/Patient/ann')),
    observation('identified', 'f', { identifier: { system: 'urn:mrn', value: '9' } }),
    observation('derived', 'g', to('Patient/bob'), { derivedFrom: [to('Observation/plain')], hasMember: [to('Observation/nowhere')] }),
    {
      resourceType: 'Provenance',
      id: 'source',
      recorded: '2026-01-01T00:00:00Z',
      target: [to('Patient/ann')],
      agent: [{ who: to('Practitioner/lee') }],
    },
  );
});

test.each([
  ['an id', 'subject=ann', ['absolute', 'plain', 'versioned']],
  ['Type/id', 'subject=Patient/ann', ['absolute', 'plain', 'versioned']],
  ['a URL under the own base', 'subject=BASE/Patient/ann', ['absolute', 'plain', 'versioned']],
  ['a URL elsewhere is another resource', 'subject=https://elsewhere.example/fhir/Patient/ann', ['elsewhere']],
  [':Type says of which type an id is', 'subject:Location=room', ['place']],
  [':Type of another type', 'subject:Patient=room', []],
  [':identifier asks for the identifier beside the reference', 'subject:identifier=urn:mrn|9', ['identified']],
  ['a parameter of one type only', 'patient=ann', ['absolute', 'plain', 'versioned']],
])('G81 a reference: %s', async (_title, query, expected) => {
  expect(await find(`Observation?${query.replace('BASE', base())}`)).toEqual(expected);
});

test('G81 a canonical with its version, and any version of it', async () => {
  const form = (id: string, questionnaire: string): Resource => ({
    resourceType: 'QuestionnaireResponse',
    id,
    status: 'completed',
    questionnaire,
  });
  await store(ask, form('one', 'http://example.org/q|1.0'), form('two', 'http://example.org/q|2.0'));
  expect(await find('QuestionnaireResponse?questionnaire=http://example.org/q|1.0')).toEqual(['one']);
  expect(await find('QuestionnaireResponse?questionnaire=http://example.org/q')).toEqual(['one', 'two']);
});

test.each([
  ['below', 'partof:below=group', ['clinic', 'ward']],
  ['above', 'partof:above=clinic', ['clinic', 'ward']],
])('G81 the hierarchy of a reference: :%s', async (_title, query, expected) => {
  expect(await find(`Organization?${query}`)).toEqual(expected);
});

test.each([
  ['a chain', 'Observation?patient.family=ames', ['absolute', 'plain', 'versioned']],
  ['a chain of three links', 'Observation?subject:Patient.organization.partof.name=clinic', ['absolute', 'plain', 'versioned']],
  ['a typed chain', 'Observation?subject:Patient.name=ames', ['absolute', 'plain', 'versioned']],
  ['an untyped chain asks all types that have the parameter', 'Observation?subject.name=ames', ['absolute', 'place', 'plain', 'versioned']],
  ['a modifier at the end', 'Observation?patient.family:exact=Ames', ['absolute', 'plain', 'versioned']],
  ['_has', 'Patient?_has:Observation:patient:code=g', ['bob']],
  ['_has within _has', 'Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=g', ['lee']],
  ['_has at the end of a chain', 'Observation?patient._has:Provenance:target:_id=source', ['absolute', 'plain', 'versioned']],
  ['a chain at the end of _has', 'Patient?_has:Observation:patient:performer:Practitioner.identifier=urn:npi|7', ['ann']],
  ['both in one search, joined by AND', 'Patient?organization.name=ward&_has:Observation:patient:code=a', ['ann']],
])('G88 %s', async (_title, search, expected) => {
  expect(await find(search)).toEqual(expected);
});

test.each([
  'Observation?subject.colour=x',
  'Observation?status.name=x',
  'Observation?subject:Dragon.name=x',
  'Patient?_has:Observation:patient=x',
  'Patient?_has:Observation:device-name:code=x',
  'Patient?_has:Dragon:patient:code=x',
])('G88 %s is not a valid chain: 400', async (search) => {
  expectRefusal(await ask('GET', `/${search}`), 400);
});

const entriesOf = ({ body }: Answer, mode: string): string[] =>
  (body.entry ?? [])
    .filter(({ search }: { search: { mode: string } }) => search.mode === mode)
    .map(({ resource }: { resource: Resource }) => `${resource.resourceType}/${resource.id}`)
    .sort();

test.each([
  ['_include', 'Observation?_id=plain,place&_include=Observation:subject', ['Location/room', 'Patient/ann']],
  ['_include with a target type', 'Observation?_id=plain,place&_include=Observation:subject:Location', ['Location/room']],
  ['what several refer to comes once', 'Observation?_id=plain,absolute&_include=Observation:subject', ['Patient/ann']],
  ['a target that is not here is absent', 'Observation?_id=derived&_include=Observation:has-member', []],
  ['a match is not included again', 'Observation?_id=plain,derived&_include=Observation:derived-from', []],
  ['_revinclude', 'Patient?_id=ann&_revinclude=Provenance:target', ['Provenance/source']],
  [
    ':iterate goes on from what came in',
    'Observation?_id=plain&_include=Observation:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof',
    ['Organization/clinic', 'Organization/group', 'Organization/ward', 'Patient/ann'],
  ],
  ['without it nothing goes on', 'Observation?_id=plain&_include=Observation:patient', ['Patient/ann']],
  ['*', 'Observation?_id=plain&_include=*', ['Encounter/visit', 'Patient/ann', 'Practitioner/lee']],
])('G89 %s', async (_title, search, expected) => {
  const answer = await ask('GET', `/${search}&_total=accurate`);
  expect([answer.status, entriesOf(answer, 'include')]).toEqual([200, expected]);
  expect(answer.body.total).toBe(entriesOf(answer, 'match').length);
});

test('G89 :iterate ends if references are circular', async () => {
  const part = (id: string, of: string): Resource => ({ resourceType: 'Organization', id, name: id, partOf: to(`Organization/${of}`) });
  await store(ask, part('round', 'trip'), part('trip', 'round'));
  const answer = await ask('GET', '/Organization?_id=round&_include:iterate=Organization:partof');
  expect([entriesOf(answer, 'include'), entriesOf(answer, 'outcome')]).toEqual([['Organization/trip'], []]);
});

test('G89 _count counts matches, not included resources', async () => {
  const answer = await ask('GET', '/Observation?patient=ann&_include=Observation:subject&_count=2');
  expect([entriesOf(answer, 'match').length, entriesOf(answer, 'include')]).toEqual([2, ['Patient/ann']]);
});

test.each([
  '_include=Observation:colour',
  '_include=Observation',
  '_include=Observation:status',
  '_revinclude=Dragon:target',
  '_include:colour=Observation:subject',
])('G89 %s is 400', async (query) => {
  expectRefusal(await ask('GET', `/Observation?${query}`), 400);
});

test.each([
  ['Patient/ann/Observation', ['absolute', 'plain', 'versioned']],
  ['Patient/ann/Observation?code=a', ['plain']],
  ['Patient/ann/*?_type=Encounter,Observation', ['absolute', 'plain', 'versioned', 'visit']],
  ['Patient/ann/Encounter', ['visit']],
  ['Encounter/visit/Observation', ['plain']],
  ['Practitioner/lee/Observation', ['plain']],
  ['Patient/nobody/Observation', []],
])('G96 the compartment: %s', async (search, expected) => {
  expect(await find(search)).toEqual(expected);
});

test('G96 Patient/ann/* finds the resources of the patient, of every type, and no others', async () => {
  const found = entriesOf(await ask('GET', '/Patient/ann/*'), 'match');
  expect(found).toEqual(expect.arrayContaining(['Encounter/visit', 'Observation/plain', 'Patient/ann', 'Provenance/source']));
  for (const other of ['Patient/bob', 'Observation/derived', 'Practitioner/lee', 'Organization/ward']) expect(found).not.toContain(other);
});

test('G96 a type outside the compartment is 400; an unknown compartment is 404; RelatedPerson and Device have compartments', async () => {
  expectRefusal(await ask('GET', '/Patient/ann/Organization'), 400);
  expectRefusal(await ask('GET', '/Organization/ward/Patient'), 404);
  expect(await find('RelatedPerson/nobody/Observation')).toEqual([]);
  expect(await find('Device/nothing/Observation')).toEqual([]);
});
