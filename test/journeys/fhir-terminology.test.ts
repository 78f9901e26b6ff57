// The terminology operations over R4's own value sets and code systems. https://hl7.org/fhir/R4/terminology-service.html
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const GENDER = 'http://hl7.org/fhir/administrative-gender';
const GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const ACTS = 'http://terminology.hl7.org/ValueSet/v3-ActCode';

type Part = { name: string; part?: Part[]; [value: string]: unknown };
const parameters = (...parameter: Part[]) => ({ resourceType: 'Parameters', parameter });
const valuesOf = ({ parameter }: { parameter: Part[] }) =>
  Object.fromEntries(parameter.filter(({ part }) => !part).map(({ name, ...value }) => [name, Object.values(value)[0]]));

async function get(path: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const { status, body } = await facet.fhir('get', path);
  return { status, body };
}

describe('$expand', () => {
  const codesOf = ({ expansion }: { expansion: { contains?: { code: string }[] } }) => (expansion.contains ?? []).map(({ code }) => code);

  test('lists the codes of a value set with displays, version and total, by GET and by POST', async () => {
    const { status, body } = await get(`/ValueSet/$expand?url=${GENDERS}`);
    expect([status, body.url, body.version, body.status, body.expansion.total]).toEqual([200, GENDERS, '4.0.1', 'active', 4]);
    expect(body.expansion.contains[1]).toEqual({ system: GENDER, version: '4.0.1', code: 'female', display: 'Female' });
    expect(body.expansion.identifier).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
    expect(body.compose).toBeUndefined();
    const posted = await facet.fhir('post', '/ValueSet/$expand').send(parameters({ name: 'url', valueUri: GENDERS }));
    expect([posted.status, codesOf(posted.body)]).toEqual([200, codesOf(body)]);
  });

  test('the pages of a large value set together are the whole, each code once; without count it is refused as too costly', async () => {
    const refused = await get(`/ValueSet/$expand?url=${ACTS}`);
    expect([refused.status, refused.body.issue[0].code]).toEqual([422, 'too-costly']);
    const found: string[] = [];
    for (let offset = 0; offset < 1200; offset += 300) {
      const { body } = await get(`/ValueSet/$expand?url=${ACTS}&count=300&offset=${offset}`);
      expect([body.expansion.total, body.expansion.offset]).toEqual([1116, offset]);
      found.push(...codesOf(body));
    }
    expect([found.length, new Set(found).size]).toEqual([1116, 1116]);
    const onlyTotal = await get(`/ValueSet/$expand?url=${ACTS}&count=0`);
    expect([onlyTotal.body.expansion.total, onlyTotal.body.expansion.contains]).toEqual([1116, undefined]);
  });

  test('filter finds the beginnings of words, without case and accents, and parts of codes', async () => {
    expect(codesOf((await get(`/ValueSet/$expand?url=${ACTS}&filter=cr%C3%A9dit%20CA&count=10`)).body)).toEqual(['CC']);
    expect(codesOf((await get(`/ValueSet/$expand?url=${GENDERS}&filter=ale`)).body)).toEqual(['male', 'female']);
  });

  test('abstract and retired codes are marked, and left out on request', async () => {
    const { body } = await get(`/ValueSet/$expand?url=${ACTS}&filter=_ActAccountCode&count=10`);
    expect(body.expansion.contains).toMatchObject([{ code: '_ActAccountCode', abstract: true }]);
    expect((await get(`/ValueSet/$expand?url=${ACTS}&filter=_ActAccountCode&count=10&excludeNotForUI=true`)).body.expansion.total).toBe(0);
    const RELATIONS = 'http://terminology.hl7.org/ValueSet/v3-EntityNameUseR2';
    const all = (await get(`/ValueSet/$expand?url=${RELATIONS}`)).body.expansion;
    const active = (await get(`/ValueSet/$expand?url=${RELATIONS}&activeOnly=true`)).body.expansion;
    const retired = all.contains.filter(({ inactive }: { inactive?: boolean }) => inactive).length;
    expect(active.total).toBe(all.total - retired);
  });

  test('a part of a hierarchy is expanded: RoleCode below HealthcareProviderRoleType', async () => {
    const { body } = await get('/ValueSet/$expand?url=http://terminology.hl7.org/ValueSet/v3-AmbulatoryClinicalFacilityTypes');
    expect(body.issue[0].details.text).toMatch('is not known here');
    const kinds = await get('/ValueSet/$expand?url=http://terminology.hl7.org/ValueSet/v3-ServiceDeliveryLocationRoleType&count=1000');
    expect(kinds.body.expansion.contains).toContainEqual({
      system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode',
      version: '2018-08-12',
      code: 'HOSP',
      display: 'Hospital',
    });
  });

  test.each<[string, string, number, string]>([
    ['an unknown value set', 'url=urn:nowhere', 404, 'the value set urn:nowhere is not known here'],
    ['another version of R4', `url=${GENDERS}&valueSetVersion=9`, 404, 'is not known here'],
    [
      'a value set of codes that are not here',
      'url=http://hl7.org/fhir/ValueSet/adverse-event-type',
      400,
      'http://snomed.info/sct is not known here',
    ],
    ['no value set', 'count=1', 400, 'name the value set by url'],
    ['a parameter that is not supported', `url=${GENDERS}&date=2020-01-01`, 400, 'the parameters of $expand are url'],
    ['a negative offset', `url=${GENDERS}&offset=-1`, 400, 'offset must be a whole number'],
    ['a resource in the URL', `url=${GENDERS}&valueSet=x`, 400, 'valueSet cannot be sent in the URL'],
  ])('%s is refused with the reason', async (_what, query, status, text) => {
    const refused = await get(`/ValueSet/$expand?${query}`);
    expect([refused.status, refused.body.issue[0].details.text]).toEqual([status, expect.stringContaining(text)]);
  });
});

describe('$validate-code', () => {
  test.each<[string, string, object]>([
    ['a code in the value set', 'code=male', { result: true, display: 'Male' }],
    ['its display in another case', 'code=male&display=MALE', { result: true, display: 'Male' }],
    ['a wrong display', 'code=male&display=Man', { result: false, message: 'the display of male is Male', display: 'Male' }],
    ['a code of the system that is not there', 'code=man', { result: false, message: `the code man of ${GENDER} is not in the value set` }],
  ])('%s', async (_what, query, expected) => {
    const { status, body } = await get(`/ValueSet/$validate-code?url=${GENDERS}&system=${GENDER}&${query}`);
    expect([status, valuesOf(body)]).toEqual([200, expected]);
  });

  test('an abstract code is valid only if the caller says that it may be used', async () => {
    const path = `/ValueSet/$validate-code?url=${ACTS}&system=${ACT}&code=_ActAccountCode`;
    expect(valuesOf((await get(path)).body)).toMatchObject({ result: false, message: expect.stringContaining('is abstract') });
    expect(valuesOf((await get(`${path}&abstract=true`)).body)).toMatchObject({ result: true });
  });

  test('one coding of a CodeableConcept is enough', async () => {
    const concept = (...codes: string[]) => ({ coding: codes.map((code) => ({ system: GENDER, code })) });
    const ask = async (...codes: string[]) => {
      const body = parameters({ name: 'url', valueUri: GENDERS }, { name: 'codeableConcept', valueCodeableConcept: concept(...codes) });
      return valuesOf((await facet.fhir('post', '/ValueSet/$validate-code').send(body)).body);
    };
    expect(await ask('man', 'male')).toEqual({ result: true, display: 'Male' });
    expect(await ask('man', 'boy')).toMatchObject({ result: false, message: expect.stringContaining('the code boy') });
  });

  test('of a code system: another system, and a code that it does not have', async () => {
    const coding = (system: string, code: string) =>
      parameters({ name: 'url', valueUri: GENDER }, { name: 'coding', valueCoding: { system, code } });
    const ask = async (system: string, code: string) =>
      valuesOf((await facet.fhir('post', '/CodeSystem/$validate-code').send(coding(system, code))).body);
    expect(await ask(GENDER, 'male')).toEqual({ result: true, display: 'Male' });
    expect(await ask('urn:x', 'male')).toMatchObject({ result: false });
    expect(await ask(GENDER, 'man')).toEqual({ result: false, message: 'the code man is not in the code system' });
  });

  test('neither true nor false is said of codes that are not known here', async () => {
    const CODES = 'http://hl7.org/fhir/ValueSet/adverse-event-type';
    const refused = await get(`/ValueSet/$validate-code?url=${CODES}&system=http://snomed.info/sct&code=1`);
    expect([refused.status, refused.body.issue[0].details.text]).toEqual([400, 'the code system http://snomed.info/sct is not known here']);
  });
});

describe('$lookup', () => {
  test('shows the name, version and display of a code, and its place in the hierarchy', async () => {
    const { status, body } = await get(`/CodeSystem/$lookup?system=${ACT}&code=AMB`);
    expect([status, valuesOf(body)]).toEqual([200, { name: 'v3.ActCode', version: '2018-08-12', display: 'ambulatory' }]);
    expect(body.parameter.filter(({ name }: Part) => name === 'property')).toEqual([
      {
        name: 'property',
        part: [
          { name: 'code', valueCode: 'parent' },
          { name: 'value', valueCode: '_ActEncounterCode' },
        ],
      },
      {
        name: 'property',
        part: [
          { name: 'code', valueCode: 'inactive' },
          { name: 'value', valueBoolean: false },
        ],
      },
    ]);
    const coding = parameters({ name: 'coding', valueCoding: { system: ACT, code: 'AMB' } }, { name: 'property', valueCode: 'child' });
    const byCoding = await facet.fhir('post', '/CodeSystem/$lookup').send(coding);
    expect(byCoding.body.parameter.map(({ name }: Part) => name)).toEqual(['name', 'version', 'display']);
  });

  test.each<[string, number]>([
    [`system=${ACT}&code=nothing`, 404],
    ['system=urn:nowhere&code=x', 404],
    [`system=${ACT}&version=1&code=AMB`, 404],
    [`system=${ACT}`, 400],
    ['code=AMB', 400],
  ])('%s is %i', async (query, status) => expect((await get(`/CodeSystem/$lookup?${query}`)).status).toBe(status));
});

describe('$subsumes', () => {
  test.each<[string, string, string]>([
    ['AMB', 'AMB', 'equivalent'],
    ['_ActEncounterCode', 'AMB', 'subsumes'],
    ['AMB', '_ActEncounterCode', 'subsumed-by'],
    ['AMB', 'CC', 'not-subsumed'],
  ])('%s and %s: %s', async (codeA, codeB, outcome) => {
    const { body } = await get(`/CodeSystem/$subsumes?system=${ACT}&codeA=${codeA}&codeB=${codeB}`);
    expect(valuesOf(body)).toEqual({ outcome });
    const codings = [codeA, codeB].map((code, at) => ({ name: `coding${'AB'[at]}`, valueCoding: { system: ACT, code } }));
    expect(valuesOf((await facet.fhir('post', '/CodeSystem/$subsumes').send(parameters(...codings))).body)).toEqual({ outcome });
  });

  test('a second parent counts: DAU is below both of its parents', async () => {
    const { body } = await get('/CodeSystem/$lookup?system=http://terminology.hl7.org/CodeSystem/v3-RoleCode&code=DAU&property=parent');
    const parents = body.parameter.flatMap(({ part = [] }: Part) =>
      part.filter(({ name }) => name === 'value').map(({ valueCode }) => valueCode),
    );
    expect(parents.length).toBeGreaterThan(1);
    for (const parent of parents) {
      const path = `/CodeSystem/$subsumes?system=http://terminology.hl7.org/CodeSystem/v3-RoleCode&codeA=${parent}&codeB=DAU`;
      expect([parent, valuesOf((await get(path)).body)]).toEqual([parent, { outcome: 'subsumes' }]);
    }
  });

  test('a code of another system is refused', async () => {
    const body = parameters(
      { name: 'codingA', valueCoding: { system: ACT, code: 'AMB' } },
      { name: 'codingB', valueCoding: { system: GENDER, code: 'male' } },
    );
    expect((await facet.fhir('post', '/CodeSystem/$subsumes').send(body)).status).toBe(400);
  });
});

test('a key needs the scope of the definition, and a batch can ask too', async () => {
  const key = await facet.keyWith('fhir', ['system/ValueSet.r']);
  expect((await facet.fhir('get', `/ValueSet/$expand?url=${GENDERS}`, key)).status).toBe(200);
  expect((await facet.fhir('get', `/CodeSystem/$lookup?system=${GENDER}&code=male`, key)).status).toBe(403);
  const entry = [{ request: { method: 'GET', url: `CodeSystem/$lookup?system=${GENDER}&code=male` } }];
  const batch = await facet.fhir('post', '').send({ resourceType: 'Bundle', type: 'batch', entry });
  expect(valuesOf(batch.body.entry[0].resource)).toMatchObject({ display: 'Male' });
});

test('HEAD answers without a body, and a method that an operation does not have is 405', async () => {
  const head = await facet.fhir('head', `/ValueSet/$expand?url=${GENDERS}`);
  expect([head.status, head.text]).toEqual([200, undefined]);
  expect((await facet.fhir('put', '/ValueSet/$expand').send({})).status).toBe(405);
});
