// $diff of two versions: what it compares by default, its patch sent as a PATCH, versions that are not there, scopes and tenants.
import { type Method, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const call = (method: Method, path: string, key?: string) => facet.fhir(method, path, key);
const put = (id: string, more: object) => facet.put({ resourceType: 'Patient', id, ...more });
const withoutMeta = ({ meta: _meta, ...elements }: Record<string, unknown>) => elements;

const VERSIONS = [
  { active: true, name: [{ family: 'Lovelace' }] },
  { active: true, name: [{ family: 'Byron' }, { given: ['Ada'] }], birthDate: '1985-12-10' },
  { name: [{ given: ['Ada'] }], meta: { tag: [{ code: 'x' }] } },
];
async function store(id: string): Promise<void> {
  for (const version of VERSIONS) expect((await put(id, version)).status).toBeLessThan(202);
}

test('the patch of two versions, sent as a PATCH, brings the older one back', async () => {
  await store('back');
  const patch = await call('get', '/Patient/back/$diff?from=3&to=1');
  expect([patch.status, patch.headers['content-type'], patch.body.resourceType]).toEqual([
    200,
    'application/fhir+json; charset=utf-8',
    'Parameters',
  ]);
  const patched = await call('patch', '/Patient/back').send(patch.body);
  expect([patched.status, withoutMeta(patched.body)]).toEqual([200, { resourceType: 'Patient', id: 'back', ...VERSIONS[0] }]);
  expect(patched.body.meta.tag).toBeUndefined();
  expect((await call('get', '/Patient/back/$diff?from=1&to=4')).body).toEqual({ resourceType: 'Parameters' });
});

test('without parameters the current version is compared with the one before', async () => {
  await store('last');
  const expected = (await call('get', '/Patient/last/$diff?from=2&to=3')).body;
  expect(expected.parameter.length).toBeGreaterThan(0);
  for (const path of ['$diff', '$diff?to=3', '$diff?from=2', '$diff?_format=json&_pretty=true'])
    expect([path, (await call('get', `/Patient/last/${path}`)).body]).toEqual([path, expected]);
  expect((await call('head', '/Patient/last/$diff')).status).toBe(200);
});

test.each<[string, number]>([
  ['from=9', 404],
  ['to=9', 404],
  ['to=1', 400],
  ['from=0', 400],
  ['from=a&to=2', 400],
  ['from=1&from=2', 400],
  ['version=1', 400],
])('$diff?%s is %s', async (query, status) => {
  await put('errors', VERSIONS[0]!);
  await put('errors', VERSIONS[1]!);
  expect((await call('get', `/Patient/errors/$diff?${query}`)).status).toBe(status);
});

test('a deletion cannot be compared (410), the versions around it can', async () => {
  await put('deleted', VERSIONS[0]!);
  await call('delete', '/Patient/deleted').expect(204);
  await put('deleted', VERSIONS[1]!);
  const statuses = await Promise.all(['$diff', '$diff?from=1&to=2', '$diff?from=1'].map((path) => call('get', `/Patient/deleted/${path}`)));
  expect(statuses.map(({ status }) => status)).toEqual([410, 410, 200]);
});

test('a batch and a transaction take it as an entry that reads', async () => {
  await store('bundle');
  for (const type of ['batch', 'transaction']) {
    const entry = [{ request: { method: 'GET', url: 'Patient/bundle/$diff?from=1&to=2' } }];
    const { body } = await call('post', '').send({ resourceType: 'Bundle', type, entry });
    expect([type, body.entry[0].response.status, body.entry[0].resource.resourceType]).toEqual([type, '200 OK', 'Parameters']);
  }
});

test('it needs the scope for reading; another tenant’s resource is 404', async () => {
  await store('private');
  const writer = await facet.keyWith('fhir', ['system/Patient.cuds']);
  expect((await call('get', '/Patient/private/$diff', writer)).status).toBe(403);
  expect((await call('get', '/Patient/private/$diff', facet.other.fhir!)).status).toBe(404);
});

test('more differences than a patch may have are 422, not half a patch', async () => {
  const names = (prefix: string) => Array.from({ length: 1100 }, (_one, n) => ({ use: 'usual', family: `${prefix}${n}` }));
  await put('many', { name: names('a') });
  await put('many', { name: names('b') });
  expect((await call('get', '/Patient/many/$diff')).status).toBe(422);
});
