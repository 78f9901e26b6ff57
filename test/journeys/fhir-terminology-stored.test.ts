// The terminology operations and searches over what a tenant stores. https://hl7.org/fhir/R4/terminology-service.html
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
const [SYSTEM, SET, OTHERS, MAP] = ['http://a.test/dishes', 'http://a.test/hot', 'http://a.test/mixed', 'http://a.test/to-kitchen'];
const dishes = {
  resourceType: 'CodeSystem',
  id: 'dishes',
  url: SYSTEM,
  version: '1',
  name: 'Dishes',
  status: 'active',
  content: 'complete',
  property: [{ code: 'spicy', type: 'boolean' }],
  concept: [
    {
      code: 'hot',
      display: 'Hot dish',
      property: [{ code: 'spicy', valueBoolean: true }],
      concept: [
        { code: 'soup', display: 'Soup', definition: 'A liquid dish.', designation: [{ language: 'de', value: 'Suppe' }] },
        { code: 'stew', display: 'Stew', property: [{ code: 'inactive', valueBoolean: true }] },
      ],
    },
    { code: 'ice', display: 'Ice cream' },
  ],
};
const valueSet = (id: string, url: string, include: object[], more: object = {}) => ({
  resourceType: 'ValueSet',
  id,
  url,
  status: 'active',
  compose: { include },
  ...more,
});
const hot = valueSet('hot', SET, [{ system: SYSTEM, filter: [{ property: 'concept', op: 'is-a', value: 'hot' }] }]);
const map = {
  resourceType: 'ConceptMap',
  id: 'to-kitchen',
  url: MAP,
  status: 'active',
  group: [
    {
      source: SYSTEM,
      target: 'http://a.test/stations',
      element: [{ code: 'soup', target: [{ code: 'pot', equivalence: 'wider' }] }],
      unmapped: { mode: 'other-map', url: 'http://a.test/rest' },
    },
  ],
};
const rest = {
  resourceType: 'ConceptMap',
  id: 'rest',
  url: 'http://a.test/rest',
  status: 'active',
  group: [{ source: SYSTEM, target: 'http://a.test/stations', unmapped: { mode: 'fixed', code: 'any' }, element: [{ code: 'x' }] }],
};
const meal = (id: string, code: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: SYSTEM, code }] },
});
beforeAll(async () => {
  facet = await startFacet();
  const mixed = valueSet('mixed', OTHERS, [{ valueSet: [SET] }, { system: 'http://hl7.org/fhir/administrative-gender' }]);
  for (const resource of [dishes, hot, mixed, map, rest, meal('of-soup', 'soup'), meal('of-ice', 'ice')])
    expect([resource.id, (await facet.put(resource)).status]).toEqual([resource.id, 201]);
  await facet.put(meal('foreign', 'soup'), facet.other.fhir).expect(201);
});
afterAll(() => facet.close());

async function get(path: string, key?: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse>; text: string }> {
  const { status, body } = await facet.fhir('get', path, key);
  return { status, body, text: body.issue?.[0].details.text };
}
const codesOf = ({ expansion }: { expansion: { contains?: { code: string }[] } }) => (expansion.contains ?? []).map(({ code }) => code);
const valuesOf = ({ parameter }: { parameter: { name: string; [value: string]: unknown }[] }) =>
  Object.fromEntries(parameter.filter(({ part }) => !part).map(({ name, ...value }) => [name, Object.values(value)[0]]));

test('a stored value set is expanded by URL and by id, with includes of other stored value sets and of R4', async () => {
  const { body } = await get(`/ValueSet/$expand?url=${SET}`);
  expect(body).toMatchObject({ id: 'hot', url: SET, status: 'active', expansion: { total: 3 } });
  expect(body.expansion.contains).toEqual([
    { system: SYSTEM, version: '1', code: 'hot', display: 'Hot dish' },
    { system: SYSTEM, version: '1', code: 'soup', display: 'Soup' },
    { system: SYSTEM, inactive: true, version: '1', code: 'stew', display: 'Stew' },
  ]);
  expect(codesOf((await get('/ValueSet/hot/$expand?activeOnly=true')).body)).toEqual(['hot', 'soup']);
  expect(codesOf((await get(`/ValueSet/$expand?url=${OTHERS}&filter=s`)).body)).toEqual(['soup', 'stew']);
  expect((await get('/ValueSet/mixed/$expand?count=0')).body.expansion.total).toBe(7);
  expect((await get('/ValueSet/nothing/$expand')).status).toBe(404);
});

test('displays in a language, designations on request, and the definition', async () => {
  const german = (await get(`/ValueSet/$expand?url=${SET}&displayLanguage=de&filter=suppe`)).body;
  expect(german.expansion.contains).toMatchObject([{ code: 'soup', display: 'Suppe' }]);
  const { body } = await get(`/ValueSet/$expand?url=${SET}&includeDesignations=true&includeDefinition=true`);
  expect(body.expansion.contains[1].designation).toEqual([{ language: 'de', value: 'Suppe' }]);
  expect(body.compose).toEqual(hot.compose);
});

test('a value set in the request is validated and expanded without being stored', async () => {
  const spicy = valueSet('', 'urn:spicy', [{ system: SYSTEM, filter: [{ property: 'spicy', op: '=', value: 'true' }] }]);
  const { id: _none, ...sent } = spicy;
  const bare = await facet.fhir('post', '/ValueSet/$expand').send(sent);
  expect([bare.status, codesOf(bare.body)]).toEqual([200, ['hot']]);
  const parameter = [
    { name: 'valueSet', resource: sent },
    { name: 'count', valueInteger: 0 },
  ];
  expect((await facet.fhir('post', '/ValueSet/$expand').send({ resourceType: 'Parameters', parameter })).body.expansion.total).toBe(1);
  const wrong = await facet.fhir('post', '/ValueSet/$expand').send({ ...sent, compose: { include: [null] } });
  expect(wrong.status).toBe(422);
  expect((await get(`/ValueSet/hot/$expand?url=${SET}`)).status).toBe(400);
});

test('an expansion is a valid ValueSet', async () => {
  for (const query of [`url=${SET}&includeDesignations=true`, 'url=http://terminology.hl7.org/ValueSet/v3-ActCode&count=500']) {
    const { body } = await get(`/ValueSet/$expand?${query}`);
    const { issue } = (await facet.fhir('post', '/ValueSet/$validate').send(body)).body;
    expect([query, issue.filter(({ severity }: { severity: string }) => severity === 'error')]).toEqual([query, []]);
  }
});

test('$validate-code, $lookup and $subsumes of stored definitions', async () => {
  const validate = await get(`/ValueSet/hot/$validate-code?system=${SYSTEM}&code=soup&display=suppe`);
  expect(valuesOf(validate.body)).toEqual({ result: true, display: 'Soup' });
  expect(valuesOf((await get(`/ValueSet/hot/$validate-code?system=${SYSTEM}&code=ice`)).body)).toMatchObject({ result: false });
  expect(valuesOf((await get('/CodeSystem/dishes/$validate-code?code=ice')).body)).toEqual({ result: true, display: 'Ice cream' });
  const lookup = (await get(`/CodeSystem/$lookup?system=${SYSTEM}&code=soup`)).body;
  expect(valuesOf(lookup)).toEqual({ name: 'Dishes', version: '1', display: 'Soup' });
  expect(lookup.parameter).toContainEqual({
    name: 'property',
    part: [
      { name: 'code', valueCode: 'definition' },
      { name: 'value', valueString: 'A liquid dish.' },
    ],
  });
  expect(valuesOf((await get('/CodeSystem/dishes/$subsumes?codeA=hot&codeB=stew')).body)).toEqual({ outcome: 'subsumes' });
});

test('$translate by URL, by id, by the code alone, in reverse, and by the map that another one names', async () => {
  const matchOf = ({ parameter }: { parameter: { name: string; part: { name: string; [value: string]: unknown }[] }[] }) =>
    parameter.filter(({ name }) => name === 'match').map(({ part }) => Object.values(part.find(({ name }) => name === 'concept')!)[1]);
  const pot = [{ system: 'http://a.test/stations', code: 'pot' }];
  for (const path of [`/ConceptMap/$translate?url=${MAP}&`, '/ConceptMap/to-kitchen/$translate?', '/ConceptMap/$translate?'])
    expect([path, matchOf((await get(`${path}system=${SYSTEM}&code=soup`)).body)]).toEqual([path, pot]);
  const reverse = await get('/ConceptMap/$translate?system=http://a.test/stations&code=pot&reverse=true');
  expect(matchOf(reverse.body)).toEqual([{ system: SYSTEM, code: 'soup' }]);
  expect(matchOf((await get(`/ConceptMap/$translate?url=${MAP}&system=${SYSTEM}&code=ice`)).body)).toEqual([
    { system: 'http://a.test/stations', code: 'any' },
  ]);
  expect(valuesOf((await get(`/ConceptMap/$translate?system=${SYSTEM}&code=ice`)).body).result).toBe(false);
});

test('search by :in, :not-in, :below and :above uses stored definitions', async () => {
  const find = async (query: string, key?: string) => {
    const { status, body } = await get(`/Observation?${query}`, key);
    expect([query, status]).toEqual([query, 200]);
    return (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id).sort();
  };
  expect(await find(`code:in=${SET}`)).toEqual(['of-soup']);
  expect(await find(`code:not-in=${SET}`)).toEqual(['of-ice']);
  expect(await find(`code:below=${SYSTEM}|hot`)).toEqual(['of-soup']);
  expect(await find(`_filter=${encodeURIComponent(`code in ${SET}`)}`)).toEqual(['of-soup']);
});

test('a change applies to the next request; another tenant and a key without the scope do not know the definition', async () => {
  const chilled = valueSet('changing', 'http://a.test/changing', [{ system: SYSTEM, concept: [{ code: 'ice' }] }]);
  await facet.put(chilled).expect(201);
  const ask = () => get('/Observation?code:in=http://a.test/changing');
  expect((await ask()).body.entry).toHaveLength(1);
  await facet.put({ ...chilled, compose: { include: [{ system: SYSTEM, concept: [{ code: 'nothing' }] }] } }).expect(200);
  expect((await ask()).body.entry).toBeUndefined();
  await facet.fhir('delete', '/ValueSet/changing').expect(204);
  expect((await ask()).text).toBe('the value set http://a.test/changing is not known here');
  expect((await get(`/Observation?code:in=${SET}`, facet.other.fhir)).text).toBe(`the value set ${SET} is not known here`);
  expect((await get(`/ValueSet/$expand?url=${SET}`, facet.other.fhir)).status).toBe(404);
  expect((await get('/ValueSet/hot/$expand', facet.other.fhir)).status).toBe(404);
  const narrow = await facet.keyWith('fhir', ['system/Observation.rs']);
  expect((await get(`/Observation?code:in=${SET}`, narrow)).text).toBe(`the value set ${SET} is not known here`);
});

test('versions: the newest without a version, the requested one with it', async () => {
  for (const [version, code] of [
    ['1.9', 'hot'],
    ['1.10', 'ice'],
  ] as const)
    await facet.put(valueSet(`v-${version}`, 'http://a.test/v', [{ system: SYSTEM, concept: [{ code }] }], { version })).expect(201);
  expect(codesOf((await get('/ValueSet/$expand?url=http://a.test/v')).body)).toEqual(['ice']);
  expect(codesOf((await get('/ValueSet/$expand?url=http://a.test/v&valueSetVersion=1.9')).body)).toEqual(['hot']);
  expect((await get('/ValueSet/$expand?url=http://a.test/v|2')).status).toBe(404);
});

test('value sets that include each other are refused', async () => {
  await facet.put(valueSet('left', 'http://a.test/left', [{ valueSet: ['http://a.test/right'] }])).expect(201);
  await facet.put(valueSet('right', 'http://a.test/right', [{ valueSet: ['http://a.test/left'] }])).expect(201);
  const { status, text } = await get('/ValueSet/left/$expand');
  expect([status, text]).toEqual([400, 'the value set http://a.test/left includes itself']);
});

test('a regular expression that would run for hours ends within a second', async () => {
  const long = { ...dishes, id: 'long', url: 'http://a.test/long', concept: [{ code: `${'a'.repeat(60)}!` }] };
  await facet.put(long).expect(201);
  const evil = { system: long.url, filter: [{ property: 'code', op: 'regex', value: '(a+)+' }] };
  await facet.put(valueSet('evil', 'http://a.test/evil', [evil])).expect(201);
  const began = performance.now();
  const { status, body } = await get('/ValueSet/evil/$expand');
  expect([status, body.issue[0].code, performance.now() - began < 1000]).toEqual([422, 'too-costly', true]);
});

test('$translate finds a map by its value sets, stated as URI or as canonical, also in reverse, and checks those of a named map', async () => {
  const between = (id: string, more: object) => ({
    resourceType: 'ConceptMap',
    id,
    url: `http://a.test/${id}`,
    status: 'active',
    ...more,
    group: [{ source: SYSTEM, target: 'http://a.test/t', element: [{ code: 'stew', target: [{ code: id, equivalence: 'equal' }] }] }],
  });
  const [FROM, TO] = ['http://a.test/vs-from', 'http://a.test/vs-to'];
  await facet.put(between('by-canonical', { sourceCanonical: `${FROM}|1`, targetCanonical: TO })).expect(201);
  await facet.put(between('by-uri', { sourceUri: FROM, targetUri: 'http://a.test/vs-else' })).expect(201);
  const ask = async (query: string): Promise<unknown[]> => {
    const { body } = await get(`/ConceptMap/$translate?${query}`);
    return body.parameter
      .filter(({ name }: { name: string }) => name === 'match')
      .map(({ part }: { part: { name: string; valueUri?: string }[] }) => part.find(({ name }) => name === 'source')?.valueUri)
      .sort();
  };
  const stew = `system=${SYSTEM}&code=stew`;
  const [canonical, uri] = ['http://a.test/by-canonical', 'http://a.test/by-uri'];
  expect(await ask(`${stew}&source=${FROM}`)).toEqual([canonical, uri]);
  expect(await ask(`${stew}&source=${FROM}|2`)).toEqual([uri]);
  expect(await ask(`${stew}&source=${FROM}&target=${TO}`)).toEqual([canonical]);
  expect(await ask(`${stew}&source=${TO}`)).toEqual([]);
  expect(await ask(`system=http://a.test/t&code=by-canonical&reverse=true&source=${TO}&target=${FROM}`)).toEqual([canonical]);
  expect(await ask(`system=http://a.test/t&code=by-canonical&reverse=true&source=${FROM}`)).toEqual([]);
  expect(await ask(`${stew}&url=${canonical}&source=${FROM}&target=${TO}`)).toEqual([canonical]);
  expect(await ask(`${stew}&url=${canonical}&target=http://a.test/vs-else`)).toEqual([]);
});
