// History of a resource, a type and the system over HTTP. https://hl7.org/fhir/R4/http.html#history
import request from 'supertest';
import { BASE_URL, nextOf, type Running, startFacet } from './running-server.ts';
import { tickingClock } from './ticking-clock.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: tickingClock() });
});
afterAll(() => facet.close());

const get = (path: string, key = facet.demo.fhir!) => request(facet.app).get(`/fhir/R4${path}`).set('Authorization', `Bearer ${key}`);
const put = async (path: string, body: object) =>
  (
    await request(facet.app)
      .put(`/fhir/R4${path}`)
      .set({ Authorization: `Bearer ${facet.demo.fhir}`, 'Content-Type': 'application/fhir+json' })
      .send(JSON.stringify(body))
  ).body;
const patient = (id: string, more: object = {}) => put(`/Patient/${id}`, { resourceType: 'Patient', id, ...more });
const remove = (path: string) => request(facet.app).delete(`/fhir/R4${path}`).set('Authorization', `Bearer ${facet.demo.fhir}`);

interface Entry {
  fullUrl: string;
  resource?: { id: string; meta: { versionId: string; lastUpdated: string } };
  request: { method: string; url: string };
  response: { status: string; etag: string; lastModified: string };
}
const visible = (entries: Entry[] = []) => entries.map(({ request: { method, url }, response }) => `${method} ${url} ${response.etag}`);
/** All pages, by following `next`. */
async function pages(path: string): Promise<{ entries: Entry[]; sizes: number[] }> {
  const entries: Entry[] = [];
  const sizes: number[] = [];
  for (let url: string | undefined = path; url !== undefined; ) {
    const { body } = await get(url).expect(200);
    entries.push(...(body.entry ?? []));
    sizes.push(body.entry?.length ?? 0);
    url = nextOf(body);
  }
  return { entries, sizes };
}

let times: string[];
beforeAll(async () => {
  const first = await patient('a');
  const second = await patient('a', { active: true });
  await put('/Practitioner/p', { resourceType: 'Practitioner', id: 'p' });
  await patient('b');
  await remove('/Patient/a').expect(204);
  times = [first.meta.lastUpdated, second.meta.lastUpdated];
});

test('the history of a type has all versions, newest first, and deletions without a resource', async () => {
  const { body } = await get('/Patient/_history').expect(200);
  expect([body.type, body.link[0]]).toEqual(['history', { relation: 'self', url: `${BASE_URL}/fhir/R4/Patient/_history` }]);
  expect(visible(body.entry)).toEqual(['DELETE Patient/a W/"3"', 'PUT Patient/b W/"1"', 'PUT Patient/a W/"2"', 'PUT Patient/a W/"1"']);
  expect(body.entry[0]).toEqual({
    fullUrl: `${BASE_URL}/fhir/R4/Patient/a`,
    request: { extension: [{ url: 'urn:facet:door', valueCode: 'fhir' }], method: 'DELETE', url: 'Patient/a' },
    response: { status: '204', etag: 'W/"3"', lastModified: expect.stringMatching(/Z$/) },
  });
  expect(body.entry[2].response.lastModified).toBe(body.entry[2].resource.meta.lastUpdated);
});

test('the history of the system has all types of this tenant only', async () => {
  const { body } = await get('/_history').expect(200);
  expect(visible(body.entry)).toContain('PUT Practitioner/p W/"1"');
  expect(body.entry).toHaveLength(5);
  expect((await get('/_history', facet.other.fhir)).body.entry).toBeUndefined();
  const key = await facet.keyWith('fhir', ['system/Patient.rs']);
  expect((await get('/Patient/_history', key)).status).toBe(200);
  expect((await get('/_history', key)).status).toBe(403);
});

test('_since returns versions from that time on', async () => {
  const { body } = await get(`/Patient/a/_history?_since=${times[1]}`).expect(200);
  expect(visible(body.entry)).toEqual(['DELETE Patient/a W/"3"', 'PUT Patient/a W/"2"']);
  expect((await get('/Patient/_history?_since=2999-01-01T00:00:00Z')).body.entry).toBeUndefined();
  expect((await get('/Patient/a/_history?_since=2999-01-01T00:00:00Z')).status).toBe(200);
});

test('_at returns versions that were current in that period', async () => {
  const at = async (value: string) => visible((await get(`/Patient/_history?_at=${encodeURIComponent(value)}`).expect(200)).body.entry);
  expect(await at(times[0]!)).toEqual(['PUT Patient/a W/"1"']);
  expect(await at(times[1]!)).toEqual(['PUT Patient/a W/"2"']);
  expect(await at('2001-01-01')).toEqual([]);
  expect(await at(times[0]!.slice(0, 10))).toHaveLength(4);
  expect(await at('2999-01-01')).toEqual(['DELETE Patient/a W/"3"', 'PUT Patient/b W/"1"']);
});

test('the pages contain each version once, also during concurrent writes', async () => {
  const whole = (await get('/_history').expect(200)).body.entry as Entry[];
  const { entries, sizes } = await pages('/_history?_count=2');
  expect([visible(entries), sizes]).toEqual([visible(whole), [2, 2, 1]]);
  const first = (await get('/Patient/_history?_count=2')).body;
  await patient('c');
  const rest = await pages(first.link[1].url.slice(`${BASE_URL}/fhir/R4`.length));
  expect(visible([...first.entry, ...rest.entries])).toEqual([
    'DELETE Patient/a W/"3"',
    'PUT Patient/b W/"1"',
    'PUT Patient/a W/"2"',
    'PUT Patient/a W/"1"',
  ]);
});

test.each([
  ['/Patient/_history?_since=yesterday', 400],
  ['/Patient/_history?_since=2020-01-01&_since=2021-01-01', 400],
  ['/Patient/_history?_count=0', 400],
  ['/Patient/_history?_list=x', 400],
  ['/Patient/_history?_page=x', 400],
  ['/Patient/never/_history', 404],
  ['/AuditEvent/_history', 404],
])('%s is refused', async (path, status) => {
  const response = await get(path);
  expect([response.status, response.body.resourceType]).toEqual([status, 'OperationOutcome']);
});

test('a page link is valid only for its own history', async () => {
  const { body } = await get('/Patient/_history?_count=1');
  expect((await get(`/Practitioner/_history${new URL(body.link[1].url).search}`)).status).toBe(400);
});

test('a version says through which API it came', async () => {
  const key = facet.demo.clinik!;
  const created = await request(facet.app)
    .post('/v1/patients')
    .set('x-api-key', key)
    .send({ firstName: 'Grace', lastName: 'Hopper', gender: 'female' });
  expect(created.status).toBe(201);
  const { body } = await get('/Patient?name=hopper').expect(200);
  const patient = body.entry[0].resource;
  await put(`/Patient/${patient.id}`, { ...patient, active: true });
  const operator = { tenant: 1, actor: 'operator', type: 'Patient' as const, id: patient.id };
  await facet.store.store.write(operator.tenant, [
    {
      ...operator,
      version: 3,
      previous: 2,
      previousRules: await rulesOf(patient.id),
      lastUpdated: '2027-01-01T00:00:00.000Z',
      method: 'DELETE',
      body: null,
    },
  ]);
  const history = await get(`/Patient/${patient.id}/_history`).expect(200);
  expect(history.body.entry.map(({ request: { extension } }: { request: { extension: object[] } }) => extension)).toEqual(
    ['server', 'fhir', 'clinik'].map((valueCode) => [{ url: 'urn:facet:door', valueCode }]),
  );
});

const rulesOf = async (id: string): Promise<number> => (await facet.store.store.read(1, 'Patient', id))!.rules!;

test('who made each version is told to those who may read the audit, also of two writes at the same time', async () => {
  const keys = await Promise.all([0, 1].map(() => facet.keyWith('fhir', ['*'])));
  const auditor = await facet.keyWith('fhir', ['*', 'system/AuditEvent.rs']);
  // several rounds, because one of two writes at the same time may be refused
  for (let round = 0; round < 5; round++)
    await Promise.all(keys.map((key, at) => facet.put({ resourceType: 'Patient', id: 'shared', name: [{ family: `writer-${at}` }] }, key)));
  const readActors = async (key: string): Promise<string[]> => {
    const { body } = await facet.fhir('get', '/Patient/shared/_history', key).expect(200);
    return body.entry.map(
      ({
        resource,
        request,
      }: {
        resource: { name: { family: string }[] };
        request: { extension: { url: string; valueString: string }[] };
      }) => `${resource.name[0]!.family} ${request.extension.find(({ url }) => url === 'urn:facet:actor')?.valueString}`,
    );
  };
  const actors = [...new Set(await readActors(auditor))].sort();
  expect(actors).toEqual([expect.stringMatching(/^writer-0 key-/), expect.stringMatching(/^writer-1 key-/)]);
  expect(actors[0]!.split(' ')[1]).not.toBe(actors[1]!.split(' ')[1]);
  expect([...new Set(await readActors(keys[0]!))].sort()).toEqual(['writer-0 undefined', 'writer-1 undefined']);
});
