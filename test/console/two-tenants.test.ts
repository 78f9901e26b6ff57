// Two tenants in one real browser: one after the other, and in two tabs.
import { inChromium } from '../journeys/chromium.ts';
import type { ConsolePage } from './console-page.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const ORDER = { resourceType: 'ServiceRequest', id: 'same', status: 'draft', intent: 'order' };
const PATIENT = { resourceType: 'Patient', id: 'person', name: [{ family: 'Lovelace' }] };
const SUBJECT = { reference: 'Patient/person' };
/** The tenant demo alone has it. */
const OBSERVATION = { resourceType: 'Observation', id: 'of-demo', status: 'final', code: { text: 'Potassium' } };

inChromium('two tenants in one browser', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    const { facet } = opened;
    for (const [key, text] of [
      [facet.demo.fhir!, 'Ferritin'],
      [facet.other.fhir!, 'Lipid panel'],
    ] as const) {
      await facet.put(PATIENT, key).expect(201);
      await facet.put({ ...ORDER, subject: SUBJECT, code: { text } }, key).expect(201);
    }
    await facet.put({ ...PATIENT, name: [{ family: 'Lovelace', given: ['Augusta'] }] }).expect(200);
    await facet.put({ ...OBSERVATION, subject: SUBJECT }).expect(201);
  });
  afterAll(() => opened.close());

  test('a resource with the same id and version as one of the tenant before is the own one', async () => {
    const { page } = opened;
    await opened.signIn('demo');
    await opened.go('/orders/same');
    await page.waitForSelector('#content :has-text("Ferritin")');
    await opened.signOut();
    await opened.signIn('other');
    await page.waitForSelector('#content :has-text("Lipid panel")');
    expect(await page.textContent('body')).not.toContain('Ferritin');
  });

  let other: ConsolePage;
  const openTab = async (path: string): Promise<void> => {
    other = await opened.openTab();
    await other.goto(`${opened.facet.url}/console${path}`);
    await other.waitForSelector('#content :is(h1, p)');
  };
  const clickSignOut = (page: ConsolePage): Promise<void> => page.click('button[aria-label="Sign out"]');

  test('signing out in one tab leads the other to the sign-in page, and signing in there opens both', async () => {
    await openTab('/orders/same');
    await other.waitForSelector('#content :has-text("Lipid panel")');
    await clickSignOut(opened.page);
    await other.waitForSelector('h1:has-text("Sign in")');
    await other.click('button:has-text("Continue as demo")');
    for (const page of [opened.page, other]) {
      await page.waitForSelector('#content :has-text("Ferritin")');
      expect(await page.textContent('.account .badge')).toBe('Tenant demo');
      expect(await page.textContent('body')).not.toContain('Lipid panel');
    }
  });

  test('a tab that was not told of another tenant is refused, shows where it is, and mixes nothing', async () => {
    const { page, facet } = opened;
    await opened.go('/explorer/Patient');
    await page.waitForSelector('button:has-text("Search")');
    // the session of another tenant begins without the page: as by a tab of an earlier release
    const headers = "{ 'X-Facet-Console': '1', 'Content-Type': 'application/json' }";
    await other.evaluate(
      `fetch('/console/session', { method: 'POST', headers: ${headers}, body: JSON.stringify({ key: '${facet.other.fhir}' }) }).then(() => {})`,
    );
    const before = (await opened.readTraffic()).length;
    // a message of the tenant before that the pointer holds from when it comes
    const message = '.toast:has-text("Ferritin cannot be ordered")';
    await page.evaluate(`new Promise((resolve) => {
      new MutationObserver((_, observer) => {
        const shown = document.querySelector('.toast');
        if (!shown) return;
        observer.disconnect();
        shown.dispatchEvent(new MouseEvent('mouseenter'));
        resolve();
      }).observe(document.body, { childList: true, subtree: true });
      window.dispatchEvent(new CustomEvent('facet:toast', { detail: { text: 'Ferritin cannot be ordered', tone: 'bad' } }));
    })`);
    await page.evaluate(`[...document.querySelectorAll('button')].find((one) => one.textContent.trim() === 'Search').click()`);
    // the message ends by itself
    await page.waitForSelector('.toast:has-text("you now work for other")');
    await page.waitForSelector('.account .badge:has-text("other")');
    expect(await page.isVisible(message)).toBe(false);
    expect((await opened.readTraffic()).slice(before)).toContain('the session of this page has ended');
    await other.waitForSelector('.account .badge:has-text("other")');
    await other.close();
  });

  const readStorage = (): Promise<unknown> =>
    opened.page.evaluate(
      'Promise.all([caches.keys(), indexedDB.databases()]).then((kept) => [localStorage.length, sessionStorage.length, kept.flat().length])',
    );

  test.each([
    ['history', '.version', 'Augusta'],
    ['references', '.table-frame td', 'Observation/of-demo'],
  ])(
    'the %s of a resource with the same id is the own one: nothing of the other is in the page, its traffic or its storage',
    async (view, content, text) => {
      const { page } = opened;
      await opened.signOut();
      await opened.signIn('demo');
      await opened.go(`/Patient/person/${view}`);
      await page.waitForSelector(`${content}:has-text("${text}")`);
      expect(await opened.readTraffic()).toContain(text.split('/').at(-1));
      await opened.signOut();
      expect(await page.textContent('body')).not.toContain(text);
      const before = (await opened.readTraffic()).length;
      await opened.signIn('other');
      await page.waitForSelector('h1:has-text("Patient")');
      await page.waitForSelector(content);
      expect(await page.textContent('#content')).not.toContain(text);
      expect((await opened.readTraffic()).slice(before)).not.toMatch(/Augusta|of-demo|Ferritin/);
      expect(await readStorage()).toEqual([0, 0, 0]);
    },
  );

  test('the page had no fault', () => {
    expect(opened.listFaults(/status of 401/)).toEqual([]);
  });
});
