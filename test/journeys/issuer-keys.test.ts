// The keys of an issuer: they rotate without a restart, and an issuer that is down or slow delays nobody else.
import { type Logger, pino } from 'pino';
import request from 'supertest';
import { AUDIENCE, createSigningKey, startIssuer, type TestIssuer } from '../access-tokens/issuer-fixture.ts';
import { named, type Running, startFacet } from './running-server.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
let now = Date.parse('2026-03-01T10:00:00Z');
let issuer: TestIssuer;
let facet: Running;
const open: (() => Promise<void>)[] = [];

/** A server that has not seen the issuer's documents, or has seen them as they are now. */
async function start(settings: object = {}, atStart: TestIssuer['behaviour'] = {}, log?: Logger): Promise<Running> {
  issuer = await startIssuer(() => now);
  issuer.behaviour = atStart;
  const entries = [{ issuer: issuer.url, audience: AUDIENCE, tenant: 'demo', ...settings }];
  facet = await startFacet({ FACET_ISSUERS: JSON.stringify(entries) }, undefined, { clock: () => new Date(now), ...(log && { log }) });
  open.push(facet.close, issuer.close);
  await facet.put(named('Patient/ann'));
  return facet;
}
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const read = (token: string) => facet.fhir('get', '/Patient/ann', token);
const statusOf = async (token: string): Promise<number> => (await read(token)).status;

test('a new key is found without a restart, and a retired key is refused from then on', async () => {
  await start();
  const [retired, next] = [issuer.keys[0]!, await createSigningKey('next', 'ES256')];
  expect(await statusOf(await issuer.token())).toBe(200);
  now += MINUTE;
  issuer.keys = [next];
  expect(await statusOf(await issuer.token())).toBe(200);
  const { status, body } = await read(await issuer.token({}, { key: retired }));
  expect([status, body.issue[0].diagnostics]).toEqual([401, expect.stringMatching(/no key/)]);
});

test('a retired key is refused after five minutes although nobody shows a new one', async () => {
  await start();
  const [retired] = issuer.keys as [(typeof issuer.keys)[0]];
  const token = (): Promise<string> => issuer.token({}, { key: retired });
  expect(await statusOf(await token())).toBe(200);
  issuer.keys = [await createSigningKey('next')];
  now += 5 * MINUTE;
  expect(await statusOf(await token())).toBe(401);
});

test('tokens with an unknown kid cause one request for keys in ten seconds', async () => {
  await start();
  expect(await statusOf(await issuer.token())).toBe(200);
  now += 11 * SECOND;
  const before = issuer.keyRequests;
  const forged = await issuer.token({}, { key: await createSigningKey('forged') });
  expect(await Promise.all(Array.from({ length: 20 }, () => statusOf(forged)))).toEqual(Array(20).fill(401));
  expect(await statusOf(forged)).toBe(401);
  expect(issuer.keyRequests - before).toBe(1);
});

test('while an issuer is down its tokens get 503 with Retry-After, API keys work, and afterwards tokens do', async () => {
  await start({}, { status: 500 });
  const token = await issuer.token();
  const { status, body, headers } = await read(token);
  expect([status, body.issue[0].code, headers['retry-after'], headers['www-authenticate']]).toEqual([503, 'transient', '5', undefined]);
  expect((await facet.fhir('get', '/Patient/ann')).status).toBe(200);
  issuer.behaviour = {};
  expect(await statusOf(token)).toBe(503);
  now += 5 * SECOND;
  expect(await statusOf(token)).toBe(200);
});

test('known keys are used for an hour while the issuer is down; a token with another kid gets 503', async () => {
  await start();
  expect(await statusOf(await issuer.token())).toBe(200);
  issuer.behaviour = { status: 500 };
  now += 59 * MINUTE;
  expect(await statusOf(await issuer.token())).toBe(200);
  expect(await statusOf(await issuer.token({}, { key: await createSigningKey('next') }))).toBe(503);
  now += MINUTE;
  expect(await statusOf(await issuer.token())).toBe(503);
});

test('an issuer that does not answer holds its tokens for three seconds, and no other caller', async () => {
  await start({}, { delayMs: 20 * SECOND });
  const token = await issuer.token();
  const begun = Date.now();
  const waiting = Promise.all([statusOf(token), statusOf(token)]);
  expect((await facet.fhir('get', '/Patient/ann')).status).toBe(200);
  expect(Date.now() - begun).toBeLessThan(2 * SECOND);
  expect(await waiting).toEqual([503, 503]);
  expect(Date.now() - begun).toBeLessThan(10 * SECOND);
  expect(await statusOf(token)).toBe(503);
  expect(Date.now() - begun).toBeLessThan(10 * SECOND);
});

test('the log names the issuer and the reason, and nothing of a token', async () => {
  const lines: string[] = [];
  await start({}, { status: 500 }, pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }));
  const token = await issuer.token({ sub: 'ann@clinic.test' });
  expect(await statusOf(token)).toBe(503);
  const failures = lines.map((line) => JSON.parse(line)).filter(({ issuer: named }) => named === issuer.url);
  expect(failures[0]).toMatchObject({
    reason: 'HTTP 404 instead of a discovery document: set jwksUri in FACET_ISSUERS if the issuer has none',
  });
  expect(lines.join()).not.toMatch(new RegExp(`ann@clinic|${token.slice(-20)}`));
});

test('redirects of an issuer are not followed', async () => {
  const elsewhere = await startIssuer(() => now);
  open.push(elsewhere.close);
  await start({}, { redirect: `${elsewhere.url}/jwks` });
  expect(await statusOf(await issuer.token())).toBe(503);
  expect(elsewhere.keyRequests).toBe(0);
});

test.each([
  ['names another issuer', { issuer: 'https://evil.test' }],
  ['has keys that are not at an https address', { jwks_uri: 'http://keys.test/jwks' }],
  ['has keys at an address of another scheme', { jwks_uri: 'file:///etc/passwd' }],
  ['has no keys', { jwks_uri: undefined }],
])('a discovery document that %s is not used', async (_what, metadata) => {
  await start({}, { metadata });
  expect(await statusOf(await issuer.token())).toBe(503);
});

test('keys come from jwksUri alone where it is set', async () => {
  const keys = await startIssuer(() => now);
  open.push(keys.close);
  await start({ jwksUri: `${keys.url}/jwks` }, { status: 500 });
  expect(await statusOf(await issuer.token({}, { key: keys.keys[0]! }))).toBe(200);
  expect(await statusOf(await issuer.token())).toBe(401);
});

test.each(['ES256', 'ES384', 'PS256', 'EdDSA', 'Ed25519'])('a key of %s is accepted', async (alg) => {
  await start();
  issuer.keys = [await createSigningKey('other', alg)];
  now += MINUTE;
  expect(await statusOf(await issuer.token({}, { key: issuer.keys[0]! }))).toBe(200);
});

test('two keys without kid are told apart by nobody: the token must name its key', async () => {
  await start();
  issuer.keys = [await createSigningKey('a'), await createSigningKey('b')];
  now += 5 * MINUTE;
  const { status, body } = await read(await issuer.token({}, { header: { kid: undefined } }));
  expect([status, body.issue[0].diagnostics]).toEqual([401, expect.stringMatching(/kid/)]);
});

test('a disabled tenant is closed to tokens within a second, and a tenant that is created later is open', async () => {
  await start({ tenant: 'later' });
  const token = await issuer.token();
  expect(await statusOf(token)).toBe(401);
  await facet.store.database.query("insert into tenant (slug, name, created_at) values ('later', 'later', '2026-01-01T00:00:00Z')");
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await statusOf(token)).toBe(404);
  await facet.store.database.query("update tenant set status = 'disabled' where slug = 'later'");
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await statusOf(token)).toBe(401);
});

test('the history has a pseudonym of the user, and the database whom it stands for', async () => {
  await start();
  const token = await issuer.token({ sub: 'ann@clinic.test', fhirUser: 'Practitioner/ann' });
  now += SECOND;
  expect((await facet.put({ ...named('Patient/bob'), active: true }, token)).status).toBe(201);
  const [row] = await facet.store.database.query<{ actor: string }>('select actor from resource order by lu desc, pid desc limit 1');
  expect(row!.actor).toMatch(/^token-[0-9a-f]{24}$/);
  const known = await facet.store.database.query('select * from token_actor');
  expect(known).toMatchObject([
    { actor: row!.actor, issuer: issuer.url, client: 'app', subject: 'ann@clinic.test', fhir_user: 'Practitioner/ann' },
  ]);
});

test('the SMART configuration is public where an issuer is configured, with its endpoints', async () => {
  await start(
    {},
    {
      metadata: {
        authorization_endpoint: 'https://login.test/authorize',
        grant_types_supported: ['authorization_code', 'client_credentials'],
        token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
        response_types_supported: ['code'],
        scopes_supported: ['openid', 'launch/patient', 'system/*.rs'],
        code_challenge_methods_supported: ['plain', 'S256'],
        registration_endpoint: 'javascript:alert(1)',
      },
    },
  );
  const { status, body, headers } = await request(facet.app)
    .get('/fhir/R4/.well-known/smart-configuration')
    .set('Accept', 'application/fhir+xml');
  expect([status, headers['content-type'], headers['access-control-allow-origin']]).toEqual([200, 'application/json; charset=utf-8', '*']);
  expect(body).toEqual({
    issuer: issuer.url,
    jwks_uri: `${issuer.url}/jwks`,
    authorization_endpoint: 'https://login.test/authorize',
    token_endpoint: `${issuer.url}/token`,
    token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    scopes_supported: ['openid', 'launch/patient', 'system/*.rs'],
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
    code_challenge_methods_supported: ['S256'],
    capabilities: [
      'launch-standalone',
      'client-public',
      'client-confidential-asymmetric',
      'sso-openid-connect',
      'context-standalone-patient',
      'permission-patient',
      'permission-user',
      'permission-v1',
      'permission-v2',
    ],
  });
  const statement = (await request(facet.app).get('/fhir/R4/metadata')).body;
  const { security } = statement.rest[0];
  const { issue } = (await facet.fhir('post', '/CapabilityStatement/$validate').send(statement)).body;
  expect(issue.filter(({ severity }: { severity: string }) => severity !== 'information')).toEqual([]);
  expect(security.service[0].coding[0].code).toBe('SMART-on-FHIR');
  expect(security.extension[0].extension).toEqual([
    { url: 'authorize', valueUri: 'https://login.test/authorize' },
    { url: 'token', valueUri: `${issuer.url}/token` },
  ]);
  const preflight = await request(facet.app)
    .options('/fhir/R4/.well-known/smart-configuration')
    .set('Access-Control-Request-Method', 'GET');
  expect([preflight.status, preflight.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
  expect((await request(facet.app).post('/fhir/R4/.well-known/smart-configuration')).status).toBe(405);
});

test('the SMART configuration is 503 while the issuer is down, and /metadata has no endpoints', async () => {
  await start({}, { status: 500 });
  const { status, headers } = await request(facet.app).get('/fhir/R4/.well-known/smart-configuration');
  expect([status, headers['retry-after']]).toEqual([503, '5']);
  const { security } = (await request(facet.app).get('/fhir/R4/metadata')).body.rest[0];
  expect([security.service[0].coding[0].code, security.extension]).toEqual(['SMART-on-FHIR', undefined]);
});

test('without an issuer there is no SMART configuration, and a JWT is an unknown key', async () => {
  const bare = await startFacet();
  open.push(bare.close);
  expect((await request(bare.app).get('/fhir/R4/.well-known/smart-configuration')).status).toBe(404);
  const { security } = (await request(bare.app).get('/fhir/R4/metadata')).body.rest[0];
  expect(security.service).toBeUndefined();
  expect((await bare.fhir('get', '/Patient/ann', 'a.b.c')).status).toBe(401);
});
