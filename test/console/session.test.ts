// The session of the console over HTTP: what its cookie is and when it counts, whose data it opens, and what ends it.
import request, { type Response } from 'supertest';
import { findPrefix } from '../../src/administration/key-surfaces.ts';
import { createApiKey, INSTALLATION } from '../../src/store/api-keys.ts';
import { findTenant, updateTenant } from '../../src/store/tenants.ts';
import { AUDIENCE, startIssuer } from '../access-tokens/issuer-fixture.ts';
import { type Running, startFacet } from '../journeys/running-server.ts';
import { until } from '../until.ts';

const HOUR_MS = 3_600_000;
let now = new Date('2026-06-01T12:00:00.000Z');
let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: () => now, withDevelopmentKeys: true });
});
afterAll(() => facet.close());

const CONSOLE = { 'X-Facet-Console': '1' };
const cookieOf = (response: Response): string => String(response.headers['set-cookie']?.[0] ?? '');
const toCookie = (response: Response): string => cookieOf(response).split(';')[0]!;
const signIn = (key: string, cookie = '') =>
  request(facet.app)
    .post('/console/session')
    .set({ ...CONSOLE, Cookie: cookie })
    .send({ key });
const signedIn = async (key = facet.demo.fhir!): Promise<string> => toCookie(await signIn(key).expect(200));
const withCookie = (cookie: string, path: string, headers: Record<string, string> = CONSOLE) =>
  request(facet.app)
    .get(path)
    .set({ ...headers, Cookie: cookie });
const ADA = { resourceType: 'Patient', id: '0190b3c2-0000-7000-8000-00000000000a', name: [{ family: 'Lovelace' }] };
const surfacesOf = ({ body }: Response): string[] => body.surfaces.map(({ name }: { name: string }) => name);

test('the cookie is HttpOnly, Secure and SameSite=Strict, for one hour, and no response contains the key', async () => {
  const response = await signIn(facet.demo.fhir!).expect(200);
  const cookie = cookieOf(response);
  expect(cookie).toMatch(
    /^__Host-facet-console=[\w.-]+; Path=\/; Expires=Mon, 01 Jun 2026 13:00:00 GMT; HttpOnly; Secure; SameSite=Strict$/,
  );
  const read = await withCookie(toCookie(response), '/console/session').expect(200);
  for (const one of [response, read]) {
    expect(one.headers['cache-control']).toBe('no-store');
    expect(`${one.text}${cookieOf(one)}`).not.toContain(facet.demo.fhir!);
    expect(Buffer.from(toCookie(one).split('.')[3] ?? '', 'base64url').toString()).not.toContain(facet.demo.fhir!);
  }
  expect(read.body).toMatchObject({
    surfaces: [{ name: 'fhir', title: 'FHIR R4', tenant: { slug: 'demo' }, scopes: ['*'] }],
    ends: '2026-06-01T13:00:00.000Z',
  });
});

test('the cookie opens the API of its key, and nothing else', async () => {
  await facet.put(ADA);
  const cookie = await signedIn();
  await withCookie(cookie, `/fhir/R4/Patient/${ADA.id}`).expect(200);
  await withCookie(cookie, `/console/api/faces/Patient/${ADA.id}`).expect(200);
  await withCookie(cookie, `/loop/v1/patients/${ADA.id}`).expect(401);
  await withCookie(cookie, '/admin/keys').expect(401);
  const both = toCookie(await signIn(facet.demo.loop!, cookie).expect(200));
  await withCookie(both, `/loop/v1/patients/${ADA.id}`).expect(200);
  await withCookie(both, `/fhir/R4/Patient/${ADA.id}`).expect(200);
});

test('another tenant does not see it, and its key replaces those of the first tenant', async () => {
  await facet.put(ADA);
  const cookie = toCookie(await signIn(facet.other.loop!, await signedIn()).expect(200));
  expect(surfacesOf(await withCookie(cookie, '/console/session'))).toEqual(['loop']);
  await withCookie(await signedIn(facet.other.fhir!), `/fhir/R4/Patient/${ADA.id}`).expect(404);
});

describe('a key that is added to the session of a page', () => {
  const add = (key: string, cookie: string, id: string) =>
    request(facet.app)
      .post('/console/session')
      .set({ ...CONSOLE, Cookie: cookie, 'X-Facet-Session': id })
      .send({ key });

  test('is one of the same tenant or of an operator; another is refused, and the cookie stays', async () => {
    const response = await signIn(facet.demo.fhir!);
    const [cookie, { id }] = [toCookie(response), response.body];
    const refused = await add(facet.other.loop!, cookie, id).expect(409);
    expect([refused.body.message, cookieOf(refused)]).toEqual([expect.stringMatching(/another tenant .* sign out/), '']);
    const added = await add(facet.demo.loop!, cookie, id).expect(200);
    expect([surfacesOf(added), added.body.id]).toEqual([['fhir', 'loop'], id]);
  });

  test('does not count for a page that shows another session, or none, in any API', async () => {
    const { id } = (await signIn(facet.demo.fhir!)).body;
    const other = await signedIn(facet.other.fhir!);
    const paths = [`/fhir/R4/Patient/${ADA.id}`, `/loop/v1/patients/${ADA.id}`, '/admin/keys', `/console/api/faces/Patient/${ADA.id}`];
    for (const path of paths) {
      for (const cookie of [other, '']) {
        const refused = await withCookie(cookie, path, { ...CONSOLE, 'X-Facet-Session': id }).expect(401);
        expect([path, refused.text]).toEqual([path, expect.stringContaining('another one has begun in this browser')]);
      }
    }
    await withCookie(other, '/healthz', CONSOLE).expect(200);
  });

  test('is not added to another session of the browser, or to one that has ended', async () => {
    const { id } = (await signIn(facet.demo.fhir!)).body;
    const other = await signedIn(facet.other.fhir!);
    for (const cookie of [other, '']) {
      const refused = await add(facet.demo.loop!, cookie, id).expect(401);
      expect([refused.body.message, cookieOf(refused)]).toEqual([expect.stringMatching(/has ended/), '']);
    }
  });

  test('makes it another session if it takes the place of a key', async () => {
    const response = await signIn(facet.demo.fhir!);
    const [cookie, { id }] = [toCookie(response), response.body];
    expect((await add(facet.demo.fhir!, cookie, id)).body.id).toBe(id);
    const replaced = await add(await facet.keyWith('fhir', ['system/*.rs']), cookie, id).expect(200);
    expect(replaced.body.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(replaced.body.id).not.toBe(id);
  });
});

test('with a key of an administrator and one of an operator, the administration takes the tenant that the page names', async () => {
  const { id: tenant } = (await findTenant(facet.store.database, { slug: 'demo' }))!;
  let cookie = '';
  for (const [owner, surface] of [
    [tenant, 'admin'],
    [INSTALLATION, 'operator'],
  ] as const) {
    const key = { tenant: owner, surface, scopes: [], prefix: findPrefix({}, surface), at: '2026-01-01T00:00:00.000Z' };
    const { text } = await createApiKey(facet.store.database, key);
    cookie = toCookie(await signIn(text, cookie).expect(200));
    await withCookie(cookie, '/admin/orders?state=all&tenant=demo').expect(200);
  }
});

test('a response that the cookie opened is not kept by the browser; one to a key may be checked again', async () => {
  await facet.put(ADA);
  const cookie = await signedIn();
  for (const path of [`/fhir/R4/Patient/${ADA.id}`, `/fhir/R4/Patient/${ADA.id}/_history`, `/console/api/faces/Patient/${ADA.id}`])
    expect((await withCookie(cookie, path).expect(200)).headers['cache-control']).toBe('no-store');
  const loop = await signedIn(facet.demo.loop!);
  expect((await withCookie(loop, `/loop/v1/patients/${ADA.id}`).expect(200)).headers['cache-control']).toBe('no-store');
  const byKey = await withCookie(cookie, `/fhir/R4/Patient/${ADA.id}`, { Authorization: `Bearer ${facet.demo.fhir}` });
  expect(byKey.headers['cache-control']).toBe('private, no-cache');
});

test('the cookie alone does not count: not without the header of the console, and not from another site or origin', async () => {
  const cookie = await signedIn();
  await withCookie(cookie, '/fhir/R4/Patient', {}).expect(401);
  for (const site of ['cross-site', 'same-site'])
    await withCookie(cookie, '/fhir/R4/Patient', { ...CONSOLE, 'Sec-Fetch-Site': site }).expect(401);
  await withCookie(cookie, '/fhir/R4/Patient', { ...CONSOLE, 'Sec-Fetch-Site': 'same-origin' }).expect(200);
  const preflight = await request(facet.app).options('/fhir/R4/Patient').set({
    Origin: 'https://elsewhere.example',
    'Access-Control-Request-Method': 'GET',
    'Access-Control-Request-Headers': 'x-facet-console',
  });
  expect(preflight.headers['access-control-allow-headers']).not.toMatch(/x-facet-console/i);
  expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
});

test('signing in and out from another site is refused', async () => {
  for (const headers of [{}, { ...CONSOLE, 'Sec-Fetch-Site': 'cross-site' }]) {
    await request(facet.app).post('/console/session').set(headers).send({ key: facet.demo.fhir }).expect(403);
    await request(facet.app).post('/console/session/demo').set(headers).send({ tenant: 'demo' }).expect(403);
    await request(facet.app).delete('/console/session').set(headers).expect(403);
  }
});

test('a request with a key of its own keeps it', async () => {
  await facet.put(ADA);
  const cookie = await signedIn();
  const response = await withCookie(cookie, `/fhir/R4/Patient/${ADA.id}`, { ...CONSOLE, Authorization: `Bearer ${facet.other.fhir}` });
  expect(response.status).toBe(404);
});

test('a session ends after an hour, unless it is renewed, and after twelve hours in any case', async () => {
  const began = now;
  let cookie = await signedIn();
  for (let hours = 0.9; hours < 12; hours += 0.9) {
    now = new Date(began.getTime() + hours * HOUR_MS);
    cookie = toCookie(await withCookie(cookie, '/console/session').expect(200));
    expect(cookie).not.toBe('');
  }
  const last = await withCookie(cookie, '/console/session');
  expect(last.body.ends).toBe('2026-06-02T00:00:00.000Z');
  now = new Date(began.getTime() + 12 * HOUR_MS + 1000);
  await withCookie(cookie, '/fhir/R4/Patient').expect(401);
  const fresh = await signedIn();
  now = new Date(now.getTime() + HOUR_MS + 1000);
  await withCookie(fresh, '/fhir/R4/Patient').expect(401);
  expect((await withCookie(fresh, '/console/session')).body.surfaces).toEqual([]);
});

test('revoking the key ends the session', async () => {
  const key = await facet.keyWith('fhir', ['*']);
  const cookie = await signedIn(key);
  await withCookie(cookie, '/fhir/R4/Patient').expect(200);
  await facet.store.database.query('update api_key set revoked_at = $1 where name is null and created_at < $1', [now.toISOString()]);
  await until(async () => (await withCookie(cookie, '/fhir/R4/Patient')).status === 401);
  const ended = await withCookie(cookie, '/console/session').expect(200);
  expect([ended.body.surfaces, cookieOf(ended)]).toEqual([[], expect.stringMatching(/^__Host-facet-console=; .*Expires=Thu, 01 Jan 1970/)]);
  await facet.store.database.query('update api_key set revoked_at = null', []);
});

test('disabling the tenant ends the session', async () => {
  const cookie = await signedIn(facet.other.fhir!);
  await updateTenant(facet.store.database, 'other', { status: 'disabled' });
  await until(async () => (await withCookie(cookie, '/fhir/R4/Patient')).status === 401);
  await updateTenant(facet.store.database, 'other', { status: 'active' });
  await until(async () => (await withCookie(cookie, '/fhir/R4/Patient')).status === 200);
});

test('a changed cookie, and a text that is no session, count for nothing', async () => {
  const cookie = await signedIn();
  for (const other of [`${cookie.slice(0, -2)}xx`, '__Host-facet-console=nothing', '__Host-facet-console=', cookie.replace('__Host-', '')])
    await withCookie(other, '/fhir/R4/Patient').expect(401);
});

test.each([
  ['an unknown key', { key: 'fhir_test_unknown' }, 401],
  ['no key', {}, 400],
  ['a key that is no text', { key: 1 }, 400],
  ['a key with a space', { key: 'a b' }, 400],
])('%s does not sign in', async (_what, body, status) => {
  const response = await request(facet.app).post('/console/session').set(CONSOLE).send(body);
  expect([response.status, cookieOf(response), typeof response.body.message]).toEqual([status, '', 'string']);
});

test('signing out deletes the cookie', async () => {
  const response = await request(facet.app)
    .delete('/console/session')
    .set({ ...CONSOLE, Cookie: await signedIn() })
    .expect(204);
  expect(cookieOf(response)).toMatch(/^__Host-facet-console=; Path=\/; Expires=Thu, 01 Jan 1970/);
});

describe('signing in by one click', () => {
  const demo = (headers: Record<string, string>) =>
    request(facet.app)
      .post('/console/session/demo')
      .set({ ...CONSOLE, ...headers })
      .send({ tenant: 'demo' });

  test('is for the machine of the server, at a loopback name, and not through a proxy', async () => {
    const response = await demo({}).expect(200);
    expect(surfacesOf(response).sort()).toEqual(Object.keys(facet.demo).sort());
    for (const headers of [{ Host: 'rebound.example' }, { 'X-Forwarded-For': '192.0.2.1' }]) {
      const refused = await demo(headers).expect(403);
      expect(refused.body.message).toMatch(/use a key/);
      expect((await request(facet.app).get('/console/session').set(headers)).body.development).toBeUndefined();
    }
  });

  test('knows no other tenant, and is not there without development keys', async () => {
    await request(facet.app).post('/console/session/demo').set(CONSOLE).send({ tenant: 'toString' }).expect(403);
    const production = await startFacet({}, undefined, { withoutContract: true });
    await request(production.app).post('/console/session/demo').set(CONSOLE).send({ tenant: 'demo' }).expect(403);
    expect((await request(production.app).get('/console/session')).body.development).toBeUndefined();
    await production.close();
  });
});

test('an access token of an issuer signs in like a key until it expires, and a forged one does not', async () => {
  const issuer = await startIssuer();
  const entries = [{ issuer: issuer.url, audience: AUDIENCE, tenant: 'demo' }];
  const withIssuer = await startFacet({ FACET_ISSUERS: JSON.stringify(entries) }, undefined, { withoutContract: true });
  await withIssuer.put(ADA).expect(201);
  const post = (key: string) => request(withIssuer.app).post('/console/session').set(CONSOLE).send({ key });
  const token = await issuer.token();
  const signedInByToken = await post(token).expect(200);
  // the token lives for five minutes
  expect(Date.parse(signedInByToken.body.ends) - Date.now()).toBeLessThanOrEqual(300_000);
  const cookie = toCookie(signedInByToken);
  const read = request(withIssuer.app)
    .get(`/fhir/R4/Patient/${ADA.id}`)
    .set({ ...CONSOLE, Cookie: cookie });
  expect((await read).status).toBe(200);
  expect((await post(`${token.slice(0, -4)}AAAA`)).status).toBe(401);
  await withIssuer.close();
  await issuer.close();
});

test('over plain HTTP on this machine the cookie is named by the port, because ports share cookies', async () => {
  const local = await startFacet({}, 'http://localhost:4711', { withoutContract: true });
  const response = await request(local.app).post('/console/session').set(CONSOLE).send({ key: local.demo.fhir }).expect(200);
  expect(cookieOf(response)).toMatch(/^facet-console-4711=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
  await local.close();
});

test('a sign-in, and one that is refused, are in the audit', async () => {
  await signIn(facet.demo.fhir!).expect(200);
  const key = await facet.keyWith('fhir', ['system/AuditEvent.rs']);
  const found = await until(async () => {
    const { body } = await facet.fhir('get', '/AuditEvent?_count=50&_sort=-date', key);
    return (body.entry ?? []).find(({ resource }: { resource: object }) => JSON.stringify(resource).includes('/console/session'));
  });
  expect(JSON.stringify(found)).toContain('POST');
});
