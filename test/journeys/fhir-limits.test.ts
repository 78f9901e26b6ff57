// Limits of one request, so that no request takes the time or memory of all others.
import request from 'supertest';
import type { Database } from '../../src/store/database/database.ts';
import { type Running, startFacet } from './running-server.ts';

/** A statement with this value fails in a way that nobody has foreseen. */
const UNFORESEEN = 'unforeseen';
const failing = (database: Database): Database => ({
  ...database,
  forRequest: (...args) => failing(database.forRequest(...args)),
  query: (sql, parameters, name) => {
    if (JSON.stringify(parameters ?? []).includes(UNFORESEEN)) throw new TypeError('nobody has foreseen this');
    return database.query(sql, parameters, name);
  },
});

const KIB = 1024;
let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { over: failing, bodyLimit: 512 * KIB });
});
afterAll(() => facet.close());

const FHIR = 'application/fhir+json';
const fhir = (method: 'get' | 'put' | 'post' | 'patch', path: string, type = FHIR) =>
  request(facet.app)[method](`/fhir/R4/${path}`).set('x-api-key', facet.demo.fhir!).set('Content-Type', type);
const toError = ({ status, body }: request.Response): [number, string] => [status, body.issue[0].diagnostics];

test('a patch has at most a thousand operations, in either language', async () => {
  await fhir('put', 'Patient/patched').send('{"resourceType":"Patient","id":"patched"}').expect(201);
  const add = {
    name: 'operation',
    part: [
      { name: 'type', valueCode: 'add' },
      { name: 'path', valueString: 'Patient' },
    ],
  };
  const parameters = { resourceType: 'Parameters', parameter: Array.from({ length: 1001 }, () => add) };
  expect(toError(await fhir('patch', 'Patient/patched').send(JSON.stringify(parameters)))).toEqual([
    400,
    'a FHIRPath Patch has at most 1000 operations',
  ]);
  const operations = Array.from({ length: 1001 }, () => ({ op: 'add', path: '/active', value: true }));
  expect(toError(await fhir('patch', 'Patient/patched', 'application/json-patch+json').send(JSON.stringify(operations)))).toEqual([
    400,
    'a JSON Patch has at most 1000 operations',
  ]);
});

test('a patch cannot create a resource that exceeds the limits of a body', async () => {
  await fhir('put', 'Patient/large')
    .send(JSON.stringify(large('large', 400)))
    .expect(201);
  const patch = (operation: object) => fhir('patch', 'Patient/large', 'application/json-patch+json').send(JSON.stringify([operation]));
  expect(toError(await patch({ op: 'add', path: '/photo/-', value: large('other', 200).photo[0] }))).toEqual([
    413,
    expect.stringMatching(/^this Patient would be larger than the size limit of a request/),
  ]);
  expect(toError(await patch({ op: 'copy', from: '/photo/0', path: '/photo/-' }))).toEqual([
    422,
    'operation 0 of the patch copies too much',
  ]);
});

test('the size of a resource is counted in bytes', async () => {
  const spoken = { url: 'urn:spoken', valueString: '語'.repeat(150 * KIB) };
  await fhir('put', 'Patient/spoken')
    .send(JSON.stringify({ resourceType: 'Patient', id: 'spoken', extension: [spoken] }))
    .expect(201);
  const repeated = JSON.stringify([{ op: 'add', path: '/extension/-', value: spoken }]);
  const { status } = await fhir('patch', 'Patient/spoken', 'application/json-patch+json').send(repeated);
  expect([status, (await fhir('get', 'Patient?_id=spoken')).body.entry?.length]).toEqual([413, 1]);
});

/** A patient whose photo is that large. */
const large = (id: string, kib: number, more = {}) => ({
  resourceType: 'Patient',
  id,
  ...more,
  photo: [{ contentType: 'image/png', data: 'a'.repeat(kib * KIB) }],
});

interface Bundle {
  link: { relation: string; url: string }[];
  entry?: { resource: { id: string }; response?: { status: string } }[];
}
/** All pages of it, each as the ids on it. */
async function pages(path: string): Promise<string[][]> {
  const { status, body } = (await fhir('get', path)) as { status: number; body: Bundle };
  expect([path, status]).toEqual([path, 200]);
  const next = body.link.find(({ relation }) => relation === 'next')?.url;
  const ids = (body.entry ?? []).map(({ resource }) => resource.id);
  return next === undefined ? [ids] : [ids, ...(await pages(next.slice(next.indexOf('/fhir/R4') + '/fhir/R4'.length).replace(/^\//, '')))];
}

describe('large results are split into several pages, whatever _count is', () => {
  const ids = Array.from({ length: 7 }, (_one, index) => `page-${index}`);
  const tagged = { meta: { tag: [{ code: 'pages' }] } };
  beforeAll(async () => {
    for (const [n, id] of ids.entries())
      await fhir('put', `Patient/${id}`)
        .send(JSON.stringify(large(id, 300, { ...tagged, birthDate: `200${n}-01-01` })))
        .expect(201);
    for (let version = 2; version < 9; version++)
      await fhir('put', 'Patient/page-0')
        .send(JSON.stringify(large('page-0', 300, { ...tagged, active: version % 2 === 0 })))
        .expect(200);
  });

  test.each([
    ['in the order of storing', '_tag=pages', ids.toReversed()],
    ['sorted', '_tag=pages&_sort=birthdate', [...ids.slice(1), 'page-0']],
    ['by id', `_id=${ids.join(',')}`, ids.toReversed()],
    ['of several types', '_tag=pages&_type=Patient,Observation', ids.toReversed()],
  ])('a search %s is split', async (what, search, order) => {
    const found = await pages(`${what === 'of several types' ? '' : 'Patient'}?${search}&_count=100`);
    expect(found.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(found.flat()).toEqual(order);
    const { body } = await fhir('get', `Patient?${search}&_count=100&_total=accurate`.replace(/&_type=[^&]*/, ''));
    expect(body.total).toBe(ids.length);
  });

  test('a history is split', async () => {
    expect((await pages('Patient/page-0/_history?_count=100')).map((page) => page.length)).toEqual([3, 3, 2]);
  });

  test('$everything is split', async () => {
    const presentedForm = large('', 300).photo;
    const report = {
      resourceType: 'DiagnosticReport',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: 'Patient/page-1' },
      presentedForm,
    };
    for (const id of ['doc-1', 'doc-2', 'doc-3', 'doc-4'])
      await fhir('put', `DiagnosticReport/${id}`)
        .send(JSON.stringify({ id, ...report }))
        .expect(201);
    expect((await pages('Patient/page-1/$everything?_count=100')).flat()).toEqual(['page-1', 'doc-1', 'doc-2', 'doc-3', 'doc-4']);
    const included = await fhir('get', 'Patient?_id=page-1&_revinclude=DiagnosticReport:subject');
    expect(toError(included)).toEqual([413, expect.stringMatching(/bring in more text than the size limit of a response/)]);
  });

  test('a vendor’s list that is too large is refused with the advice to use smaller pages', async () => {
    const list = (limit: number) =>
      request(facet.app).get(`/api-v1/patients?limit=${limit}`).set('authorization', `Bearer ${facet.demo.jump}`);
    const refused = await list(20);
    expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringMatching(/request fewer at once with limit/)]);
    expect((await list(1)).status).toBe(200);
  });

  test('a vendor’s list with cursors is split', async () => {
    const list = async (cursor?: string): Promise<string[][]> => {
      const query = { count: 100, ...(cursor && { cursor }) };
      const { status, body } = await request(facet.app).get('/v1/patients').query(query).set('x-api-key', facet.demo.clinik!);
      expect(status).toBe(200);
      const { data, hasMore, cursor: next } = body.data as { data: { id: string }[]; hasMore: boolean; cursor: string };
      const page = data.map(({ id }) => id);
      return hasMore ? [page, ...(await list(next))] : [page];
    };
    const found = await list();
    const { body } = await fhir('get', 'Patient?_summary=count');
    expect([new Set(found.flat()).size, found.flat().length]).toEqual([body.total, body.total]);
    expect(found.length).toBeGreaterThan(2);
  });
});

test('a resource over the current limit has a page of its own', async () => {
  const ids = ['legacy-1', 'legacy-2', 'legacy-3'];
  for (const id of ids)
    for (const text of ['small', id === 'legacy-3' ? 'small again' : 'LARGE'])
      await fhir('put', `Patient/${id}`).send(
        JSON.stringify({ resourceType: 'Patient', id, meta: { tag: [{ code: 'legacy' }] }, name: [{ text }] }),
      );
  for (const table of ['resource', 'past_version'])
    await facet.store.database.script(
      `update ${table} set body = replace(body, 'LARGE', repeat('x', ${1200 * KIB})) where body like '%LARGE%'`,
    );
  expect(await pages('Patient?_tag=legacy')).toEqual([['legacy-3'], ['legacy-2'], ['legacy-1']]);
  expect(await pages('Patient?_tag=legacy&_sort=_lastUpdated')).toEqual([['legacy-1'], ['legacy-2'], ['legacy-3']]);
  expect(await pages('Patient/legacy-1/_history')).toEqual([['legacy-1'], ['legacy-1']]);
  expect(await pages('Patient/legacy-1/$everything')).toEqual([['legacy-1']]);
});

test('a batch over the response limit skips the remaining entries; such a transaction is refused', async () => {
  await fhir('put', 'Patient/room')
    .send(JSON.stringify(large('room', 400)))
    .expect(201);
  const get = { request: { method: 'GET', url: 'Patient/room' } };
  const post = { request: { method: 'POST', url: 'Patient' }, resource: { resourceType: 'Patient', name: [{ family: 'Roomless' }] } };
  const bundle = (type: string) => JSON.stringify({ resourceType: 'Bundle', type, entry: [get, get, get, post] });
  const { status, body } = (await fhir('post', '').send(bundle('batch'))) as { status: number; body: Bundle };
  expect([status, body.entry!.map(({ response }) => response!.status.slice(0, 3))]).toEqual([200, ['200', '200', '200', '413']]);
  expect(toError(await fhir('post', '').send(bundle('transaction')))).toEqual([413, expect.stringMatching(/send several Bundles$/)]);
  expect((await fhir('get', 'Patient?family=Roomless')).body.entry).toBeUndefined();
});

test('the number of values in a search is limited', async () => {
  const post = (form: string) => fhir('post', 'Patient/_search', 'application/x-www-form-urlencoded').send(form);
  const days = (count: number) => Array.from({ length: count }, (_one, index) => 1000 + (index % 9000)).join(',');
  expect(toError(await post(`birthdate=${days(5001)}`))).toEqual([400, 'birthdate may have at most 5000 values separated by comma']);
  const five = Array.from({ length: 5 }, () => `birthdate=${days(5000)}`).join('&');
  expect(toError(await post(five))).toEqual([400, 'this search has too many values: ask for fewer at once']);
  expect(toError(await post(`family=${'x'.repeat(KIB * KIB)}`))).toEqual([413, 'the body exceeds the size limit of 1 MiB']);
});

test('conditional references of a transaction are resolved over sixteen steps at most', async () => {
  const chain = (name: string, length: number) => ({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: Array.from({ length }, (_one, index) => ({
      request: { method: 'POST', url: 'Organization' },
      resource: {
        resourceType: 'Organization',
        identifier: [{ system: 'urn:chain', value: `${name}-${index}` }],
        ...(index > 0 && { partOf: { reference: `Organization?identifier=urn:chain|${name}-${index - 1}` } }),
      },
    })),
  });
  expect((await fhir('post', '').send(JSON.stringify(chain('short', 16)))).status).toBe(200);
  const long = await fhir('post', '').send(JSON.stringify(chain('long', 40)));
  expect(toError(long)).toEqual([422, expect.stringMatching(/^conditional references lead from entry to entry over more than 16 steps/)]);
  expect((await fhir('get', 'Organization?identifier=urn:chain|long-0')).body.entry).toBeUndefined();
});

test('an unexpected error of one batch entry does not affect the others', async () => {
  const post = (family: string) => ({
    request: { method: 'POST', url: 'Patient' },
    resource: { resourceType: 'Patient', name: [{ family }] },
  });
  const entry = [post('before'), { request: { method: 'GET', url: `Patient?family=${UNFORESEEN}` } }, post('after')];
  const { status, body } = await fhir('post', '').send(JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }));
  const responses = (body.entry as { response: { status: string; outcome?: { issue: { code: string }[] } } }[]).map(
    ({ response }) => response,
  );
  expect([status, responses.map((answer) => answer.status)]).toEqual([200, ['201 Created', '500 Internal Server Error', '201 Created']]);
  expect(responses[1]!.outcome!.issue).toEqual([expect.objectContaining({ severity: 'fatal', code: 'exception' })]);
  expect(JSON.stringify(responses[1])).not.toContain('foreseen');
});
