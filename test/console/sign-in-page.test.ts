// Signing in at a real OpenID provider in a real browser. The provider is another site than the console: 127.0.0.1 and localhost.
import { AUDIENCE } from '../access-tokens/issuer-fixture.ts';
import { CONSOLE, type OidcIssuer, startOidcIssuer } from '../access-tokens/oidc-issuer.ts';
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const ADA = { resourceType: 'Patient', id: 'ada', name: [{ family: 'Lovelace' }] };
const BOB = { resourceType: 'Patient', id: 'bob', name: [{ family: 'Babbage' }] };

inChromium('signing in at an issuer', () => {
  let issuer: OidcIssuer;
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole(async (consoleUrl) => {
      issuer = await startOidcIssuer({ consoleUrl, host: '127.0.0.1' });
      const entry = { issuer: issuer.url, audience: AUDIENCE, tenant: 'demo', signIn: { clientId: CONSOLE } };
      return { FACET_ISSUERS: JSON.stringify([entry]) };
    });
    await opened.facet.put(ADA).expect(201);
    await opened.facet.put(BOB, opened.facet.other.fhir).expect(201);
  });
  afterAll(async () => {
    await opened.close();
    await issuer.close();
  });

  const LINK = 'a:has-text("Sign in with 127.0.0.1:")';
  const follow = async (): Promise<void> => {
    await opened.page.click(LINK);
    await opened.page.waitForSelector('input[name=login]');
  };

  test('the page offers the issuer first, without a violation, on wide and narrow screens', async () => {
    const { page } = opened;
    for (const width of [1280, 400]) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForSelector(LINK);
      expect(await opened.findViolations()).toEqual([]);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth')).toBe(false);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await page.evaluate<string[]>("[...document.querySelectorAll('.button.primary')].map((button) => button.textContent)")).toEqual([
      `Sign in with ${new URL(issuer.url).host}`,
    ]);
  });

  test('cancelling leads back to the view, with what to do, and the address is as before', async () => {
    const { page, facet } = opened;
    await opened.go('/Patient/ada?tab=history');
    await follow();
    await page.click('a[href$="/abort"]');
    await page.waitForSelector('[role=alert]:has-text("The sign-in was cancelled"):has-text("Sign in again")');
    expect(page.url()).toBe(`${facet.url}/console/Patient/ada?tab=history`);
    expect(await opened.findViolations()).toEqual([]);
  });

  test('the user signs in there, gets back to the view that was asked for, and sees the data of the tenant only', async () => {
    const { page, facet } = opened;
    await opened.go('/Patient/ada?tab=history');
    await follow();
    await page.fill('input[name=login]', 'ann@clinic.test');
    await page.fill('input[name=password]', 'any');
    await page.click('button[type=submit]');
    await page.waitForSelector('input[name=prompt][value=consent]', { state: 'attached' });
    await page.click('button[type=submit]');
    await page.waitForSelector('nav.side', { state: 'attached' });
    expect(page.url()).toBe(`${facet.url}/console/Patient/ada?tab=history`);
    expect(await page.textContent('.account .badge')).toBe('Tenant demo');
    await page.waitForSelector('#content :has-text("Lovelace")');
    await opened.go('/Patient/bob');
    await page.waitForSelector('[role=alert]:has-text("404")');
    expect(await opened.readTraffic()).not.toContain('Babbage');
    const cookies = (await page.context().cookies()).filter(({ name }) => name.startsWith('facet-console'));
    expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toEqual([
      [`facet-console-${new URL(facet.url).port}`, true, 'Strict'],
    ]);
  });

  test('after signing out, one click signs in again: the issuer knows the user', async () => {
    const { page } = opened;
    await opened.go('/');
    await opened.signOut();
    await page.click(LINK);
    await page.waitForSelector('h1:has-text("Overview")');
  });

  test('signing in there from the dialog keeps the keys of the session', async () => {
    const { page, facet } = opened;
    await opened.signOut();
    await page.fill('input[type=password]', facet.demo.loop!);
    await page.click('button:has-text("Sign in with a key")');
    await page.click('.account button[aria-label="Add a key"]');
    await page.waitForSelector('dialog:has-text("It has Loop.")');
    expect(await opened.findViolations()).toEqual([]);
    await page.click(`dialog ${LINK}`);
    await page.waitForSelector('.facts .badge:has-text("FHIR R4")');
    await page.waitForSelector('.facts .badge:has-text("Loop")');
  });

  test('no page of the console had a fault, and none asked another host', () => {
    // the provider's pages load a font
    const isAllowed = new RegExp(`^${issuer.url}/|fonts\\.googleapis\\.com|ERR_NAME_NOT_RESOLVED|Failed to load resource.*404`);
    expect(opened.listFaults(isAllowed)).toEqual([]);
  });
});
