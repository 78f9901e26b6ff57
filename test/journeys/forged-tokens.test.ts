// Forged and misused access tokens: each is refused (401) with its reason, and opens nothing. https://www.rfc-editor.org/rfc/rfc8725
import { createHmac } from 'node:crypto';
import { exportSPKI } from 'jose';
import request from 'supertest';
import { AUDIENCE, createSigningKey, startIssuer, type TestIssuer } from '../access-tokens/issuer-fixture.ts';
import { named, type Running, startFacet } from './running-server.ts';

const OTHER_AUDIENCE = 'https://other.test';
let issuer: TestIssuer;
let second: TestIssuer;
let facet: Running;
beforeAll(async () => {
  [issuer, second] = await Promise.all([startIssuer(), startIssuer()]);
  const entries = [
    { issuer: issuer.url, audience: AUDIENCE, tenant: 'demo' },
    { issuer: issuer.url, audience: OTHER_AUDIENCE, tenant: 'other' },
    { issuer: issuer.url, audience: 'https://once.test', tenant: 'demo', singleUse: true },
    { issuer: second.url, audience: AUDIENCE, tenant: 'other' },
    { issuer: issuer.url, audience: 'https://later.test', tenant: 'later' },
  ];
  facet = await startFacet({ FACET_ISSUERS: JSON.stringify(entries) });
  await facet.put(named('Patient/ann'));
});
afterAll(async () => {
  await facet.close();
  await Promise.all([issuer.close(), second.close()]);
});

const read = (token: string) => facet.fhir('get', '/Patient/ann', token);
const base64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** A token with other parts; the signature stays. */
const withParts = (token: string, { header, payload }: { header?: unknown; payload?: unknown }): string => {
  const [oldHeader, oldPayload, signature] = token.split('.');
  return [header === undefined ? oldHeader : base64(header), payload === undefined ? oldPayload : base64(payload), signature].join('.');
};
const claimsOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
const headerOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString());
const seconds = (): number => Math.floor(Date.now() / 1000);
/** A header and a payload, signed by the issuer, whatever they are. */
async function signRaw(header: string, payload: string): Promise<string> {
  const text = `${base64(header)}.${base64(payload)}`;
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', issuer.keys[0]!.privateKey, Buffer.from(text));
  return `${text}.${Buffer.from(signature).toString('base64url')}`;
}
async function hmac(alg: string, secret: string): Promise<string> {
  const text = `${base64({ alg, kid: 'first', typ: 'JWT' })}.${base64(claimsOf(await issuer.token()))}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

test('the token from which the others are made opens the FHIR API', async () => {
  expect((await read(await issuer.token())).body).toMatchObject({ resourceType: 'Patient', id: 'ann' });
});

/** What is wrong with it, how it is made, and what the response says. */
const FORGED: [name: string, make: () => Promise<string>, reason: RegExp][] = [
  [
    'alg none without a signature',
    async () => `${base64({ alg: 'none', typ: 'JWT' })}.${(await issuer.token()).split('.')[1]}.`,
    /algorithm/,
  ],
  ['alg NONE with the signature left', async () => withParts(await issuer.token(), { header: { alg: 'NONE', kid: 'first' } }), /algorithm/],
  ['HS256 with the public key as the secret', async () => hmac('HS256', await exportSPKI(issuer.keys[0]!.publicKey)), /algorithm/],
  ['HS256 with an empty secret', async () => hmac('HS256', ''), /algorithm/],
  ['RS256 in the header of an HMAC', async () => hmac('RS256', await exportSPKI(issuer.keys[0]!.publicKey)), /signature/],
  ['a key of the forger under the kid of the issuer', async () => issuer.token({}, { key: await createSigningKey('first') }), /signature/],
  ['a kid that the issuer does not have', async () => issuer.token({}, { header: { kid: 'unknown' } }), /no key/],
  ['a kid that is a path', async () => issuer.token({}, { header: { kid: '../../dev/null' } }), /no key/],
  ['the key of another configured issuer', async () => issuer.token({}, { key: second.keys[0]! }), /signature/],
  ['an issuer that is not configured', async () => issuer.token({ iss: 'https://evil.test' }), /issuer/],
  ['an issuer that differs by a slash', async () => issuer.token({ iss: `${issuer.url}/` }), /issuer/],
  ['no issuer', async () => issuer.token({ iss: undefined }), /issuer/],
  ['an issuer that is a list', async () => issuer.token({ iss: [issuer.url] }), /issuer/],
  ['expired', async () => issuer.token({ exp: seconds() - 31 }), /expired/],
  ['not valid yet', async () => issuer.token({ nbf: seconds() + 60 }), /not valid yet/],
  ['issued in the future', async () => issuer.token({ iat: seconds() + 60 }), /future/],
  ['no expiry', async () => issuer.token({ exp: undefined }), /exp/],
  ['an expiry that is a text', async () => issuer.token({ exp: '99999999999' }), /exp/],
  ['an expiry that no clock reaches', async () => issuer.token({ exp: 1e300 }), /exp/],
  ['the audience of another server', async () => issuer.token({ aud: 'https://elsewhere.test' }), /audience/],
  ['no audience', async () => issuer.token({ aud: undefined }), /audience/],
  ['an audience that only begins like ours', async () => issuer.token({ aud: `${AUDIENCE}.evil.test` }), /audience/],
  ['the audiences of two tenants', async () => issuer.token({ aud: [AUDIENCE, OTHER_AUDIENCE] }), /several tenants/],
  [
    'a payload that was changed',
    async () => {
      const token = await issuer.token();
      return withParts(token, { payload: { ...claimsOf(token), sub: 'root' } });
    },
    /signature/,
  ],
  [
    'a header that was changed',
    async () => {
      const token = await issuer.token();
      return withParts(token, { header: { ...headerOf(token), typ: 'JWT' } });
    },
    /signature/,
  ],
  [
    'a signature of another token',
    async () => [...(await issuer.token()).split('.').slice(0, 2), (await issuer.token()).split('.')[2]!].join('.'),
    /signature/,
  ],
  ['an ID token', async () => issuer.token({ scope: undefined, nonce: 'n', aud: AUDIENCE }, { header: { typ: 'JWT' } }), /ID token/],
  ['an ID token of Keycloak', async () => issuer.token({ typ: 'ID' }, { header: { typ: 'JWT' } }), /no access token/],
  ['a refresh token that is a JWT', async () => issuer.token({ typ: 'Refresh' }, { header: { typ: 'JWT' } }), /no access token/],
  ['a logout token', async () => issuer.token({}, { header: { typ: 'logout+jwt' } }), /no access token/],
  ['a token that is bound to a key of its client', async () => issuer.token({ cnf: { jkt: 'x' } }), /sender-constrained/],
  [
    'a jwk of the forger in the header',
    async () => {
      const key = await createSigningKey('mine');
      return issuer.token({}, { key, header: { jwk: key.jwk } });
    },
    /no key/,
  ],
  [
    'a jku of the forger in the header',
    async () => issuer.token({}, { key: second.keys[0]!, header: { jku: `${second.url}/jwks` } }),
    /signature/,
  ],
  [
    'an x5u of the forger in the header',
    async () => issuer.token({}, { key: second.keys[0]!, header: { x5u: `${second.url}/jwks` } }),
    /signature/,
  ],
  [
    'a critical extension',
    async () =>
      signRaw(JSON.stringify({ alg: 'RS256', kid: 'first', crit: ['exp'], exp: 1 }), JSON.stringify(claimsOf(await issuer.token()))),
    /crit/,
  ],
  [
    'a payload that is not encoded',
    async () => signRaw(JSON.stringify({ alg: 'RS256', kid: 'first', b64: false }), JSON.stringify(claimsOf(await issuer.token()))),
    /b64/,
  ],
  [
    'a claim twice',
    async () =>
      signRaw(
        JSON.stringify(headerOf(await issuer.token())),
        JSON.stringify(claimsOf(await issuer.token())).replace('{', '{"scope":"system/*.r",'),
      ),
    /repeats/,
  ],
  [
    'a header parameter twice',
    async () => signRaw('{"alg":"none","alg":"RS256","kid":"first"}', JSON.stringify(claimsOf(await issuer.token()))),
    /repeats/,
  ],
  ['a NUL in the subject', async () => issuer.token({ sub: 'ann\0root' }), /sub/],
  ['a NUL in the client', async () => issuer.token({ client_id: 'app\0' }), /client_id/],
  ['a line break in the subject', async () => issuer.token({ sub: 'ann\nroot' }), /sub/],
  ['a payload that is a list', async () => signRaw(JSON.stringify(headerOf(await issuer.token())), '[]'), /JSON object/],
  [
    'a payload that is not UTF-8',
    async () => withParts(await issuer.token(), {}).replace(/\.[^.]+\./, `.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.`),
    /JSON object/,
  ],
  ['too long', async () => issuer.token({ filler: 'x'.repeat(6200) }), /longer than/],
  ['two parts', async () => (await issuer.token()).split('.').slice(0, 2).join('.'), /three parts/],
  ['four parts', async () => `${await issuer.token()}.x`, /three parts/],
  ['an encrypted token', async () => `${base64({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`, /encrypted/],
  ['characters outside base64url', async () => `${await issuer.token()}=`, /three parts/],
  ['a scope that is an object', async () => issuer.token({ scope: { all: true } }), /scope/],
  ['a launch patient that is a path', async () => issuer.token({ patient: '../Patient/1' }), /patient/],
  ['neither subject nor client', async () => issuer.token({ sub: undefined, client_id: undefined }), /neither/],
  ['single use without an id', async () => issuer.token({ aud: 'https://once.test', jti: undefined }), /jti/],
  ['a tenant that does not exist', async () => issuer.token({ aud: 'https://later.test' }), /does not exist/],
];

test.each(FORGED)('refused: %s', async (_name, make, reason) => {
  const token = await make();
  const { status, body, headers } = await read(token);
  expect([status, body.issue?.[0].code]).toEqual([401, 'login']);
  expect(body.issue[0].diagnostics).toMatch(reason);
  const [, description] = /^Bearer realm="fhir", error="invalid_token", error_description="([^"\\]+)"$/.exec(headers['www-authenticate']!)!;
  expect(description).toBe(body.issue[0].diagnostics.replace(/"/g, "'"));
  expect(JSON.stringify(body)).not.toContain(token.slice(-20));
});

test('a token of the audience of another tenant sees nothing of this one', async () => {
  expect((await read(await issuer.token({ aud: OTHER_AUDIENCE }))).status).toBe(404);
  expect((await read(await second.token())).status).toBe(404);
});

test('a token that was used before is refused where tokens are for one use', async () => {
  const token = await issuer.token({ aud: 'https://once.test' });
  const both = await Promise.all([read(token), read(token)]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
  const again = await read(token);
  expect([again.status, again.body.issue[0].diagnostics]).toEqual([401, expect.stringMatching(/used already/)]);
});

test('a token in the query or in a form is no credential', async () => {
  const token = await issuer.token();
  const inQuery = await request(facet.app).get(`/fhir/R4/Patient/ann?access_token=${token}`);
  expect([inQuery.status, inQuery.headers['www-authenticate']]).toEqual([401, 'Bearer realm="fhir"']);
  const inForm = await request(facet.app).post('/fhir/R4/Patient/_search').type('form').send({ access_token: token });
  expect(inForm.status).toBe(401);
});

test('a token in x-api-key is no credential, and beside an API key it is refused', async () => {
  const token = await issuer.token();
  expect((await request(facet.app).get('/fhir/R4/Patient/ann').set('x-api-key', token)).status).toBe(401);
  expect((await read(token).set('x-api-key', facet.demo.fhir!)).status).toBe(401);
});

test.each(['/loop/v1/patients', '/clinik/v1/practitioner-roles', '/jump/clinician-profiles', '/admin/keys'])(
  'a token does not open %s',
  async (path) => {
    const { status } = await request(facet.app)
      .get(path)
      .set('Authorization', `Bearer ${await issuer.token()}`);
    expect(status).toBe(401);
  },
);

test('words that are scopes of API keys grant nothing in a token', async () => {
  for (const scope of ['*', 'read', 'write', 'admin', 'openid profile', 'system', 'systemx/*.r', undefined])
    expect([scope, (await read(await issuer.token({ scope }))).status]).toEqual([scope, 403]);
});

test('a token creates no Subscription, which would outlive it', async () => {
  const subscription = {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'x',
    criteria: 'Patient?',
    channel: { type: 'rest-hook', endpoint: 'https://hook.test' },
  };
  const { status, body } = await facet.fhir('post', '/Subscription', await issuer.token()).send(subscription);
  expect([status, body.issue[0].diagnostics]).toEqual([403, expect.stringMatching(/outlives/)]);
});

test.each([
  ['user/Patient.rs', 200],
  ['user/Patient.read', 200],
  ['system/*.read openid', 200],
  ['user/Observation.rs', 403],
  ['patient/Patient.rs launch/patient', 200],
  ['patient/Observation.rs', 403],
  ['user/Patient.rs?_id=ann', 200],
  ['*', 403],
])('a token with the scopes %s reads a Patient: %i', async (scope, status) => {
  const response = await read(await issuer.token({ scope, patient: 'ann' }));
  const challenge = status === 403 ? 'Bearer realm="fhir", error="insufficient_scope", scope="system/Patient.r"' : undefined;
  expect([response.status, response.headers['www-authenticate']]).toEqual([status, challenge]);
});
