// The shell of the console in a real browser: sign-in, navigation, command palette, theme.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const ADA = {
  resourceType: 'Patient',
  id: '0190b3c2-0000-7000-8000-00000000000a',
  name: [{ family: 'Lovelace', given: ['Ada'] }],
  telecom: [{ system: 'phone', value: '+12125550001' }],
  birthDate: '1985-12-10',
  gender: 'female',
};

inChromium('the console', () => {
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
    await page.waitForSelector('h1:has-text("Overview")');
    expect(await page.textContent('.facts dd:has-text("FHIR R4")')).toBe('FHIR R4');
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
    await page.waitForSelector('h1:has-text("Overview")');
  });

  test('the overview says what the server is, counts what is in it, shows what changed, and the tour goes through all faces', async () => {
    const { page, facet } = opened;
    await facet.put(ADA).expect(201);
    await facet.put({ ...ADA, name: [{ family: 'Lovelace', given: ['Ada', 'Augusta'] }] }).expect(200);
    await opened.go('/');
    await opened.signOut();
    await opened.signIn('demo');
    await page.waitForSelector('.badge:has-text("ready")');
    await page.waitForSelector('.counts li:has-text("Patient") .number:has-text("1")');
    await page.waitForSelector('.changes li:has-text("updated"):has-text("Patient"):has-text("v2")');
    await page.waitForSelector('.changes li:has-text("created"):has-text("v1")');
    const seen: string[] = [];
    for (const title of ['FHIR R4', 'Loop', 'ClinikEHR', 'JumpEHR']) {
      await page.waitForSelector(`.tour-steps [aria-current=step]:has-text("${title}")`);
      seen.push((await page.textContent('.tour-step'))!);
      if (title !== 'JumpEHR') await page.click('button:has-text("Next face")');
    }
    expect(seen.map((text) => text.includes('Lovelace'))).toEqual([true, true, true, true]);
    expect(new Set(seen).size).toBe(4);
    expect(await opened.findViolations()).toEqual([]);
  });

  test('another tenant sees nothing of it: not in the page, not in its traffic', async () => {
    const { page } = opened;
    await opened.signOut();
    await opened.signIn('other');
    await page.waitForSelector('.tour .empty-state:has-text("No patient yet")');
    await page.waitForSelector('.badge:has-text("ready")');
    const before = (await opened.readTraffic()).length;
    await page.reload();
    await page.waitForSelector('.tour .empty-state');
    await page.waitForSelector('#recent');
    expect((await opened.readTraffic()).slice(before)).not.toMatch(/Lovelace|000a/);
    expect(await page.textContent('body')).not.toMatch(/Lovelace/);
  });

  test('the keyboard reaches every control of the overview in order, and what has the focus is seen', async () => {
    const { page } = opened;
    await opened.go('/');
    const reached: string[] = [];
    for (let step = 0; step < 8; step++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate<string>(
          '(document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim() + (document.activeElement.matches(":focus-visible") ? "" : " (unseen)")',
        ),
      );
    }
    expect(reached.slice(0, 3)).toEqual(['Skip to the content', 'Facet', expect.stringMatching(/^Go to …/)]);
    expect(reached).toEqual(expect.arrayContaining(['Sign out', 'Overview']));
    expect(reached.filter((name) => name === '' || name.endsWith('(unseen)'))).toEqual([]);
  });

  test('the first load, all files of the overview included, is less than 200 kB as it is sent', async () => {
    const { page } = opened;
    await opened.go('/');
    await page.waitForSelector('#recent');
    await page.waitForSelector('.skeleton, [aria-busy=true]', { state: 'detached' });
    const sizes = await page.evaluate<number[]>(
      '[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource").filter(({ name }) => /console[/](assets|favicon)/.test(name))].map(({ encodedBodySize }) => encodedBodySize)',
    );
    expect(sizes.length).toBeGreaterThan(5);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(200_000);
  });

  test('on a narrow screen the navigation is a menu, and nothing scrolls sideways', async () => {
    const { page } = opened;
    await page.setViewportSize({ width: 400, height: 800 });
    for (const path of ['/', '/components']) {
      await opened.go(path);
      expect([path, await page.evaluate('document.documentElement.scrollWidth <= innerWidth')]).toEqual([path, true]);
    }
    expect(await page.isVisible('nav.side')).toBe(false);
    await page.click('button[aria-label=Menu]');
    expect(await opened.findViolations()).toEqual([]);
    await page.click('nav.side a:has-text("Overview")');
    await page.waitForSelector('h1:has-text("Overview")');
    expect(await page.isVisible('nav.side')).toBe(false);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('the theme can be chosen, and stays; nothing else is stored', async () => {
    const { page } = opened;
    await page.click('button[aria-label^="Theme: system"]');
    await page.click('button[aria-label^="Theme: light"]');
    await page.reload();
    await page.waitForSelector('button[aria-label^="Theme: dark"]');
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark');
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual(['facet-theme']);
    await page.click('button[aria-label^="Theme: dark"]');
  });

  test('a session that ends while the page is open leads to the sign-in page', async () => {
    const { page } = opened;
    await opened.go('/');
    await page.waitForSelector('#recent');
    await page.waitForSelector('.skeleton, [aria-busy=true]', { state: 'detached' });
    await page.context().clearCookies();
    await page.click('button[aria-label="Read the changes again"]');
    await page.waitForSelector('h1:has-text("Sign in")');
    await opened.signIn('other');
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
