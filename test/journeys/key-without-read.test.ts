// A key without the read scope can write, but its responses contain no stored values. The response to a write is minimal, whatever the request prefers, and a
// patch that tests stored values is refused. https://hl7.org/fhir/R4/http.html#ops, docs/decisions/0013-api-keys-and-scopes.md
import request, { type Response } from 'supertest';
import { orderable, registration } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let writer: string;
beforeAll(async () => {
  facet = await startFacet();
  writer = await facet.keyWith('fhir', ['write', 'system/*.s']);
});
afterAll(() => facet.close());

const SECRET = 'Lovelace';
const ada = (id: string, more: object = {}) => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: 'urn:secret', value: id }],
  name: [{ family: SECRET }],
  gender: 'female',
  ...more,
});
const toError = ({ status, body }: Response) => [status, body.issue?.[0].diagnostics];
const NEEDS_READ = [403, 'this patch tests stored values: it needs system/Patient.r'];

describe('on the FHIR API', () => {
  let id = '';
  let n = 0;
  beforeEach(async () => {
    id = `secret-${n++}`;
    await facet.put(ada(id));
  });
  const json = (...operations: object[]) => [operations, { 'Content-Type': 'application/json-patch+json' }] as const;
  const fhirPath = (type: string, path: string, more: object[] = []) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'operation', part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...more] }],
  });

  const WRITES: Record<string, () => request.Test> = {
    create: () => facet.fhir('post', '/Patient', writer).send(ada('x')),
    'conditional create that finds one': () =>
      facet.fhir('post', '/Patient', writer).set('If-None-Exist', `identifier=urn:secret|${id}`).send({ resourceType: 'Patient' }),
    update: () => facet.put(ada(id, { active: true }), writer),
    'update that changes nothing': () => facet.put(ada(id), writer),
    'conditional update': () => facet.fhir('put', `/Patient?identifier=urn:secret|${id}`, writer).send(ada(id, { active: true })),
    patch: () => {
      const [body, headers] = json({ op: 'add', path: '/active', value: true });
      return facet.fhir('patch', `/Patient/${id}`, writer).set(headers).send(body);
    },
    'patch without operations': () => {
      const [body, headers] = json();
      return facet.fhir('patch', `/Patient/${id}`, writer).set(headers).send(body);
    },
    'patch that moves': () => {
      const [body, headers] = json({ op: 'move', from: '/name/0', path: '/name/0' });
      return facet.fhir('patch', `/Patient/${id}`, writer).set(headers).send(body);
    },
    'conditional patch': () => {
      const [body, headers] = json({ op: 'add', path: '/active', value: true });
      return facet.fhir('patch', `/Patient?identifier=urn:secret|${id}`, writer).set(headers).send(body);
    },
    'FHIRPath patch': () =>
      facet.fhir('patch', `/Patient/${id}`, writer).send(fhirPath('replace', 'Patient.gender', [{ name: 'value', valueCode: 'male' }])),
    delete: () => facet.fhir('delete', `/Patient/${id}`, writer),
  };

  test.each(Object.keys(WRITES))('%s: the response has the ETag and no content, whatever Prefer says', async (name) => {
    for (const prefer of ['return=representation', 'return=minimal', 'handling=lenient']) {
      const response = await WRITES[name]!().set('Prefer', prefer);
      expect([200, 201, 204]).toContain(response.status);
      expect(response.text).toBe('');
      if (response.status !== 204) expect(response.headers.etag).toMatch(/^W\/"\d+"$/);
      if (response.status === 201) expect(response.headers.location).toMatch(/\/Patient\/[^/]+\/_history\/1$/);
    }
  });

  test('Prefer: return=OperationOutcome is allowed', async () => {
    const { status, body } = await facet.put(ada(id, { active: true }), writer).set('Prefer', 'return=OperationOutcome');
    expect([status, body.resourceType, body.issue[0].diagnostics]).toEqual([200, 'OperationOutcome', 'updated']);
  });

  test.each(['batch', 'transaction'])('the entries of a %s have no content in the response', async (type) => {
    const [patch] = json({ op: 'add', path: '/active', value: true });
    const entry = [
      { resource: ada('x'), request: { method: 'POST', url: 'Patient' } },
      { resource: ada('x'), request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:secret|${id}` } },
      { resource: ada(`${id}-${type}`), request: { method: 'PUT', url: `Patient/${id}-${type}` } },
      {
        resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data: btoa(JSON.stringify(patch)) },
        request: { method: 'PATCH', url: `Patient/${id}` },
      },
    ];
    const response = await facet
      .fhir('post', '', writer)
      .set('Prefer', 'return=representation')
      .send({ resourceType: 'Bundle', type, entry });
    expect([response.status, response.text.includes(SECRET)]).toEqual([200, false]);
    expect(response.body.entry.map((entry: { response: { etag?: string } }) => typeof entry.response.etag)).toEqual(
      Array(4).fill('string'),
    );
    const read = await facet
      .fhir('post', '', writer)
      .send({ resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${id}` } }] });
    expect(read.body.entry[0].response.status).toMatch(/^403/);
  });

  test.each([
    ['that holds', SECRET],
    ['that does not hold', 'Curie'],
  ])('a JSON Patch with a test %s is refused with the needed scope', async (_what, value) => {
    const [body, headers] = json({ op: 'test', path: '/name/0/family', value }, { op: 'add', path: '/active', value: true });
    expect(toError(await facet.fhir('patch', `/Patient/${id}`, writer).set(headers).send(body))).toEqual(NEEDS_READ);
    expect(toError(await facet.fhir('patch', `/Patient?identifier=urn:secret|${id}`, writer).set(headers).send(body))).toEqual(NEEDS_READ);
    const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data: btoa(JSON.stringify(body)) };
    const entry = [{ resource, request: { method: 'PATCH', url: `Patient/${id}` } }];
    expect(toError(await facet.fhir('post', '', writer).send({ resourceType: 'Bundle', type: 'transaction', entry }))).toEqual(NEEDS_READ);
    const batch = await facet.fhir('post', '', writer).send({ resourceType: 'Bundle', type: 'batch', entry });
    expect(batch.body.entry[0].response.status).toBe('403 Forbidden');
    expect((await facet.fhir('get', `/Patient/${id}`)).body.active).toBeUndefined();
  });

  test.each([`Patient.name.where(family='${SECRET}')`, "Patient.name.where(family='Curie')", "Patient.name.where(use='x').given"])(
    'a FHIRPath Patch that reads content is refused: delete %s',
    async (path) => {
      expect(toError(await facet.fhir('patch', `/Patient/${id}`, writer).send(fhirPath('delete', path)))).toEqual(NEEDS_READ);
    },
  );

  test('a FHIRPath Patch may select an extension by URL, a member by index, and the type of a choice', async () => {
    for (const path of ["Patient.extension('urn:x')", 'Patient.name[0]', 'Patient.deceased.ofType(boolean)'])
      expect((await facet.fhir('patch', `/Patient/${id}`, writer).send(fhirPath('delete', path))).status).toBe(200);
  });

  test('a key with read gets the content', async () => {
    const [body, headers] = json({ op: 'test', path: '/name/0/family', value: SECRET });
    const response = await facet.fhir('patch', `/Patient/${id}`).set(headers).send(body);
    expect([response.status, response.body.name[0].family]).toEqual([200, SECRET]);
  });

  test('the criteria of a conditional write need the search scope', async () => {
    const key = await facet.keyWith('fhir', ['write']);
    const responses = await Promise.all([
      facet.fhir('post', '/Patient', key).set('If-None-Exist', `identifier=urn:secret|${id}`).send({ resourceType: 'Patient' }),
      facet.fhir('put', `/Patient?identifier=urn:secret|${id}`, key).send(ada(id)),
      facet.fhir('delete', `/Patient?identifier=urn:secret|${id}`, key),
    ]);
    for (const answer of responses)
      expect(toError(answer)).toEqual([403, 'the scopes of this credential do not cover a search of Patient: it needs system/Patient.s']);
  });
});

const at = (surface: string, method: 'post' | 'patch' | 'put' | 'delete' | 'get', path: string, key: string) =>
  request(facet.app)
    [method](path)
    .set(surface === 'clinik' ? { 'x-api-key': key } : { Authorization: `Bearer ${key}` });

describe('on a vendor’s API', () => {
  test.each([
    ['clinik', '/clinik/v1/organizations', { name: 'Clinic', phone: '+15184731122' }, { phone: '+15184731133' }],
    ['loop', '/loop/v1/patients', { brand_id: 'b', first_name: 'Ada', last_name: SECRET }, { first_name: 'Augusta' }],
    ['jump', '/jump/patients', { first_name: 'Ada', last_name: SECRET, date_of_birth: '1985-12-10' }, { first_name: 'Augusta' }],
  ] as const)('%s: the response to a create and a change has the id and the sent fields', async (surface, path, body, change) => {
    const key = await facet.keyWith(surface, ['write']);
    const itemOf = ({ body: sent }: Response) => (surface === 'jump' ? sent.data : surface === 'clinik' && sent.data ? sent.data : sent);
    const created = await at(surface, 'post', path, key).send(body);
    const { id, ...view } = itemOf(created);
    expect([created.status, id, view]).toEqual([201, expect.any(String), body]);
    if (surface === 'loop') return;
    const method = 'patch';
    const changed = await at(surface, method, `${path}/${id}`, key).send(change);
    expect([changed.status, itemOf(changed)]).toEqual([200, { id, ...change }]);
    const unchanged = await at(surface, method, `${path}/${id}`, key).send({});
    expect([unchanged.status, itemOf(unchanged)]).toEqual([200, { id }]);
    const operations = await at(surface, method, `${path}/${id}`, key).send([]);
    expect([operations.status, itemOf(operations)]).toEqual([200, { id }]);
    for (const value of ['Clinic', SECRET, 'x']) {
      const tested = await at(surface, method, `${path}/${id}`, key).send([{ op: 'test', path: '/name', value }]);
      expect([tested.status, tested.text]).toEqual([403, expect.stringContaining('.r')]);
    }
    expect((await at(surface, 'delete', `${path}/${id}`, key)).status).toBeLessThan(410);
  });

  test('a replayed response contains only the id and the sent fields for a key without read', async () => {
    const key = await facet.keyWith('loop', ['write']);
    const body = { brand_id: 'b', first_name: 'Grace', last_name: 'Hopper' };
    const send = (own: string) => at('loop', 'post', '/loop/v1/patients', own).set('idempotency-key', 'again').send(body);
    const first = await send(facet.demo.loop!);
    expect(first.body).toMatchObject({ ...body, created_at: expect.any(String) });
    const repeated = await send(key);
    expect([repeated.status, repeated.body]).toEqual([201, { id: first.body.id, ...body }]);
    expect((await send(facet.demo.loop!)).body).toEqual(first.body);
  });

  test('the responses to an order and a registration have no more content', async () => {
    const key = await facet.keyWith('loop', ['write']);
    await facet.put(orderable('0190b3c2-0000-7000-8000-00000000aaaa'));
    const order = { brand_id: 'loop', patient_id: '0190b3c2-0000-7000-8000-00000000aaaa', panel_id: 'pcos' };
    const ordered = await at('loop', 'post', '/loop/v1/lab-orders', key).set('idempotency-key', 'order').send(order);
    expect([ordered.status, ordered.body]).toEqual([201, { id: expect.any(String), ...order }]);
    const physician = registration('1790789873');
    const registered = await at('loop', 'post', '/loop/v1/physicians', key).send(physician);
    expect([registered.status, registered.body]).toEqual([201, { id: expect.any(String), ...physician }]);
  });

  test('the response to a batch has the id and the sent fields of each item', async () => {
    const key = await facet.keyWith('loop', ['write']);
    await facet.put({ ...orderable('0190b3c2-0000-7000-8000-00000000aaaa'), meta: { tag: [{ system: 'x', code: 'y' }] } });
    const { body: patient } = await at('loop', 'post', '/loop/v1/patients', facet.demo.loop!).send({
      brand_id: 'b',
      first_name: 'A',
      last_name: 'B',
    });
    const value = { code: 'tsh', name: 'TSH', value: 9, unit: 'mIU/L', collected_at: '2026-01-05T08:30:00Z' };
    const sent = { patient_id: patient.id, brand_id: 'b', source: 'upload', biomarkers: [value, { ...value, code: 'ft4', name: 'FT4' }] };
    const response = await at('loop', 'post', '/loop/v1/biomarkers/parse', key).send(sent);
    expect(response.status).toBeLessThan(300);
    expect(JSON.stringify(response.body)).not.toContain('parsed_at');
    expect(response.body.results.map((result: object) => Object.keys(result).includes('id'))).toEqual([true, true]);
  });
});
