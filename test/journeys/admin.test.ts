// The administration below /admin: keys and tenants, by a tenant's administrator and by an operator.
import request, { type Test } from 'supertest';
import { recordAdminEvent } from '../../src/store/admin-events.ts';
import { createApiKey, INSTALLATION } from '../../src/store/api-keys.ts';
import { createTenant, findTenant } from '../../src/store/tenants.ts';
import { type Method, type Running, startFacet } from './running-server.ts';

const AT = '2026-01-01T00:00:00.000Z';
let facet: Running;
let admin: string;
let otherAdmin: string;
let operator: string;
beforeAll(async () => {
  facet = await startFacet();
  const { database } = facet.store;
  const other = await findTenant(database, { slug: 'other' });
  admin = await facet.keyWith('admin', []);
  otherAdmin = (await createApiKey(database, { tenant: other!.id, surface: 'admin', scopes: [], prefix: 'admin_live_', at: AT })).text;
  const key = { tenant: INSTALLATION, surface: 'operator', scopes: [], prefix: 'operator_live_', at: AT };
  operator = (await createApiKey(database, key)).text;
});
afterAll(() => facet.close());

const as =
  (key: string) =>
  (method: Method, path: string, body?: object, headers: Record<string, string> = {}): Test =>
    request(facet.app)
      [method](`/admin${path}`)
      .set({ Authorization: `Bearer ${key}`, ...headers })
      .send(body);
const asAdmin = (...call: Parameters<ReturnType<typeof as>>): Test => as(admin)(...call);
const asOther = (...call: Parameters<ReturnType<typeof as>>): Test => as(otherAdmin)(...call);
const asOperator = (...call: Parameters<ReturnType<typeof as>>): Test => as(operator)(...call);
const patients = async (key: string): Promise<number> => (await facet.fhir('get', '/Patient', key)).status;
/** A new key of the tenant `demo`. */
const create = async (fields: object = {}) => (await asAdmin('post', '/keys', { surface: 'fhir', ...fields }).expect(201)).body;
const listed = async (id: string) => (await asAdmin('get', `/keys/${id}`).expect(200)).body;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('keys of a tenant', () => {
  test('an administrator creates a key, which opens its surface within its scopes; its text is in no other response', async () => {
    const response = await asAdmin('post', '/keys', {
      surface: 'fhir',
      scopes: ['system/Patient.rs'],
      name: 'ward 7',
      expires: '2999-01-31',
    });
    expect([response.status, response.headers.location, response.headers['cache-control']]).toEqual([
      201,
      `/admin/keys/${response.body.id}`,
      'no-store',
    ]);
    const { key, ...rest } = response.body;
    expect(rest).toEqual({
      id: expect.stringMatching(/^key-[0-9a-f]{16}$/),
      tenant: 'demo',
      surface: 'fhir',
      scopes: ['system/Patient.rs'],
      patient: null,
      name: 'ward 7',
      status: 'active',
      created: expect.any(String),
      createdBy: expect.stringMatching(/^key-/),
      expires: '2999-01-31T00:00:00.000Z',
      revoked: null,
      replacedBy: null,
      lastUsed: null,
    });
    expect(await patients(key)).toBe(200);
    expect((await facet.fhir('get', '/Observation', key)).status).toBe(403);
    const list = await asAdmin('get', '/keys').expect(200);
    expect(list.body.keys).toContainEqual(rest);
    expect(list.text).not.toContain(key);
  });

  test('a revoked key is refused after a second; revoking it again changes nothing', async () => {
    const { id, key } = await create();
    expect(await patients(key)).toBe(200);
    expect((await asAdmin('delete', `/keys/${id}`)).status).toBe(204);
    await wait(1100);
    expect(await patients(key)).toBe(401);
    const { revoked, status } = await listed(id);
    expect([status, revoked]).toEqual(['revoked', expect.any(String)]);
    expect((await asAdmin('delete', `/keys/${id}`)).status).toBe(204);
    expect((await listed(id)).revoked).toBe(revoked);
  });

  test('a rotated key and its replacement are valid during the overlap, with the same surface, scopes, name and expiry', async () => {
    const old = await create({ scopes: 'read', name: 'export', expires: '2999-01-31' });
    const before = Date.now();
    const { body } = await asAdmin('post', `/keys/${old.id}/rotate`, { overlap: '7d' }).expect(201);
    expect(body).toMatchObject({
      surface: 'fhir',
      scopes: ['read'],
      name: 'export',
      expires: '2999-01-31T00:00:00.000Z',
      status: 'active',
    });
    expect(body.replaces).toMatchObject({ id: old.id, replacedBy: body.id, status: 'active' });
    const overlap = Date.parse(body.replaces.expires) - before;
    expect(overlap).toBeGreaterThan(7 * 86_400_000 - 1);
    expect(overlap).toBeLessThan(7 * 86_400_000 + 60_000);
    expect([await patients(old.key), await patients(body.key)]).toEqual([200, 200]);
  });

  test('without an overlap the old key is refused after a second', async () => {
    const old = await create();
    const { body } = await asAdmin('post', `/keys/${old.id}/rotate`, { overlap: '0' }).expect(201);
    await wait(1100);
    expect([await patients(old.key), await patients(body.key)]).toEqual([401, 200]);
    expect((await listed(old.id)).status).toBe('expired');
  });

  test('the overlap does not prolong a key that expires earlier', async () => {
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await create({ expires });
    const { body } = await asAdmin('post', `/keys/${id}/rotate`, { expires: '2999-01-31' }).expect(201);
    expect([body.replaces.expires, body.expires]).toEqual([expires, '2999-01-31T00:00:00.000Z']);
  });

  test('a second rotation is 409 and names the replacement; after the replacement is revoked, it succeeds', async () => {
    const old = await create();
    const { body: lost } = await asAdmin('post', `/keys/${old.id}/rotate`).expect(201);
    const again = await asAdmin('post', `/keys/${old.id}/rotate`);
    expect([again.status, again.body]).toEqual([
      409,
      { error: 'conflict', message: expect.stringContaining(`was replaced by ${lost.id}`) },
    ]);
    await asAdmin('delete', `/keys/${lost.id}`).expect(204);
    const { body } = await asAdmin('post', `/keys/${old.id}/rotate`).expect(201);
    expect(body.expires).toBeNull();
    await wait(1100);
    expect([await patients(lost.key), await patients(body.key)]).toEqual([401, 200]);
  });

  test('of concurrent rotations of one key one succeeds', async () => {
    const { id } = await create();
    const responses = await Promise.all(Array.from({ length: 8 }, () => asAdmin('post', `/keys/${id}/rotate`)));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
  });

  test('a revoked and an expired key are not rotated: 409 says why', async () => {
    const [revoked, expired] = [await create(), await create()];
    await asAdmin('delete', `/keys/${revoked.id}`);
    const { body } = await asAdmin('post', `/keys/${expired.id}/rotate`, { overlap: '0' });
    await asAdmin('delete', `/keys/${body.id}`);
    const rotate = async (id: string) => (await asAdmin('post', `/keys/${id}/rotate`).expect(409)).body.message;
    expect([await rotate(revoked.id), await rotate(expired.id)]).toEqual([
      `key ${revoked.id} was revoked: create a new key`,
      `key ${expired.id} has expired: create a new key`,
    ]);
  });

  test('a create that is repeated with its Idempotency-Key creates one key, whose text is sent once', async () => {
    const body = { surface: 'fhir', name: 'once' };
    const send = (more: object = {}) => asAdmin('post', '/keys', { ...body, ...more }, { 'Idempotency-Key': 'deploy-7' });
    const responses = await Promise.all(Array.from({ length: 5 }, () => send()));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(responses.map((response) => response.body.id)).size).toBe(1);
    expect(responses.filter((response) => 'key' in response.body)).toHaveLength(1);
    expect((await asAdmin('get', '/keys')).body.keys.filter(({ name }: { name: string }) => name === 'once')).toHaveLength(1);
    const mismatch = await send({ scopes: 'read' });
    expect([mismatch.status, mismatch.body.message]).toEqual([409, 'this Idempotency-Key was used for another key: send a new one']);
    expect((await as(otherAdmin)('post', '/keys', body, { 'Idempotency-Key': 'deploy-7' })).status).toBe(201);
  });

  test.each([
    [{ surface: 'nobody' }, /^surface must be one of fhir, .*, admin$/],
    [{ surface: 'operator' }, /^surface operator is for keys without a tenant/],
    [{ surface: 'constructor' }, /^surface must be one of/],
    [{}, /^surface must be one of/],
    [{ surface: 'fhir', scopes: ['everything'] }, /^not a scope: everything/],
    [{ surface: 'fhir', scopes: [] }, /^scopes needs at least one/],
    [{ surface: 'fhir', scopes: [1] }, /^scopes must be a text/],
    [{ surface: 'admin', scopes: '*' }, /^scopes does not apply/],
    [{ surface: 'admin', patient: 'ada' }, /^patient does not apply/],
    [{ surface: 'fhir', expires: 'tomorrow' }, /^expires must be a date/],
    [{ surface: 'fhir', expires: '9999-12-31T23:59:59-23:59' }, /^expires must be a date/],
    [{ surface: 'fhir', expires: '2020-01-31' }, /^expires must be in the future/],
    [{ surface: 'fhir', name: 'two\nlines' }, /^name must be one line/],
    [{ surface: 'fhir', scope: 'read' }, /^scope is not a field of this request \(did you mean scopes\?\)/],
    [[], /^the body must be a JSON object/],
  ])('%j is 400 and names the remedy', async (body, says) => {
    const response = await asAdmin('post', '/keys', body);
    expect([response.status, response.body.message]).toEqual([400, expect.stringMatching(says)]);
  });

  test.each(['1', '-1h', '24', '100d', '9999999h', ''])('the overlap "%s" is 400', async (overlap) => {
    const { id } = await create();
    expect((await asAdmin('post', `/keys/${id}/rotate`, { overlap })).body.message).toMatch(/^overlap must be a number with its unit/);
    expect((await listed(id)).replacedBy).toBeNull();
  });
});

describe('borders', () => {
  test('keys of administrators open neither FHIR nor a vendor; other keys do not open /admin; no key is 401', async () => {
    for (const key of [admin, operator]) {
      expect((await facet.fhir('get', '/Patient', key)).status).toBe(403);
      expect((await facet.fhir('post', '', key).send({ resourceType: 'Bundle', type: 'batch' })).status).toBe(403);
      expect((await request(facet.app).get('/v1/patients').set('Authorization', `Bearer ${key}`)).status).toBe(403);
      expect((await request(facet.app).get('/clinik/v1/patients').set('x-api-key', key)).status).toBe(403);
      expect((await request(facet.app).get('/jump/clinician-profiles').set('Authorization', `Bearer ${key}`)).status).toBe(403);
    }
    for (const key of Object.values(facet.demo)) {
      const response = await as(key)('get', '/keys');
      expect([response.status, response.body.message]).toEqual([403, expect.stringMatching(/facet keys create --surface admin$/)]);
    }
    const anonymous = await request(facet.app).get('/admin/keys');
    expect([anonymous.status, anonymous.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await request(facet.app).get('/admin/anything')).status).toBe(401);
    expect((await request(facet.app).get(`/admin/keys?api_key=${admin}`)).status).toBe(401);
  });

  test('another tenant and its keys are 404 for an administrator, as what does not exist', async () => {
    const { id } = await create();
    const nothing = (await asOther('get', '/keys/key-0000000000000000')).text;
    for (const response of [
      await asOther('get', `/keys/${id}`),
      await asOther('delete', `/keys/${id}`),
      await asOther('post', `/keys/${id}/rotate`),
      await asOther('get', '/keys/%00'),
      await asOther('get', '/keys/..%2f..'),
    ])
      expect([response.status, response.text]).toEqual([404, nothing]);
    const noTenant = (await asOther('get', '/keys?tenant=nobody')).text;
    for (const response of [
      await asOther('get', '/keys?tenant=demo'),
      await asOther('get', `/keys/${id}?tenant=demo`),
      await asOther('delete', `/keys/${id}?tenant=demo`),
      await asOther('post', '/keys', { tenant: 'demo', surface: 'fhir' }),
      await asOther('get', '/events?tenant=demo'),
      await asOther('get', '/tenants/demo'),
      await asOther('get', '/tenants/nobody'),
      await asOther('get', '/tenants/%00'),
    ])
      expect([response.status, response.text]).toEqual([404, noTenant]);
    expect(await listed(id)).toMatchObject({ status: 'active', replacedBy: null });
    expect(JSON.stringify((await asOther('get', '/keys')).body)).not.toContain(id);
    expect((await asOther('get', '/tenants')).body.tenants.map(({ slug }: { slug: string }) => slug)).toEqual(['other']);
  });

  test('an administrator creates another administrator of its tenant, but no tenant, and changes none', async () => {
    const { key } = await create({ surface: 'admin', name: 'deputy' });
    expect((await as(key)('get', '/keys')).status).toBe(200);
    expect((await as(key)('get', '/keys?tenant=other')).status).toBe(404);
    for (const response of [
      await as(key)('post', '/tenants', { slug: 'mine' }),
      await as(key)('patch', '/tenants/demo', { status: 'disabled' }),
      await as(key)('patch', '/tenants/other', { status: 'disabled' }),
    ])
      expect([response.status, response.body.message]).toEqual([403, expect.stringMatching(/facet keys create --operator$/)]);
  });

  test('an unknown path is 404, another method is 405, another media type is 415, malformed JSON is 400', async () => {
    expect((await asAdmin('get', '/nothing')).status).toBe(404);
    const response = await asAdmin('put', '/keys', {});
    expect([response.status, response.headers.allow]).toEqual([405, 'GET, POST']);
    const post = (type: string, text: string) =>
      request(facet.app)
        .post('/admin/keys')
        .set({ Authorization: `Bearer ${admin}`, 'Content-Type': type })
        .send(text);
    expect((await post('text/plain', '{}')).status).toBe(415);
    expect((await post('application/json', '{"surface":"fhir"')).status).toBe(400);
    expect((await post('application/json', '{"surface":"fhir","surface":"loop"}')).status).toBe(400);
    expect((await post('application/json', JSON.stringify({ name: 'x'.repeat(70_000) }))).status).toBe(413);
    expect((await asAdmin('get', '/keys?tenant=demo&tenant=demo')).status).toBe(400);
    expect((await asAdmin('get', '/keys?x=1')).status).toBe(400);
  });
});

describe('an operator', () => {
  test('creates a tenant and its first administrator, who creates the other keys', async () => {
    const created = await asOperator('post', '/tenants', { slug: 'springfield', name: 'Springfield Clinic' });
    expect([created.status, created.headers.location, created.body]).toEqual([
      201,
      '/admin/tenants/springfield',
      { slug: 'springfield', name: 'Springfield Clinic', status: 'active', brand: 'springfield' },
    ]);
    expect((await asOperator('post', '/tenants', { slug: 'springfield' })).status).toBe(409);
    expect((await asOperator('post', '/tenants', { slug: 'Spring Field' })).status).toBe(400);
    expect((await asOperator('post', '/tenants', {})).status).toBe(400);
    const first = await asOperator('post', '/keys', { tenant: 'springfield', surface: 'admin' }).expect(201);
    const second = await as(first.body.key)('post', '/keys', { surface: 'fhir' }).expect(201);
    expect(await patients(second.body.key)).toBe(200);
    expect((await asOperator('get', '/keys?tenant=springfield')).body.keys.map(({ id }: { id: string }) => id)).toEqual([
      first.body.id,
      second.body.id,
    ]);
  });

  test('must name the tenant of keys, by one name', async () => {
    for (const response of [
      await asOperator('get', '/keys'),
      await asOperator('post', '/keys', { surface: 'fhir' }),
      await asOperator('post', '/keys?tenant=demo', { tenant: 'other', surface: 'fhir' }),
    ])
      expect(response.status).toBe(400);
    expect((await asOperator('get', '/keys')).body.message).toBe('an operator must name the tenant: ?tenant=<name>');
    expect((await asOperator('post', '/keys', { tenant: 'demo', surface: 'operator' })).status).toBe(400);
  });

  test('disables a tenant, whose keys are refused after a second, and enables it again', async () => {
    const first = (await asOperator('post', '/tenants', { slug: 'shelbyville' })).body;
    expect(first.status).toBe('active');
    const { key } = (await asOperator('post', '/keys', { tenant: 'shelbyville', surface: 'fhir' })).body;
    expect(await patients(key)).toBe(200);
    expect((await asOperator('patch', '/tenants/shelbyville', { status: 'disabled' })).body.status).toBe('disabled');
    expect((await asOperator('post', '/keys', { tenant: 'shelbyville', surface: 'fhir' })).status).toBe(409);
    await wait(1100);
    expect(await patients(key)).toBe(401);
    const changed = await asOperator('patch', '/tenants/shelbyville', { status: 'active', name: 'Shelbyville', brand: 'shelby' });
    expect(changed.body).toEqual({ slug: 'shelbyville', name: 'Shelbyville', status: 'active', brand: 'shelby' });
    await wait(1100);
    expect(await patients(key)).toBe(200);
    for (const body of [{}, { status: 'gone' }, { name: '' }, { slug: 'x' }])
      expect((await asOperator('patch', '/tenants/shelbyville', body)).status).toBe(400);
    expect((await asOperator('patch', '/tenants/nobody', { name: 'x' })).status).toBe(404);
  });
});

test('who did what to which key is on record, and a refused action is not', async () => {
  const { id, createdBy } = await create();
  const { body } = await asAdmin('post', `/keys/${id}/rotate`);
  await asAdmin('post', `/keys/${id}/rotate`).expect(409);
  await asOperator('delete', `/keys/${id}?tenant=demo`).expect(204);
  await asOperator('delete', `/keys/${id}?tenant=demo`).expect(204);
  const { events } = (await asAdmin('get', '/events').expect(200)).body;
  const own = events.filter(({ key }: { key: string }) => key === id || key === body.id).reverse();
  expect(own.map(({ at, id, ...event }: { at: string; id: string }) => [typeof at, event])).toEqual([
    ['string', { action: 'key-created', key: id, role: null, actor: createdBy, via: 'admin' }],
    ['string', { action: 'key-rotated', key: id, role: null, actor: createdBy, via: 'admin' }],
    ['string', { action: 'key-created', key: body.id, role: null, actor: createdBy, via: 'admin' }],
    ['string', { action: 'key-revoked', key: id, role: null, actor: expect.stringMatching(/^key-/), via: 'admin' }],
  ]);
  expect(own[3].actor).not.toBe(createdBy);
  expect(JSON.stringify((await asOther('get', '/events')).body)).not.toContain(id);
});

test('more than 1,000 events are listed in pages, each event once', async () => {
  const own = (await createTenant(facet.store.database, { slug: 'busy', name: 'Busy', at: '2026-01-01T00:00:00Z' }))!;
  // many events in the same millisecond
  for (let n = 0; n < 2001; n++)
    await recordAdminEvent(facet.store.database, own.id, {
      at: new Date(Date.UTC(2026, 0, 1) + Math.floor(n / 700)).toISOString(),
      action: 'key-revoked',
      key: `key-${String(n).padStart(16, '0')}`,
      actor: 'operator',
      via: 'cli',
    });
  const list = async (before?: string) =>
    (await asOperator('get', `/events?tenant=busy${before === undefined ? '' : `&before=${before}`}`)).body;
  const pages = [await list()];
  while (pages.at(-1).next) pages.push(await list(pages.at(-1).next));
  const keys = pages.flatMap(({ events }) => events.map(({ key }: { key: string }) => key));
  expect(pages.map(({ events }) => events.length)).toEqual([1000, 1000, 1]);
  expect(new Set(keys).size).toBe(2001);
  const times = pages.flatMap(({ events }) => events.map(({ at }: { at: string }) => at));
  expect(times).toEqual(times.toSorted().reverse());
  for (const query of [`tenant=other&before=${pages[0].next}`, 'tenant=busy&before=x']) {
    const { status, body } = await asOperator('get', `/events?${query}`);
    expect([status, body.message]).toEqual([400, 'before is not the id of an event: the end of a full list has it']);
  }
});
