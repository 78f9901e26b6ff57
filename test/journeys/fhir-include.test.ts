// _include and _revinclude over HTTP: each resource once, marked as included, within the caller's scopes. https://hl7.org/fhir/R4/search.html#include
import { named, nextOf, type Running, startFacet } from './running-server.ts';

interface Entry {
  resource: { resourceType: string; id?: string; issue?: { severity: string; code: string }[] };
  search: { mode: string };
}

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await put('Organization/root', { name: 'Root' });
  await put('Organization/ward', { name: 'Ward', partOf: { reference: 'Organization/root' } });
  await put('Patient/ann', { managingOrganization: { reference: 'Organization/ward' } });
  const status = { status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/ann' } };
  await put('Observation/one', status);
  await put('Observation/two', { ...status, derivedFrom: [{ reference: 'Observation/one' }] });
});
afterAll(() => facet.close());

const put = (path: string, resource: object) => facet.put({ ...named(path), ...resource }).expect(201);

async function entries(path: string, key?: string): Promise<Entry[]> {
  const { body } = await facet.fhir('get', `/${path}`, key).expect(200);
  return body.entry ?? [];
}
const listEntries = (list: Entry[]): string[] =>
  list.map(({ resource, search }) => `${search.mode} ${resource.resourceType}/${resource.id}`);

test('a resource that two matches refer to is included once', async () => {
  expect(listEntries(await entries('Observation?_sort=_id&_include=Observation:subject'))).toEqual([
    'match Observation/one',
    'match Observation/two',
    'include Patient/ann',
  ]);
});

test('a match is not included again', async () => {
  expect(listEntries(await entries('Observation?_sort=_id&_include=*'))).toEqual([
    'match Observation/one',
    'match Observation/two',
    'include Patient/ann',
  ]);
});

test(':iterate follows references of included resources', async () => {
  const path =
    'Observation?_id=one&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof';
  expect(listEntries(await entries(path))).toEqual([
    'match Observation/one',
    'include Patient/ann',
    'include Organization/ward',
    'include Organization/root',
  ]);
  expect(listEntries(await entries('Organization?_id=root&_revinclude:iterate=*&_count=1'))).toEqual([
    'match Organization/root',
    'include Organization/ward',
    'include Patient/ann',
    'include Observation/one',
    'include Observation/two',
  ]);
});

test('types outside the scopes are neither included nor followed', async () => {
  const key = await facet.keyWith('fhir', ['system/Observation.rs', 'system/Organization.rs']);
  expect(listEntries(await entries('Observation?_id=one&_include:iterate=*', key))).toEqual(['match Observation/one']);
});

test('a page includes only what its own matches refer to', async () => {
  const first = await facet.fhir('get', '/Observation?_sort=_id&_count=1&_include=*');
  expect(listEntries(first.body.entry)).toEqual(['match Observation/one', 'include Patient/ann']);
  expect(listEntries(await entries(nextOf(first.body)!.slice(1)))).toEqual([
    'match Observation/two',
    'include Patient/ann',
    'include Observation/one',
  ]);
});

test('an incomplete :iterate is reported in the response', async () => {
  for (let n = 0; n < 18; n++) await put(`Location/${n}`, { partOf: { reference: `Location/${n + 1}` } });
  const all = await entries('Location?_id=0&_include:iterate=Location:partof');
  expect(all.filter(({ search }) => search.mode === 'include')).toHaveLength(16);
  expect(all.at(-1)).toMatchObject({ search: { mode: 'outcome' }, resource: { issue: [{ severity: 'warning', code: 'too-costly' }] } });
});
