// $meta, $meta-add and $meta-delete: versions, preconditions, scopes, tenants, batches, concurrent changes. https://hl7.org/fhir/R4/resource-operations.html
import { type Method, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const tag = (code: string) => ({ system: 'urn:tags', code });
const parameters = (valueMeta: object) => ({ resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta }] });
const call = (method: Method, path: string, key?: string) => facet.fhir(method, path, key);
const add = (path: string, meta: object, key?: string) => call('post', `/${path}/$meta-add`, key).send(parameters(meta));
const remove = (path: string, meta: object, key?: string) => call('post', `/${path}/$meta-delete`, key).send(parameters(meta));
const metaOf = (body: { parameter: { name: string; valueMeta: Record<string, unknown> }[] }) => {
  expect(body.parameter.map(({ name }) => name)).toEqual(['return']);
  return body.parameter[0]!.valueMeta;
};
const put = (id: string, more: object = {}) => facet.put({ resourceType: 'Patient', id, ...more }).expect(201);

test('adding and removing are versions of the history, and search finds the tag between them', async () => {
  await put('tags', { birthDate: '1985-12-10', text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">A</div>' } });
  const added = await add('Patient/tags', { tag: [tag('a')], security: [{ code: 'R' }], versionId: '99' });
  expect([added.status, added.headers.etag, metaOf(added.body)]).toEqual([
    200,
    'W/"2"',
    expect.objectContaining({ versionId: '2', tag: [tag('a')], security: [{ code: 'R' }] }),
  ]);
  expect((await call('get', '/Patient?_tag=urn:tags|a&_summary=count')).body.total).toBe(1);
  const removed = await remove('Patient/tags', { tag: [tag('a')] });
  expect([removed.headers.etag, metaOf(removed.body).tag]).toEqual(['W/"3"', undefined]);
  expect((await call('get', '/Patient?_tag=urn:tags|a&_summary=count')).body.total).toBe(0);
  const { body } = await call('get', '/Patient/tags/_history');
  expect(body.entry.map(({ request }: { request: { method: string } }) => request.method)).toEqual(['PATCH', 'PATCH', 'PUT']);
  expect(body.entry[0].resource).toMatchObject({ birthDate: '1985-12-10', text: { status: 'generated' } });
});

test('a change that changes nothing makes no version', async () => {
  await put('same', { meta: { tag: [tag('a')] } });
  const [added, removed] = [await add('Patient/same', { tag: [tag('a')] }), await remove('Patient/same', { tag: [tag('b')] })];
  expect([added.headers.etag, removed.headers.etag]).toEqual(['W/"1"', 'W/"1"']);
});

test('$meta is read by GET, HEAD and POST, and of a past version', async () => {
  await put('read', { meta: { tag: [tag('a')] } });
  await remove('Patient/read', { tag: [tag('a')] });
  const got = await call('get', '/Patient/read/$meta?_format=json&_pretty=true');
  const { body: resource } = await call('get', '/Patient/read');
  expect([got.status, got.headers.etag, metaOf(got.body)]).toEqual([200, 'W/"2"', resource.meta]);
  const head = await call('head', '/Patient/read/$meta');
  expect([head.status, head.headers.etag, head.text]).toEqual([200, 'W/"2"', undefined]);
  expect(metaOf((await call('post', '/Patient/read/$meta').send({ resourceType: 'Parameters' })).body)).toEqual(resource.meta);
  expect(metaOf((await call('get', '/Patient/read/_history/1/$meta')).body).tag).toEqual([tag('a')]);
  expect((await call('get', '/Patient/read/_history/9/$meta')).status).toBe(404);
});

test('If-Match with another version is 412 and changes nothing', async () => {
  await put('match');
  for (const [path, given] of [
    ['$meta-add', { tag: [tag('a')] }],
    ['$meta-delete', { tag: [tag('a')] }],
  ] as const)
    expect((await call('post', `/Patient/match/${path}`).set('If-Match', 'W/"7"').send(parameters(given))).status).toBe(412);
  const matched = await call('post', '/Patient/match/$meta-add')
    .set('If-Match', 'W/"1"')
    .send(parameters({ tag: [tag('a')] }));
  expect([matched.status, matched.headers.etag]).toEqual([200, 'W/"2"']);
});

test('concurrent additions are all kept', async () => {
  await put('busy');
  const codes = Array.from({ length: 12 }, (_one, n) => `t${n}`);
  const answers = await Promise.all(codes.map((code) => add('Patient/busy', { tag: [tag(code)] })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const stored = metaOf((await call('get', '/Patient/busy/$meta')).body).tag as { code: string }[];
  expect(stored.map(({ code }) => code).sort()).toEqual(codes.toSorted());
});

test('the digits of decimals stay', async () => {
  const observation = '{"resourceType":"Observation","id":"digits","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}';
  await call('put', '/Observation/digits').send(observation).expect(201);
  await add('Observation/digits', { tag: [tag('a')] }).expect(200);
  expect((await call('get', '/Observation/digits')).text).toContain('"value":1.50');
});

test('a scope for updates changes the meta, a scope for reading shows it, and neither does both', async () => {
  await put('scopes');
  const [reader, writer] = [await facet.keyWith('fhir', ['system/Patient.r']), await facet.keyWith('fhir', ['system/Patient.u'])];
  expect((await add('Patient/scopes', { tag: [tag('a')] }, reader)).status).toBe(403);
  expect((await call('get', '/Patient/scopes/$meta', writer)).status).toBe(403);
  const written = await add('Patient/scopes', { tag: [tag('a')] }, writer);
  expect([written.status, written.text, written.headers.etag]).toEqual([200, '', 'W/"2"']);
  expect(metaOf((await call('get', '/Patient/scopes/$meta', reader)).body).tag).toEqual([tag('a')]);
});

test('another tenant’s resource is 404, a deleted one 410', async () => {
  await put('gone');
  const other = facet.other.fhir!;
  expect([
    (await call('get', '/Patient/gone/$meta', other)).status,
    (await add('Patient/gone', { tag: [tag('a')] }, other)).status,
    (await remove('Patient/gone', { tag: [tag('a')] }, other)).status,
  ]).toEqual([404, 404, 404]);
  await call('delete', '/Patient/gone').expect(204);
  expect([(await call('get', '/Patient/gone/$meta')).status, (await add('Patient/gone', { tag: [tag('a')] })).status]).toEqual([410, 410]);
});

test('an entry of a batch changes the meta; a transaction refuses such an entry and names it', async () => {
  await put('batch');
  const entry = [{ resource: parameters({ tag: [tag('a')] }), request: { method: 'POST', url: 'Patient/batch/$meta-add' } }];
  const bundle = (type: string) => call('post', '').send({ resourceType: 'Bundle', type, entry });
  const refused = await bundle('transaction');
  expect([refused.status, refused.body.issue[0].expression]).toEqual([400, ['Bundle.entry[0].request.url']]);
  expect((await call('get', '/Patient/batch')).headers.etag).toBe('W/"1"');
  const { body } = await bundle('batch');
  expect([body.entry[0].response.status, metaOf(body.entry[0].resource).tag]).toEqual(['200 OK', [tag('a')]]);
});

test.each<[string, string, object, number]>([
  ['another parameter', '$meta-add', { resourceType: 'Parameters', parameter: [{ name: 'x', valueString: 'x' }] }, 400],
  ['no parameter', '$meta-add', { resourceType: 'Parameters' }, 400],
  ['another resource', '$meta-delete', { resourceType: 'Patient' }, 400],
  ['a value of another type', '$meta-add', { resourceType: 'Parameters', parameter: [{ name: 'meta', valueString: 'x' }] }, 400],
  ['a tag with an unknown element', '$meta-add', parameters({ tag: [{ code: 'a', colour: 'red' }] }), 400],
  ['a parameter in the URL', '$meta-add?tag=a', parameters({ tag: [tag('a')] }), 400],
])('%s is refused and changes nothing', async (what, operation, body, status) => {
  const id = what.replaceAll(' ', '-');
  await put(id);
  expect((await call('post', `/Patient/${id}/${operation}`).send(body)).status).toBe(status);
  expect((await call('get', `/Patient/${id}`)).headers.etag).toBe('W/"1"');
});
