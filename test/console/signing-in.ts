// A browser without pages that signs in to the console at an OpenID provider, for tests over HTTP.
import { toIssuerName } from '../../src/access-tokens/sign-in-settings.ts';
import { openTestBrowser, signInAtProvider, type TestBrowser } from '../access-tokens/oidc-issuer.ts';

export const X_CONSOLE = { 'X-Facet-Console': '1' };
export const locationOf = (response: Response): string => response.headers.get('location') ?? '';
export const cookiesOf = (response: Response): string => response.headers.getSetCookie().join('\n');

/** Where a sign-in at an issuer begins. `at`: the server. */
export const toLoginUrl = (at: string, issuer: string, to: string): string =>
  `${at}/console/session/login/${toIssuerName(issuer)}?to=${encodeURIComponent(to)}`;

/** Signs in at the provider. Returns the URL of the callback, which was not opened yet. */
export async function leadBack(browser: TestBrowser, url: string, login: string | undefined = 'ann'): Promise<string> {
  const begun = await browser.browse(url);
  expect(begun.status).toBe(303);
  return signInAtProvider(browser, locationOf(begun), login);
}

export async function signInAt(url: string, login?: string): Promise<{ browser: TestBrowser; response: Response; callback: string }> {
  const browser = openTestBrowser();
  const callback = await leadBack(browser, url, login);
  return { browser, callback, response: await browser.browse(callback) };
}

interface ShownSession {
  surfaces: object[];
  ends?: string;
  signIn: object[];
}

export const readSession = async ({ browse }: TestBrowser, at: string): Promise<ShownSession> =>
  (await browse(`${at}/console/session`, { headers: X_CONSOLE })).json() as Promise<ShownSession>;
