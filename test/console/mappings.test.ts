// The views of mappings in a real browser: the vendors, which of them show an element, a shape with its live view and its file.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const PATIENT = {
  resourceType: 'Patient',
  id: '0190b3c2-0000-7000-8000-00000000000a',
  name: [{ family: 'Lovelace', given: ['Ada'] }],
  telecom: [{ system: 'phone', value: '+12125550001', use: 'mobile' }],
};
/** Of the other tenant, which must see nothing of the first. */
const OTHER = { ...PATIENT, id: '0190b3c2-0000-7000-8000-00000000000b', name: [{ family: 'Hopper', given: ['Grace'] }] };

inChromium('mappings', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.facet.put(PATIENT).expect(201);
    await opened.facet.put(OTHER, opened.facet.other.fhir).expect(201);
    await opened.signIn();
  });
  afterAll(() => opened.close());

  const textsOf = (selector: string): Promise<string[]> =>
    opened.page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map(({ textContent }) => textContent.trim())`);
  /** Inside the shadow root of CodeMirror. */
  const readCode = (selector: string): Promise<string> =>
    opened.page.evaluate(
      `document.querySelector('.source-code > div').shadowRoot.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`,
    );

  test('the vendors are listed with their shapes, which lead to the shape', async () => {
    const { page } = opened;
    await page.click('nav.side a:has-text("Mappings")');
    await page.waitForSelector('.vendor-card');
    expect(await textsOf('.vendor-card h2')).toHaveLength(3);
    expect(await opened.findViolations()).toEqual([]);
    await page.click('.vendor-card:has-text("JumpEHR") .shape-links a:has-text("patient")');
    await page.waitForSelector('h1:has-text("patient")');
    expect(new URL(page.url()).pathname).toBe('/console/mappings/jump/patient');
    expect(await textsOf('.mapping-path li')).toEqual(['Mappings', 'JumpEHR', 'patient']);
    await page.click('.mapping-path a:has-text("JumpEHR")');
    await page.waitForSelector('h1:has-text("JumpEHR")');
    expect(await textsOf('.mapping-path li')).toEqual(['Mappings', 'JumpEHR']);
  });

  test('three steps find which vendors show an element', async () => {
    const { page } = opened;
    await opened.go('/');
    await page.click('nav.side a:has-text("Mappings")');
    await page.fill('input[type=search]', 'Patient.telecom');
    await page.waitForSelector('table');
    const status = (await page.textContent('.panel [role=status]'))!;
    expect(status).toMatch(/^Loop.*, Clinik.*, and JumpEHR show it: \d+ fields in \d+ shapes/);
    const rows = await textsOf('tbody tr');
    for (const field of ['phone', 'mobile_phone', 'email']) expect(rows.some((row) => row.includes(field))).toBe(true);
    expect(await opened.findViolations()).toEqual([]);
    // a deep link shows the same, and what finds nothing is not in the URL
    await page.reload();
    await page.waitForSelector('tbody tr');
    expect(await textsOf('tbody tr')).toEqual(rows);
    await page.fill('input[type=search]', 'Lovelace');
    await page.waitForSelector('.empty-state');
    expect(page.url()).not.toContain('Lovelace');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('a surface shows its credential, endpoints, names and file', async () => {
    const { page } = opened;
    await opened.go('/mappings/clinik');
    await page.waitForSelector('.endpoints');
    expect(await page.textContent('.facts')).toContain('x-api-key: clk_');
    expect(await textsOf('.endpoints li')).toEqual(expect.arrayContaining([expect.stringMatching(/GET\s*\/v1\/patients\/\{id\}/)]));
    expect(await opened.findViolations()).toEqual([]);
    await page.click('[role=tab]:has-text("Names")');
    await page.waitForSelector('td:has-text("http")');
    expect(await opened.findViolations()).toEqual([]);
    await page.click('[role=tab]:has-text("Source")');
    await page.waitForSelector('.cm-content');
    expect(await readCode('.cm-content')).toContain('envelope');
    await page.waitForSelector('a[href="/schemas/surface.json"]');
  });

  test('a shape shows its fields with paths, codes and searches, and its losses', async () => {
    const { page } = opened;
    await opened.go('/mappings/loop/patient');
    await page.waitForSelector('.field-name');
    const rows = await textsOf('.table-frame > table > tbody > tr');
    expect(rows.find((row) => row.startsWith('email'))).toContain("telecom.where(system='email').value");
    await page.click('summary:has-text("codes of gender")');
    expect((await textsOf('.codes[open] tbody tr')).find((row) => row.startsWith('nonbinary'))).toContain('other');
    expect(await opened.findViolations()).toEqual([]);
    await page.click('[role=tab]:has-text("Searches")');
    await page.waitForSelector('td:has-text("_tag=%brand")');
    expect(await opened.findViolations()).toEqual([]);
    await page.click('[role=tab]:has-text("Losses")');
    await page.waitForSelector('h2:has-text("Not stored as it is sent")');
    expect(await textsOf('.names code')).toContain('maritalStatus');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('the line of a field opens the file there, with the schema for editors', async () => {
    const { page } = opened;
    await opened.go('/mappings/loop/patient');
    await page.click('tr:has-text("email") a[aria-label^="Line"]');
    await page.waitForSelector('.cm-marked');
    expect(await readCode('.cm-marked')).toMatch(/^ {2}email:/);
    expect(await page.textContent('.snippet')).toBe(`# yaml-language-server: $schema=${opened.facet.url}/schemas/mapping.json`);
    expect(await opened.findViolations()).toEqual([]);
  });

  test('the live view shows a stored resource field by field, with the elements that each is read from', async () => {
    const { page } = opened;
    await opened.go(`/mappings/jump/patient?tab=live&id=${PATIENT.id}`);
    await page.waitForSelector('td:has-text("Lovelace")');
    const rows = await textsOf('.live-view tbody tr');
    expect(rows.find((row) => row.startsWith('mobile_phone'))).toContain('+12125550001telecom[0].value');
    expect(rows.find((row) => row.startsWith('last_name'))).toContain('Lovelacename[0].family');
    expect(await opened.findViolations()).toEqual([]);
    expect(rows.some((row) => row.startsWith('occupation'))).toBe(false);
    await page.click('button:has-text("Fields without a value")');
    await page.waitForSelector('.live-view tr:has-text("occupation")');
    // the lists of the page hold what this tenant has
    expect(await textsOf('select option')).toEqual([expect.stringContaining(PATIENT.id)]);
    await opened.go(`/mappings/jump/patient?tab=live&id=${OTHER.id}`);
    await page.waitForSelector('[role=alert]:has-text("404")');
  });

  test('the arrow keys move between the parts of a mapping, and the address follows', async () => {
    const { page } = opened;
    await opened.go('/mappings/jump/patient');
    await page.waitForSelector('[role=tab]');
    await page.evaluate('document.querySelector("[role=tab][aria-selected=true]").focus()');
    for (const name of ['searches', 'losses']) {
      await page.keyboard.press('ArrowRight');
      await page.waitForURL(new RegExp(`[?]tab=${name}$`));
    }
    expect(await page.textContent('[aria-selected=true]')).toMatch(/^Losses/);
  });

  test('the other tenant sees the same mappings, and nothing of this one', async () => {
    const { page } = opened;
    await opened.signOut();
    await opened.signIn('other');
    await opened.go('/mappings/jump/patient?tab=live');
    await page.waitForSelector('td:has-text("Hopper")');
    expect(await page.evaluate('document.body.textContent.includes("Lovelace")')).toBe(false);
    expect(await page.evaluate('[localStorage.length, sessionStorage.length]')).toEqual([0, 0]);
  });

  test('a session with a vendor’s key alone sees that vendor’s mappings, and what its live view needs', async () => {
    const { page, facet } = opened;
    await opened.signOut();
    await page.fill('input[type=password]', facet.demo.jump!);
    await page.click('button:has-text("Sign in with a key")');
    await page.waitForSelector('nav.side', { state: 'attached' });
    await opened.go('/mappings');
    await page.waitForSelector('.vendor-card');
    expect(await textsOf('.vendor-card h2')).toEqual(['JumpEHR']);
    await opened.go('/mappings/jump/patient?tab=live');
    await page.waitForSelector('.empty-state:has-text("needs a key of the FHIR API")');
    await opened.go('/mappings/loop');
    await page.waitForSelector('[role=alert]');
  });

  test('the page has no errors, and asks no other origin', () => {
    expect(opened.listFaults(/status of 40[134]/)).toEqual([]);
  });
});
