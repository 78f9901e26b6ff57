// SMART App Launch in a browser (fhirclient, unmodified) and SMART Backend Services, with a real OpenID provider.
// https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html, https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
import { readFileSync } from 'node:fs';
import { AUDIENCE } from '../access-tokens/issuer-fixture.ts';
import { APP, listenOnLoopback, type OidcIssuer, startOidcIssuer } from '../access-tokens/oidc-issuer.ts';
import { CHROMIUM, startChromium } from './chromium.ts';
import { type Listening, listen } from './listening.ts';

let app: Awaited<ReturnType<typeof listenOnLoopback>>;
let issuer: OidcIssuer;
let facet: Listening;
beforeAll(async () => {
  app = await listenOnLoopback();
  issuer = await startOidcIssuer({ redirectUri: `${app.url}/`, patient: 'ann' });
  facet = await listen({}, { FACET_ISSUERS: JSON.stringify([{ issuer: issuer.url, audience: AUDIENCE, tenant: 'demo' }]) });
  await facet.put({ resourceType: 'Patient', id: 'ann', name: [{ family: 'Lovelace' }] });
});
afterAll(async () => {
  await facet.close();
  await issuer.close();
  app.close();
});

/** The whole app: it launches by itself, and reads its patient when it comes back with a code. */
const PAGE = (iss: string): string => `<!doctype html><title>App</title><p id="result"></p><script src="fhir-client.js"></script><script>
  const show = (text) => { document.getElementById('result').innerHTML = '<b id="done"></b>'; document.getElementById('done').textContent = text };
  const isBack = /[?&](code|error)=/.test(location.search);
  const done = isBack
    ? FHIR.oauth2.ready().then(async (client) => show(JSON.stringify({ patient: await client.patient.read(), state: client.state.codeChallengeMethods, expires: client.state.expiresAt })))
    : FHIR.oauth2.authorize({ iss: ${JSON.stringify(iss)}, clientId: '${APP}', redirectUri: location.origin + '/', pkceMode: 'required',
        scope: 'openid fhirUser launch/patient patient/*.rs' });
  done.catch((error) => show(String(error)));
</script>`;

(CHROMIUM === undefined ? test.skip : test)(
  'an app in a browser launches by PKCE, the user signs in, and it reads its patient',
  async () => {
    app.serve((req, res) => {
      const isScript = req.url === '/fhir-client.js';
      res.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      res.end(isScript ? readFileSync('node_modules/fhirclient/build/fhir-client.js') : PAGE(`${facet.url}/fhir/R4`));
    });
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      const requests: string[] = [];
      page.on('request', (request) => void requests.push(request.url()));
      await page.goto(`${app.url}/`);
      await page.waitForSelector('input[name=login]');
      await page.fill('input[name=login]', 'ann@clinic.test');
      await page.fill('input[name=password]', 'any');
      await page.click('button[type=submit]');
      await page.waitForSelector('input[name=prompt][value=consent]', { state: 'attached' });
      await page.click('button[type=submit]');
      await page.waitForSelector('#done');
      const shown = JSON.parse((await page.textContent('#done'))!);
      expect(shown.patient).toMatchObject({ resourceType: 'Patient', id: 'ann', name: [{ family: 'Lovelace' }] });
      const authorization = new URL(requests.find((url) => url.startsWith(`${issuer.url}/auth?`))!).searchParams;
      expect([authorization.get('code_challenge_method'), authorization.get('aud')]).toEqual(['S256', `${facet.url}/fhir/R4`]);
      expect(requests).toContain(`${facet.url}/fhir/R4/.well-known/smart-configuration`);
    } finally {
      await browser.close();
    }
    const [known] = await facet.store.database.query('select client, subject, fhir_user from token_actor');
    expect(known).toEqual({ client: APP, subject: 'ann@clinic.test', fhir_user: `${issuer.url}/Patient/ann` });
  },
);

test('a backend service signs its request with its own key, and its token has the scopes that it asked for', async () => {
  const smart = (await (await fetch(`${facet.url}/fhir/R4/.well-known/smart-configuration`)).json()) as Record<string, string[]>;
  expect([smart.token_endpoint, smart.grant_types_supported]).toEqual([
    `${issuer.url}/token`,
    expect.arrayContaining(['client_credentials']),
  ]);
  expect(smart.capabilities).toEqual(expect.arrayContaining(['launch-standalone', 'client-public', 'client-confidential-asymmetric']));
  const { status, body } = await issuer.requestServiceToken('system/Patient.rs');
  expect([status, body.token_type, body.scope]).toEqual([200, 'Bearer', 'system/Patient.rs']);
  const token = String(body.access_token);
  expect((await facet.fhir('get', '/Patient/ann', token)).status).toBe(200);
  expect((await facet.fhir('get', '/Patient?family=lovelace', token)).body.entry).toHaveLength(1);
  expect((await facet.fhir('get', '/Observation', token)).status).toBe(403);
  expect((await facet.fhir('delete', '/Patient/ann', token)).status).toBe(403);
});
