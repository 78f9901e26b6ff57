// A search of several types: one sorted result with pages, within the caller's scopes and tenant. https://hl7.org/fhir/R4/http.html#search
import request from 'supertest';
import { named, nextOf, type Running, startFacet } from './running-server.ts';

interface Bundle {
  total?: number;
  link: { relation: string; url: string }[];
  entry?: { resource: { resourceType: string; id: string }; search: { mode: string } }[];
}

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  const meta = { tag: [{ code: 'mine' }] };
  await put('Patient/a', { meta, name: [{ family: 'Byron' }], birthDate: '1815-12-10' });
  await put('Practitioner/b', { meta, name: [{ family: 'Adams' }] });
  await put('Patient/c', { meta, name: [{ family: 'Curie' }] });
  await put('Organization/d', { meta, name: 'Aardvark' });
  await put('Practitioner/e', { name: [{ family: 'Turing' }] });
  await put('Observation/f', { meta, status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/a' } });
});
afterAll(() => facet.close());

const put = (path: string, resource: object, key?: string) => facet.put({ ...named(path), ...resource }, key).expect(201);
const get = (path: string, key?: string) => facet.fhir('get', path, key);
const found = (bundle: Bundle): string[] => (bundle.entry ?? []).map(({ resource }) => `${resource.resourceType}/${resource.id}`);

test.each<[string, string[]]>([
  ['?_type=Patient,Practitioner&_sort=_lastUpdated', ['Patient/a', 'Practitioner/b', 'Patient/c', 'Practitioner/e']],
  ['?_type=Patient,Practitioner', ['Practitioner/e', 'Patient/c', 'Practitioner/b', 'Patient/a']],
  ['?_type=Patient,Practitioner&_sort=family', ['Practitioner/b', 'Patient/a', 'Patient/c', 'Practitioner/e']],
  [
    '?_type=Patient,Practitioner,Organization&_sort=-name',
    ['Practitioner/e', 'Patient/c', 'Patient/a', 'Practitioner/b', 'Organization/d'],
  ],
  ['?_type=Practitioner&_sort=_id', ['Practitioner/b', 'Practitioner/e']],
  ['?_type=Patient,Patient&_sort=_id', ['Patient/a', 'Patient/c']],
  ['?_tag=mine&_sort=_id', ['Patient/a', 'Practitioner/b', 'Patient/c', 'Organization/d', 'Observation/f']],
  ['?_id=a,d', ['Organization/d', 'Patient/a']],
  ['?_type=Patient,Observation&_id=f&_include=Observation:subject', ['Observation/f', 'Patient/a']],
  ['?_type=Patient,Observation&_id=a&_revinclude=*', ['Patient/a', 'Observation/f']],
])('GET %s', async (query, expected) => {
  const { status, body } = await get(`/${query}`);
  expect([status, found(body)]).toEqual([200, expected]);
});

test.each<[string, string[]]>([
  ['?_type=Patient,Practitioner&_has:Observation:subject:status=final', ['Patient/a']],
  ['?_has:Observation:subject:status=final', ['Patient/a']],
  ['?_has:Observation:subject:status=final&_tag=mine&_total=accurate', ['Patient/a']],
  ['?_has:Observation:subject:status=amended', []],
  ['?_type=Patient,Observation&_has:Observation:subject:_has:Provenance:target:_id=none', []],
])('%s: _has finds resources of the types that the reference may lead to, and none of the others', async (query, expected) => {
  const { status, body } = await get(`/${query}`);
  expect([status, found(body), body.total]).toEqual([200, expected, expected.length]);
});

test.each([
  ['?_type=Practitioner,Organization&_has:Observation:patient:status=final', 'never refers to Practitioner or Organization'],
  ['?_type=Patient,Practitioner&_has:Observation:subject:shoe=1', 'shoe'],
])('%s is refused: %s', async (query, text) => {
  const { status, body } = await get(`/${query}`);
  expect([status, body.issue[0].diagnostics]).toEqual([400, expect.stringContaining(text)]);
});

test('_has of several types needs the search scope of the referring type, and finds nothing of another tenant', async () => {
  const query = '/?_type=Patient,Practitioner&_has:Observation:subject:status=final';
  expect((await get(query, await facet.keyWith('fhir', ['system/Patient.s', 'system/Practitioner.s']))).status).toBe(403);
  expect((await get(query, facet.other.fhir)).body.total).toBe(0);
});

test('POST _search finds the same, and its self link states the parameters', async () => {
  const { body } = await request(facet.app)
    .post('/fhir/R4/_search?_type=Patient,Practitioner')
    .set('x-api-key', facet.demo.fhir!)
    .type('form')
    .send({ family: 'adams', _count: '1' });
  expect(found(body)).toEqual(['Practitioner/b']);
  expect(body.link[0].url).toMatch(/\/fhir\/R4\?_type=Patient%2CPractitioner&family=adams&_count=1$/);
});

test.each(['_sort=_lastUpdated', '_sort=-family', '_sort=birthdate', '_sort=-birthdate,_id', ''])(
  'pages of one resource contain each resource once, sorted by %s',
  async (sort) => {
    const types = sort.includes('birth') ? 'Patient' : 'Patient,Practitioner,Observation';
    const whole = found((await get(`/?_tag=mine&_type=${sort.includes('family') ? 'Patient,Practitioner' : types}&${sort}`)).body);
    const seen: string[] = [];
    let path: string | undefined = `/?_tag=mine&_type=${sort.includes('family') ? 'Patient,Practitioner' : types}&${sort}&_count=1`;
    for (let page = 0; path && page < 10; page++) {
      const { body } = await get(path);
      seen.push(...found(body));
      path = nextOf(body);
    }
    expect(seen).toEqual(whole);
    expect(whole.length).toBeGreaterThan(1);
  },
);

test('the total counts all types', async () => {
  expect((await get('/?_tag=mine&_summary=count')).body.total).toBe(5);
  expect((await get('/?_type=Patient,Practitioner&_total=accurate&_count=1')).body.total).toBe(4);
});

test('a parameter must exist for all types, and the error names the type without it', async () => {
  const { status, body } = await get('/?_type=Patient,Organization&birthdate=1815');
  expect([status, body.issue[0].diagnostics]).toEqual([400, expect.stringContaining('Organization has no search parameter birthdate')]);
  const lenient = await get('/?_type=Patient,Organization&birthdate=1815&_sort=_id').set('Prefer', 'handling=lenient');
  expect(found(lenient.body).slice(0, 3)).toEqual(['Patient/a', 'Patient/c', 'Organization/d']);
  expect(lenient.body.entry.at(-1).search.mode).toBe('outcome');
});

test.each([
  ['/?_type=AuditEvent', 'not-supported'],
  ['/?_type=', 'not-supported'],
  ['/?_type=Patient&_type=Observation', 'invalid'],
  ['/?_type:not=Patient', 'not-supported'],
  ['/?name=x', 'not-supported'],
  ['/Patient?_type=Patient', 'not-supported'],
])('%s is refused', async (path, code) => {
  const { status, body } = await get(path);
  expect([status, body.issue[0].code]).toEqual([400, code]);
});

test('without _type it finds what the scopes cover; a type outside of them is refused by name', async () => {
  const key = await facet.keyWith('fhir', ['system/Patient.rs', 'system/Organization.r']);
  expect(found((await get('/?_tag=mine&_sort=_id', key)).body)).toEqual(['Patient/a', 'Patient/c']);
  expect((await get('/?_type=Patient,Organization', key)).status).toBe(403);
  expect((await get('/', await facet.keyWith('fhir', ['system/Patient.r']))).status).toBe(403);
});

test('another tenant finds nothing, also with a page link', async () => {
  expect((await get('/?_tag=mine', facet.other.fhir!)).body.entry).toBeUndefined();
  const { body } = await get('/?_tag=mine&_count=1');
  expect((await get(nextOf(body)!, facet.other.fhir!)).status).toBe(400);
  expect((await get(nextOf(body)!.replace('?', '/Patient?'))).status).toBe(400);
});

test('a batch entry can search several types', async () => {
  const entry = [{ request: { method: 'GET', url: '?_type=Patient,Practitioner&family=adams' } }];
  const { body } = await request(facet.app)
    .post('/fhir/R4')
    .set({ 'x-api-key': facet.demo.fhir!, 'Content-Type': 'application/fhir+json' })
    .send(JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }));
  expect(found(body.entry[0].resource)).toEqual(['Practitioner/b']);
});
