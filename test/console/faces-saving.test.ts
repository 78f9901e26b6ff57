// Saving an edit in a real browser when a response is lost, and while the stored version is compared.
import { setTimeout as delay } from 'node:timers/promises';
import { inChromium } from '../journeys/chromium.ts';
import { until } from '../until.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const ADA = '0190b3c2-0000-7000-8000-00000000000a';
const PATIENT = { resourceType: 'Patient', id: ADA, name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' };
const WRITES = '**/jump/patients/*';
const READS = '**/console/api/faces/**';

inChromium('saving an edit', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.signIn();
  });
  beforeEach(async () => {
    expect((await opened.facet.put(PATIENT)).status).toBeLessThan(300);
    await opened.go(`/Patient/${ADA}?edit=${encodeURIComponent('jump/patient')}`);
    await opened.page.waitForSelector('.cm-content');
  });
  afterAll(() => opened.close());

  const readText = (): Promise<string> =>
    opened.page.evaluate(`document.querySelector('.code-host').shadowRoot.querySelector('.cm-content').textContent`);
  const readGiven = async (): Promise<string> => (await opened.facet.fhir('get', `/Patient/${ADA}`)).body.name[0].given[0];
  /** Changes the first name, until that could be saved. */
  async function edit(name: string): Promise<void> {
    const { page } = opened;
    await until(async () => {
      await page.click(`.cm-line:has-text('"first_name"')`);
      await page.keyboard.press('Home');
      await page.keyboard.press('Shift+End');
      await page.keyboard.type(`"first_name": "${name}",`);
      return (await readText()).includes(name) || undefined;
    });
    await page.waitForSelector('.write-note');
  }
  const save = (): Promise<void> => opened.page.click('button:has-text("Save")');

  test('an edit that was saved and cannot be read again is reported as saved', async () => {
    const { page } = opened;
    await edit('Augusta');
    await page.route(READS, (route) => route.abort());
    await save();
    await page.waitForSelector('.toast:has-text("Saved")');
    await page.waitForSelector('.editor-bar', { state: 'detached' });
    expect(await readGiven()).toBe('Augusta');
    await page.waitForSelector('.not-up-to-date');
    await page.unroute(READS);
    await page.click('.not-up-to-date button');
    await page.waitForSelector('.not-up-to-date', { state: 'detached' });
  });

  test('an edit whose response was lost is found in what is stored: nobody else saved', async () => {
    const { page } = opened;
    await edit('Adele');
    await page.route(WRITES, async (route) => {
      await route.fetch();
      await route.abort();
    });
    await page.route(READS, (route) => route.abort());
    await save();
    await page.waitForSelector('.preview-pane [role=alert]:has-text("the server does not respond")');
    expect(await readGiven()).toBe('Adele');
    for (const url of [WRITES, READS]) await page.unroute(url);
    await save();
    await page.waitForSelector('.editor-bar', { state: 'detached' });
    expect(await page.isVisible('.conflict')).toBe(false);
    expect(await readGiven()).toBe('Adele');
  });

  test('while the stored version is compared, nothing can be typed', async () => {
    const { page, facet } = opened;
    await edit('Alma');
    await facet.put({ ...PATIENT, birthDate: '1985-12-11' }).expect(200);
    let isHeld = true;
    await page.route(READS, async (route) => {
      while (isHeld) await delay(20);
      await route.continue();
    });
    await save();
    await page.click(`.cm-line:has-text('"first_name"')`);
    await page.keyboard.type('{{{');
    expect(await readText()).not.toContain('{{{');
    isHeld = false;
    await page.waitForSelector('h2:has-text("Somebody else saved")');
    await page.unroute(READS);
    await page.click('button:has-text("Go on with the merged version")');
    await page.waitForSelector('.write-note');
    await save();
    await page.waitForSelector('.toast:has-text("Saved version")');
    expect((await facet.fhir('get', `/Patient/${ADA}`)).body).toMatchObject({ birthDate: '1985-12-11', name: [{ given: ['Alma'] }] });
  });

  test('an edit is not lost by a link or by the browser’s buttons without a question', async () => {
    const { page } = opened;
    const pathOf = (): string => page.url().slice(`${opened.facet.url}/console`.length);
    const editor = `/Patient/${ADA}?edit=jump%2Fpatient`;
    await opened.go(`/Patient/${ADA}`);
    await page.click('button:has-text("Edit JumpEHR patient")');
    await page.waitForSelector('.cm-content');
    await edit('Adah');
    for (const leave of [`document.querySelector('nav.side a[href$="/orders"]').click()`, 'history.back()']) {
      await page.evaluate(leave);
      await page.waitForSelector('dialog:has-text("Leave without saving?")');
      await until(() => pathOf() === editor || undefined);
      expect(await opened.findViolations()).toEqual([]);
      await page.click('dialog button:has-text("Stay")');
      await page.waitForSelector('dialog', { state: 'detached' });
      expect([pathOf(), await readText()]).toEqual([editor, expect.stringContaining('Adah')]);
    }
    await page.evaluate('history.back()');
    await page.click('dialog button:has-text("Leave and lose the edit")');
    await page.waitForSelector('.editor-bar', { state: 'detached' });
    expect(pathOf()).toBe(`/Patient/${ADA}`);
    await page.evaluate('history.forward()');
    await page.waitForSelector('.cm-content');
    await edit('Adah');
    await page.evaluate(`document.querySelector('nav.side a[href$="/orders"]').click()`);
    await page.click('dialog button:has-text("Leave and lose the edit")');
    await page.waitForSelector('h1:has-text("Orders")');
    await page.evaluate('history.back()');
    await page.waitForSelector('.cm-content');
    expect([pathOf(), await readGiven()]).toEqual([editor, 'Ada']);
  });

  test('the page has no other errors', () => {
    expect(opened.listFaults(/status of 409|net::ERR_FAILED/)).toEqual([]);
  });
});
