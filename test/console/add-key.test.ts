// Adding a key to the session in a real browser: where the page asks for one, and a key of another tenant.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

inChromium('adding a key to the session', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.page.fill('input[type=password]', opened.facet.demo.loop!);
    await opened.page.click('button:has-text("Sign in with a key")');
    await opened.page.waitForSelector('nav.side', { state: 'attached' });
  });
  afterAll(() => opened.close());

  const add = async (key: string): Promise<void> => {
    await opened.page.fill('dialog input[type=password]', key);
    await opened.page.click('dialog button:has-text("Add the key")');
  };

  test('a view that needs another key offers to add it; a key of another tenant is refused, and the session stays', async () => {
    const { page, facet } = opened;
    await opened.go('/explorer');
    await page.click('.empty-state button:has-text("Add a key")');
    await page.waitForSelector('dialog:has-text("Only a key of demo, or of an operator, can be added")');
    expect(await opened.findViolations()).toEqual([]);
    await add(facet.other.fhir!);
    await page.waitForSelector('dialog [role=alert]:has-text("this key is of another tenant than the session: sign out")');
    expect(await page.textContent('.account .badge')).toBe('Tenant demo');
    await page.reload();
    await page.waitForSelector('.empty-state:has-text("has no key of it")');
  });

  test('the orders offer to add a key, too', async () => {
    await opened.go('/orders');
    await opened.page.click('.empty-state:has-text("Orders need a key of the FHIR API") button:has-text("Add a key")');
    await opened.page.waitForSelector('dialog:has-text("Only a key of demo")');
    await opened.go('/explorer');
  });

  test('the key is added, the view shows what it opens, and the key of before still counts', async () => {
    const { page, facet } = opened;
    await page.click('.empty-state button:has-text("Add a key")');
    await add(facet.demo.fhir!);
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.waitForSelector('.toast:has-text("The key is added")');
    await page.waitForSelector('#content a:has-text("Patient")');
    await opened.go('/');
    await page.waitForSelector('.facts .badge:has-text("Loop")');
    await page.waitForSelector('.facts .badge:has-text("FHIR R4")');
  });

  test('it is in the bar at the top of narrow screens, and among the commands', async () => {
    const { page } = opened;
    await page.setViewportSize({ width: 400, height: 800 });
    await page.click('.account button[aria-label="Add a key"]');
    await page.waitForSelector('dialog:has-text("It has Loop, FHIR R4")');
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await opened.findViolations()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.keyboard.press('Control+k');
    await page.keyboard.type('add a key');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog h2:has-text("Add a key")');
  });

  test('the page had no fault', () => {
    expect(opened.listFaults(/status of 409/)).toEqual([]);
  });
});
