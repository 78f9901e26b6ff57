// Binary: read and written as content or as a resource, without scripts in a browser, and under its security context. https://hl7.org/fhir/R4/binary.html
import request from 'supertest';
import type { Database } from '../../src/store/database/database.ts';
import { type Running, startFacet } from './running-server.ts';

const FHIR = 'application/fhir+json';
const PDF = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x00, 0xff, 0xfe, 0x0a]);

/** What happens once, as soon as somebody has read what stands. */
const meanwhile: { once?: () => PromiseLike<unknown> } = {};
const overtaken = (database: Database): Database => ({
  ...database,
  forRequest: (...args) => overtaken(database.forRequest(...args)),
  async query<T extends object>(sql: string, parameters?: unknown[], name?: string) {
    const rows = await database.query<T>(sql, parameters, name);
    const { once } = meanwhile;
    if (!once || !parameters?.includes('raced')) return rows;
    delete meanwhile.once;
    await once();
    return rows;
  },
});

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { over: overtaken });
  await put('Binary/pdf', resource('pdf', 'application/pdf', PDF));
});
afterAll(() => facet.close());

const resource = (id: string, contentType: string, bytes: Buffer, more: object = {}) => ({
  resourceType: 'Binary',
  id,
  contentType,
  ...more,
  data: bytes.toString('base64'),
});
const api = (method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete', path: string, key = facet.demo.fhir!) =>
  request(facet.app)[method](`/fhir/R4/${path}`).set('x-api-key', key);
const get = (path: string, accept?: string, key?: string) => {
  const test = api('get', path, key).responseType('blob');
  return accept === undefined ? test : test.set('Accept', accept);
};
const put = (path: string, body: object) => api('put', path).set('Content-Type', FHIR).send(JSON.stringify(body));
const upload = (method: 'post' | 'put', path: string, type: string, bytes: Buffer | string) =>
  api(method, path)
    .set('Content-Type', type)
    .serialize((raw: unknown) => raw as string)
    .send(bytes);
const idIn = (location: string): string => location.split('/').at(-3)!;

test.each([
  [undefined, 'application/pdf'],
  ['*/*', 'application/pdf'],
  ['application/pdf', 'application/pdf'],
  ['application/*', 'application/pdf'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/pdf'],
  ['image/png, application/pdf;q=0.5', 'application/pdf'],
  [FHIR, `${FHIR}; charset=utf-8`],
  [`${FHIR}, */*; q=0.1`, `${FHIR}; charset=utf-8`],
  [`application/pdf;q=0.2, ${FHIR};q=0.9`, `${FHIR}; charset=utf-8`],
  ['application/json', 'application/json; charset=utf-8'],
])('Accept: %s returns %s', async (accept, type) => {
  const { status, headers, body } = await get('Binary/pdf', accept);
  expect([status, headers['content-type']]).toEqual([200, type]);
  if (type === 'application/pdf') expect(Buffer.compare(body, PDF)).toBe(0);
  else expect(JSON.parse(body.toString())).toMatchObject({ resourceType: 'Binary', data: PDF.toString('base64') });
});

test('other media types get 406; _format and _summary return the resource', async () => {
  expect((await get('Binary/pdf', 'image/png')).status).toBe(406);
  expect((await get('Binary/pdf?_format=image/png')).status).toBe(406);
  expect((await get('Binary/pdf?_format=json', '*/*')).headers['content-type']).toContain(FHIR);
  expect((await get('Binary/pdf?_format=application/pdf', FHIR)).headers['content-type']).toBe('application/pdf');
  expect(JSON.parse((await get('Binary/pdf?_elements=contentType')).body)).not.toHaveProperty('data');
});

test('content has its version in headers; a version, HEAD and a conditional read work for it too', async () => {
  const { headers } = await get('Binary/pdf');
  expect(headers).toMatchObject({ etag: 'W/"1"', 'last-modified': expect.any(String), vary: 'Accept', 'content-length': '8' });
  expect(Buffer.compare((await get('Binary/pdf/_history/1')).body, PDF)).toBe(0);
  expect((await api('head', 'Binary/pdf')).headers).toMatchObject({ 'content-type': 'application/pdf', 'content-length': '8' });
  expect((await get('Binary/pdf').set('If-None-Match', 'W/"1"')).status).toBe(304);
  expect((await get('Binary/none')).status).toBe(404);
});

test.each([
  ['application/pdf', PDF],
  ['text/plain; charset=utf-8', Buffer.from('Grüße')],
  ['text/csv', Buffer.from('a,b\n1,2')],
  ['application/json', Buffer.from('{"a": 1.00}')],
  [FHIR, Buffer.from('{"resourceType":"Patient","id":"inside"}')],
  ['application/fhir+xml', Buffer.from('<Patient xmlns="http://hl7.org/fhir"/>')],
  ['application/x-www-form-urlencoded', Buffer.from('a=b')],
])('content of type %s is stored byte for byte', async (type, bytes) => {
  const { status, headers, text } = await upload('post', 'Binary', type, bytes);
  expect([status, text]).toEqual([201, '']);
  const id = idIn(headers.location!);
  const response = await get(`Binary/${id}`, '*/*');
  expect([response.headers['content-type'], Buffer.compare(response.body, bytes)]).toEqual([type, 0]);
  expect(JSON.parse((await get(`Binary/${id}`, FHIR)).body)).toMatchObject({ contentType: type, data: bytes.toString('base64') });
});

test('PUT of content creates or replaces a Binary; the same content creates no new version', async () => {
  const sent = async (bytes: string) => {
    const { status, headers } = await upload('put', 'Binary/note', 'text/plain', bytes);
    return [status, headers.etag];
  };
  expect([await sent('one'), await sent('two'), await sent('two')]).toEqual([
    [201, 'W/"1"'],
    [200, 'W/"2"'],
    [200, 'W/"2"'],
  ]);
  const stale = await upload('put', 'Binary/note', 'text/plain', 'three').set('If-Match', 'W/"1"');
  expect(stale.status).toBe(412);
});

test('Prefer: return=representation returns the created Binary', async () => {
  const { body } = await upload('post', 'Binary', 'text/plain', 'x').set('Prefer', 'return=representation').set('Accept', FHIR);
  expect(body).toMatchObject({ resourceType: 'Binary', contentType: 'text/plain', data: 'eA==' });
});

test('a FHIR Binary in JSON is stored as the resource; invalid JSON is refused', async () => {
  const created = await upload('post', 'Binary', 'application/json', JSON.stringify(resource('x', 'text/plain', Buffer.from('hi'))));
  expect([created.status, created.body.contentType]).toEqual([201, 'text/plain']);
  expect((await upload('post', 'Binary', FHIR, '{"resourceType":"Binary"}')).status).toBe(400);
  expect((await upload('post', 'Binary', FHIR, '{"resourceType":')).status).toBe(400);
  expect((await upload('post', 'Binary', 'text/plain', '')).status).toBe(400);
  expect((await upload('post', 'Binary', 'plain', 'x')).status).toBe(400);
  expect((await upload('post', 'Patient', 'text/plain', 'x')).status).toBe(415);
});

test('content over the declared size is refused', async () => {
  const small = await startFacet();
  const { body } = await request(small.app).get('/fhir/R4/metadata');
  expect(body.rest[0].documentation).toContain('content of a Binary up to 47 MiB');
  await small.close();
  const large = Buffer.alloc(48 * 1024 * 1024);
  expect((await upload('post', 'Binary', 'application/octet-stream', large)).status).toBe(413);
});

test('a page with a script runs no script in a browser', async () => {
  const { headers } = await upload('post', 'Binary', 'text/html', '<script>alert(1)</script>');
  const response = await get(`Binary/${idIn(headers.location!)}`, 'text/html');
  expect(response.headers).toMatchObject({
    'content-type': 'text/html',
    'content-disposition': expect.stringMatching(/^attachment; filename="[\w-]+"$/),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  });
});

test('content with an invalid media type is sent as application/octet-stream', async () => {
  await put('Binary/odd', resource('odd', 'text/plain; name="ü"', Buffer.from('x')));
  expect((await get('Binary/odd')).headers['content-type']).toBe('application/octet-stream');
});

test('a Bundle and a search contain a Binary as resource', async () => {
  const entry = [{ request: { method: 'GET', url: 'Binary/pdf' } }];
  const bundle = await api('post', '')
    .set('Content-Type', FHIR)
    .send(JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }));
  expect(bundle.body.entry[0].resource).toMatchObject({ resourceType: 'Binary', data: PDF.toString('base64') });
  const { body } = await api('get', 'Binary?_id=pdf');
  expect(body.entry[0].resource.data).toBe(PDF.toString('base64'));
});

describe('with a security context', () => {
  const SECRET = Buffer.from('secret');
  beforeAll(async () => {
    await put('Binary/report', resource('report', 'text/plain', SECRET, { securityContext: { reference: 'Patient/ann' } })).expect(201);
    await put('Binary/far', resource('far', 'text/plain', SECRET, { securityContext: { reference: 'https://elsewhere.test/x' } })).expect(
      201,
    );
  });
  const secret = SECRET.toString('base64');

  test('it can be read by keys that may read the named resource', async () => {
    const both = await facet.keyWith('fhir', ['system/Binary.cruds', 'system/Patient.r']);
    const key = await facet.keyWith('fhir', ['system/Binary.cruds']);
    expect((await get('Binary/report', undefined, both)).headers['x-security-context']).toBe('Patient/ann');
    for (const path of ['Binary/report', 'Binary/report/_history/1', 'Binary/far'])
      expect([path, (await get(path, FHIR, key)).status]).toEqual([path, 403]);
    expect((await get('Binary/far', FHIR, both)).status).toBe(403);
    expect((await get('Binary/far', FHIR)).status).toBe(200);
  });

  test('lists show it to other keys without its content, and count it', async () => {
    const key = await facet.keyWith('fhir', ['system/Binary.cruds']);
    for (const path of ['Binary?_id=report&_total=accurate', 'Binary/report/_history', '?_type=Binary&_id=report']) {
      const { status, text } = await api('get', path, key);
      expect([path, status, text.includes(secret), text.includes('SUBSETTED')]).toEqual([path, 200, false, true]);
      expect((await api('get', path)).text).toContain(secret);
    }
    const found = await api('post', 'Binary', key)
      .set({ 'Content-Type': 'text/plain', 'If-None-Exist': '_id=report', Prefer: 'return=representation' })
      .send('x');
    expect([found.status, found.text.includes(secret)]).toEqual([200, false]);
  });

  test('it can be changed and deleted by keys that may change the named resource', async () => {
    const key = await facet.keyWith('fhir', ['system/Binary.cruds', 'system/Patient.r']);
    const put403 = await api('put', 'Binary/report', key).set('Content-Type', 'text/plain').send('overwritten');
    const test403 = await api('patch', 'Binary/report', key)
      .set('Content-Type', 'application/json-patch+json')
      .send(JSON.stringify([{ op: 'test', path: '/data', value: 'eA==' }]));
    expect([put403.status, test403.status, (await api('delete', 'Binary/report', key)).status]).toEqual([403, 403, 403]);
    const entry = [{ request: { method: 'DELETE', url: 'Binary/report' } }];
    const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
    expect((await api('post', '', key).set('Content-Type', FHIR).send(bundle)).status).toBe(403);
    const may = await facet.keyWith('fhir', ['system/Binary.cruds', 'system/Patient.rud']);
    expect((await api('put', 'Binary/report', may).set('Content-Type', 'text/plain').send('newer')).status).toBe(200);
    expect(JSON.parse((await get('Binary/report', FHIR)).body).securityContext).toEqual({ reference: 'Patient/ann' });
    expect((await api('delete', 'Binary/report', may)).status).toBe(204);
  });

  test('an existing context stays when new content is written', async () => {
    expect((await upload('put', 'Binary/raced', 'text/plain', 'first')).status).toBe(201);
    const labelled = resource('raced', 'text/plain', Buffer.from('second'), { securityContext: { reference: 'Patient/ann' } });
    meanwhile.once = async () => expect((await put('Binary/raced', labelled)).status).toBe(200);
    expect((await upload('put', 'Binary/raced', 'text/plain', 'third')).status).toBe(200);
    expect(meanwhile.once).toBeUndefined();
    const stands = JSON.parse((await get('Binary/raced', FHIR)).body);
    expect([stands.meta.versionId, stands.securityContext, Buffer.from(stands.data, 'base64').toString()]).toEqual([
      '3',
      { reference: 'Patient/ann' },
      'third',
    ]);
  });

  test('the same content creates no version, whether the context is in the header, in the resource or omitted', async () => {
    const hello = () => upload('put', 'Binary/hello', 'text/plain', 'hello');
    const inContext = () => hello().set('X-Security-Context', 'Patient/bob');
    const whole = () =>
      put('Binary/hello', resource('hello', 'text/plain', Buffer.from('hello'), { securityContext: { reference: 'Patient/bob' } }));
    for (const [status, write] of [
      [201, inContext],
      [200, hello],
      [200, inContext],
      [200, whole],
      [200, hello],
    ] as const) {
      const response = await write();
      expect([response.status, response.headers.etag]).toEqual([status, 'W/"1"']);
    }
  });

  test('X-Security-Context sets the context of content', async () => {
    const { headers } = await upload('post', 'Binary', 'text/plain', 'x').set('X-Security-Context', 'Patient/bob');
    const id = idIn(headers.location!);
    expect(JSON.parse((await get(`Binary/${id}`, FHIR)).body).securityContext).toEqual({ reference: 'Patient/bob' });
  });
});

test('another tenant’s Binary is 404', async () => {
  expect((await get('Binary/pdf', undefined, facet.other.fhir!)).status).toBe(404);
});
