// Patient/$match: candidates by the index, scores and grades, order, count, onlyCertainMatches, merged patients, scopes and tenants.
// https://hl7.org/fhir/R4/patient-operation-match.html
import { type Method, type Running, startFacet } from './running-server.ts';

const GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';
const ADA = {
  resourceType: 'Patient',
  name: [{ family: 'Lovelace', given: ['Ada'] }],
  birthDate: '1985-12-10',
  gender: 'female',
  telecom: [{ system: 'phone', value: '+1 518 473 1122' }],
};

const { telecom: _telecom, ...WITHOUT_PHONE } = ADA;

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await put('ada', { ...ADA, identifier: [{ system: 'urn:mrn', value: '7' }] });
  await put('typo', { ...WITHOUT_PHONE, name: [{ family: 'Lovelase', given: ['Ada'] }] });
  await put('sister', { ...ADA, name: [{ family: 'Lovelace', given: ['Byron'] }] });
  await put('stranger', { ...WITHOUT_PHONE, name: [{ family: 'Hopper', given: ['Grace'] }], birthDate: '1906-12-09' });
});
afterAll(() => facet.close());

interface Entry {
  resource: { resourceType: string; id: string; issue: { severity: string; details: { text: string }; expression?: string[] }[] };
  search: { mode: string; score?: number; extension?: { url: string; valueCode: string }[] };
}
const call = (method: Method, path: string, key?: string) => facet.fhir(method, path, key);
const put = (id: string, patient: object) => facet.put({ ...patient, resourceType: 'Patient', id }).expect(201);
const match = (resource: object, more: object[] = [], key?: string) =>
  call('post', '/Patient/$match', key).send({ resourceType: 'Parameters', parameter: [{ name: 'resource', resource }, ...more] });
const matchesOf = (body: { entry?: Entry[] }) =>
  (body.entry ?? [])
    .filter(({ search }) => search.mode === 'match')
    .map(({ resource, search }) => [resource.id, search.extension![0]!.valueCode]);
const outcomeOf = (body: { entry?: Entry[] }) => body.entry?.find(({ search }) => search.mode === 'outcome')?.resource.issue ?? [];
const onlyCertain = { name: 'onlyCertainMatches', valueBoolean: true };

test('the most likely patient is first, each with a score, a grade and an explanation without values', async () => {
  const { status, body } = await match(ADA);
  expect([status, body.resourceType, body.type, body.total]).toEqual([200, 'Bundle', 'searchset', 3]);
  expect(matchesOf(body)).toEqual([
    ['ada', 'certain'],
    ['typo', 'probable'],
    ['sister', 'possible'],
  ]);
  const [first, second] = body.entry as Entry[];
  expect(first!.search).toEqual({ mode: 'match', score: expect.any(Number), extension: [{ url: GRADE, valueCode: 'certain' }] });
  expect(first!.search.score).toBeGreaterThan(second!.search.score!);
  const issues = outcomeOf(body);
  expect(issues[1]).toMatchObject({
    severity: 'information',
    expression: ['Bundle.entry[1]'],
    details: { text: expect.stringContaining('family name: one letter differs (+3)') },
  });
  expect(JSON.stringify(issues)).not.toMatch(/Lovelace|Ada|1985|473/);
});

test('a bare Patient is accepted instead of Parameters, and the answer is the same every time', async () => {
  const bodies = await Promise.all([1, 2, 3].map(async () => (await call('post', '/Patient/$match').send(ADA)).text));
  expect(new Set(bodies)).toEqual(new Set([(await match(ADA)).text]));
});

test.each<[string, object, string[]]>([
  ['the number', { identifier: [{ system: 'urn:mrn', value: '7' }] }, ['ada']],
  ['the telephone number, with the birth date', { telecom: ADA.telecom, birthDate: ADA.birthDate }, ['ada', 'sister']],
  [
    'a family name that sounds alike, and another day of birth',
    { ...ADA, name: [{ family: 'Lovelasse', given: ['Ada'] }], birthDate: '1985-12-11' },
    ['ada'],
  ],
  ['a maiden name, by given name and birth date', { ...ADA, name: [{ family: 'Byron', given: ['Ada'] }] }, ['ada', 'typo']],
])('by %s', async (_what, patient, ids) => {
  const { body } = await match({ ...patient, resourceType: 'Patient' });
  expect(matchesOf(body).map(([id]) => id)).toEqual(expect.arrayContaining(ids));
});

test('no match is an empty searchset', async () => {
  const { status, body } = await match({ resourceType: 'Patient', name: [{ family: 'Nobody', given: ['N'] }], birthDate: '1900-01-01' });
  expect([status, body]).toEqual([200, { resourceType: 'Bundle', type: 'searchset', total: 0 }]);
});

test('count limits the matches to the most likely', async () => {
  expect(matchesOf((await match(ADA, [{ name: 'count', valueInteger: 1 }])).body)).toEqual([['ada', 'certain']]);
});

test('onlyCertainMatches returns the one certain match, and none if there are two', async () => {
  expect(matchesOf((await match(ADA, [onlyCertain])).body)).toEqual([['ada', 'certain']]);
  await put('copy', ADA);
  const { body } = await match(ADA, [onlyCertain]);
  expect([matchesOf(body), outcomeOf(body)[0]!.details.text]).toEqual([[], expect.stringContaining('2 patients are certain')]);
  await call('delete', '/Patient/copy').expect(204);
  expect(matchesOf((await match(ADA, [onlyCertain])).body)).toEqual([['ada', 'certain']]);
});

test('a merged duplicate is found as the patient that it was merged into', async () => {
  const duplicate = {
    name: [{ family: 'Curie', given: ['Marie'] }],
    birthDate: '1867-11-07',
    identifier: [{ system: 'urn:mrn', value: 'dup' }],
  };
  await put('marie', { name: duplicate.name, birthDate: duplicate.birthDate, gender: 'female' });
  await put('duplicate', duplicate);
  const refer = (role: string, id: string) => ({ name: `${role}-patient`, valueReference: { reference: `Patient/${id}` } });
  const parameter = [refer('source', 'duplicate'), refer('target', 'marie')];
  await call('post', '/Patient/$merge').send({ resourceType: 'Parameters', parameter }).expect(200);
  expect(matchesOf((await match({ ...duplicate, resourceType: 'Patient' })).body)).toEqual([['marie', 'certain']]);
});

test('it needs the scope for searching patients; another tenant’s patients are never compared', async () => {
  expect((await match(ADA, [], await facet.keyWith('fhir', ['system/Patient.r']))).status).toBe(403);
  expect(matchesOf((await match(ADA, [], await facet.keyWith('fhir', ['system/Patient.s']))).body)).toHaveLength(3);
  expect((await match(ADA, [], facet.other.fhir!)).body.total).toBe(0);
});

test.each<[string, object, object[]]>([
  ['too little of the patient', { resourceType: 'Patient', gender: 'female' }, []],
  ['an invalid patient', { resourceType: 'Patient', shoe: 1 }, []],
  ['another type', { resourceType: 'Person' }, []],
  ['a count of zero', ADA, [{ name: 'count', valueInteger: 0 }]],
  ['an unknown parameter', ADA, [{ name: 'max', valueInteger: 1 }]],
])('%s is 400', async (_what, patient, more) => {
  expect((await match(patient, more)).status).toBe(400);
});

test('entries of a batch and of a transaction match', async () => {
  for (const type of ['batch', 'transaction']) {
    const entry = [{ resource: ADA, request: { method: 'POST', url: 'Patient/$match' } }];
    const { body } = await call('post', '').send({ resourceType: 'Bundle', type, entry });
    expect([type, body.entry[0].response.status, matchesOf(body.entry[0].resource)[0]]).toEqual([type, '200 OK', ['ada', 'certain']]);
  }
});

test('more similar patients than are compared: a warning says so', async () => {
  for (let part = 0; part < 3; part++) {
    const entry = Array.from({ length: 100 }, () => ({
      resource: { resourceType: 'Patient', name: [{ family: 'Zhang', given: ['Wei'] }], birthDate: '1990-01-01' },
      request: { method: 'POST', url: 'Patient' },
    }));
    await call('post', '').send({ resourceType: 'Bundle', type: 'transaction', entry }).expect(200);
  }
  const { body } = await match({ resourceType: 'Patient', name: [{ family: 'Zhang', given: ['Wei'] }], birthDate: '1990-01-01' });
  expect([body.total, outcomeOf(body).at(-1)]).toEqual([10, expect.objectContaining({ severity: 'warning' })]);
});
