// Signing in to the console with other settings of the issuer, and on servers behind a proxy with TLS.
import { toIssuerName } from '../../src/access-tokens/sign-in-settings.ts';
import { AUDIENCE } from '../access-tokens/issuer-fixture.ts';
import { CONSOLE, type OidcIssuer, openTestBrowser, signInAtProvider, startOidcIssuer } from '../access-tokens/oidc-issuer.ts';
import { listen } from '../journeys/listening.ts';
import { killAll, migratedPlace, type Place, startProcess } from '../journeys/server-process.ts';
import { SERVER_URL } from '../store/open.ts';
import { cookiesOf, locationOf, readSession, signInAt, toLoginUrl } from './signing-in.ts';

const OTHER_AUDIENCE = 'https://other.test';

describe('with other settings', () => {
  /** Signs in at a server whose issuer has these settings. */
  async function signInWith(signInSettings: object, { more = [], audience = AUDIENCE }: { more?: object[]; audience?: string } = {}) {
    let own!: OidcIssuer;
    const server = await listen({ withoutContract: true }, async (consoleUrl) => {
      own = await startOidcIssuer({ consoleUrl });
      const entry = { issuer: own.url, audience, tenant: 'demo', signIn: { clientId: CONSOLE, ...signInSettings } };
      return { FACET_ISSUERS: JSON.stringify([entry, ...more.map((one) => ({ issuer: own.url, ...one }))]) };
    });
    const { response, browser } = await signInAt(toLoginUrl(server.url, own.url, '/console'));
    const { surfaces } = await readSession(browser, server.url);
    await server.close();
    await own.close();
    return [locationOf(response), surfaces.length];
  }

  test.each<[string, object, Parameters<typeof signInWith>[1], string]>([
    ['a token for another audience', { parameters: { resource: OTHER_AUDIENCE } }, {}, 'token'],
    ['a token without a scope of this server', { scopes: 'openid' }, {}, 'scopes'],
    ['a wrong secret', { clientId: 'confidential-console', clientSecret: 'wrong' }, {}, 'refused'],
    [
      'a token that opens another tenant than that of the entry',
      { parameters: { resource: OTHER_AUDIENCE } },
      { more: [{ audience: OTHER_AUDIENCE, tenant: 'other' }] },
      'token',
    ],
  ])('%s makes no session', async (_what, settings, options, problem) => {
    expect(await signInWith(settings, options)).toEqual([`/console?sign-in=${problem}`, 0]);
  });

  test('an audience that the issuer needs as a parameter is requested', async () => {
    expect(await signInWith({ parameters: { resource: OTHER_AUDIENCE } }, { audience: OTHER_AUDIENCE })).toEqual(['/console', 1]);
  });

  test('an issuer that does not respond is named as the reason', async () => {
    const gone = 'http://localhost:1';
    const entry = { issuer: gone, audience: AUDIENCE, tenant: 'demo', signIn: { clientId: CONSOLE } };
    const server = await listen({ withoutContract: true }, { FACET_ISSUERS: JSON.stringify([entry]) });
    const response = await fetch(`${server.url}/console/session/login/localhost-1?to=/console/orders`, { redirect: 'manual' });
    await server.close();
    expect([locationOf(response), cookiesOf(response)]).toEqual(['/console/orders?sign-in=unreachable', '']);
  });
});

describe('servers behind a proxy with TLS', () => {
  const PUBLIC_URL = 'https://facet.test';
  let place: Place;
  afterAll(async () => {
    await killAll();
    await place.remove();
  });

  test('print the redirect URI, keep cookies to HTTPS, and complete what another process has begun', async () => {
    place = await migratedPlace();
    const own = await startOidcIssuer({ consoleUrl: PUBLIC_URL });
    const entry = { issuer: own.url, audience: AUDIENCE, tenant: 'demo', signIn: { clientId: CONSOLE } };
    const env = { ...place.env, FACET_BASE_URL: PUBLIC_URL, FACET_ISSUERS: JSON.stringify([entry]) };
    const first = await startProcess(env);
    const redirectUri = `${PUBLIC_URL}/console/session/callback/${toIssuerName(own.url)}`;
    expect(await first.waitForLine(/Sign-in/)).toBe(`  Sign-in   redirect URI for ${CONSOLE} at ${own.url}: ${redirectUri}`);
    // the embedded engine has one process
    const last = SERVER_URL === undefined ? first : await startProcess(env);
    const browser = openTestBrowser();
    const begun = await browser.browse(toLoginUrl(first.url, own.url, '/console/orders'));
    expect(cookiesOf(begun)).toMatch(
      /^__Host-facet-console-sign-in-[0-9a-f]{12}=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
    const callback = await signInAtProvider(browser, locationOf(begun), 'ann');
    expect(callback.startsWith(`${redirectUri}?`)).toBe(true);
    const completed = await browser.browse(callback.replace(PUBLIC_URL, last.url));
    expect(locationOf(completed)).toBe('/console/orders');
    expect(cookiesOf(completed)).toMatch(/^__Host-facet-console=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/m);
    expect((await readSession(browser, first.url)).surfaces).toHaveLength(1);
    await own.close();
  });
});
