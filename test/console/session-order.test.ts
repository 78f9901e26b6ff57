// The order of requests for the session, actions that fail, and pages that are older than the server, in a real browser.
import { setTimeout as delay } from 'node:timers/promises';
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

inChromium('a page of the console', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.signIn('demo');
  });
  afterAll(() => opened.close());

  test('signs out only after a renewal of the session that is under way, so that it does not come back', async () => {
    const { page, facet } = opened;
    const sent: string[] = [];
    page.on('request', (request) => void (request.url().endsWith('/console/session') && sent.push(request.method())));
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const url = `${facet.url}/console/session`;
    await page.route(url, async (route) => {
      await gate;
      await route.continue();
    });
    await page.evaluate("void window.dispatchEvent(new Event('facet:session-refused'))");
    await page.click('button[aria-label="Sign out"]');
    // a request that is not in its turn would be sent at once
    await delay(300);
    expect(sent).toEqual(['GET']);
    release();
    await page.waitForSelector('h1:has-text("Sign in")');
    expect(sent.slice(0, 2)).toEqual(['GET', 'DELETE']);
    await page.unroute(url);
    expect(await page.context().cookies()).toEqual([]);
  });

  test('says that signing out failed, and the user is still signed in', async () => {
    const { page, facet } = opened;
    await opened.signIn('demo');
    const url = `${facet.url}/console/session`;
    await page.route(url, (route) => route.abort());
    await page.click('button[aria-label="Sign out"]');
    await page.waitForSelector('.toast:has-text("you are still signed in"):has-text("try again")');
    await page.unroute(url);
    await page.waitForSelector('nav.side', { state: 'attached' });
    await opened.signOut();
  });

  test('whose files are gone after an upgrade offers to load it again', async () => {
    const { page, facet } = opened;
    await opened.signIn('demo');
    const url = `${facet.url}/console/assets/mappings-*`;
    await page.route(url, (route) => route.abort());
    await page.click('nav.side a:has-text("Mappings")');
    await page.waitForSelector('.empty-state:has-text("Mappings cannot be opened in this page")');
    await page.unroute(url);
    await page.click('button:has-text("Load the page again")');
    await page.waitForSelector('h1:has-text("Mappings")');
  });

  test('keeps what was typed in the mappings when the session is renewed', async () => {
    const { page, facet } = opened;
    await page.fill('.mappings input', 'not a field');
    await page.evaluate("void window.dispatchEvent(new Event('facet:session-refused'))");
    // the renewal has been shown once a key is added, which has its turn after it
    await page.click('.account button[aria-label="Add a key"]');
    await page.fill('dialog input[type=password]', facet.demo.loop!);
    await page.click('dialog button:has-text("Add the key")');
    await page.waitForSelector('.toast:has-text("The key is added")');
    expect(await page.inputValue('.mappings input')).toBe('not a field');
  });
});
