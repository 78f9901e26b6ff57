// The shell of the console in a real browser: sign-in, navigation, command palette, theme.
import { CHROMIUM } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const inChromium = CHROMIUM === undefined ? describe.skip : describe;
inChromium(`the console${CHROMIUM === undefined ? ' (skipped: there is no Chromium here; apt-get install chromium)' : ''}`, () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
  });
  afterAll(() => opened.close());

  test('the sign-in page has no violation, light and dark', async () => {
    expect(await opened.page.textContent('h1')).toBe('Sign in to Facet');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('an unknown key is refused with what to do, and a key signs in', async () => {
    const { page, facet } = opened;
    await page.fill('input[type=password]', 'fhir_test_unknown');
    await page.click('button:has-text("Sign in with a key")');
    await page.waitForSelector('[role=alert]:has-text("not known")');
    await page.fill('input[type=password]', facet.demo.fhir!);
    await page.click('button:has-text("Sign in with a key")');
    await page.waitForSelector('h1:has-text("Facet")');
    expect(await page.textContent('.facts .row')).toBe('FHIR R4');
    await opened.signOut();
  });

  test('one click signs in as a tenant with all its keys', async () => {
    await opened.signIn('other');
    expect(await opened.page.textContent('.account .badge')).toBe('Tenant other');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('the command palette goes to a view by its name, with the keyboard alone', async () => {
    const { page } = opened;
    await page.keyboard.press('Control+k');
    await page.waitForSelector('dialog.palette');
    expect(await opened.findViolations()).toEqual([]);
    await page.keyboard.type('components');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Components")');
    expect(new URL(page.url()).pathname).toBe('/console/components');
    expect(await opened.findViolations()).toEqual([]);
    await page.goBack();
    await page.waitForSelector('h1:has-text("Facet")');
  });

  test('a deep link opens its view, and an unknown one says so', async () => {
    await opened.go('/components');
    expect(await opened.page.textContent('h1')).toBe('Components');
    await opened.go('/nothing/at/all');
    expect(await opened.page.textContent('.empty-state .title')).toBe('There is no such view');
  });

  test('the page has no errors, asks no other origin, and stores nothing in the browser', async () => {
    expect(opened.listFaults(/status of 401/)).toEqual([]);
    expect(await opened.page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
  });
});
