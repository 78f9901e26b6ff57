// Two tasks and a conflict without a pointer, in a real browser: an order is placed and taken to its results; a face is edited, saved and taken back; what somebody else
// saved meanwhile is merged. Where the focus is must be seen at each step.
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { inChromium } from '../journeys/chromium.ts';
import { until } from '../until.ts';
import { becomeKeyboardUser, type KeyboardUser } from './keyboard-user.ts';
import type { OpenConsole } from './open-console.ts';
import { openOrders, PANEL, PATIENT } from './open-orders.ts';

inChromium('without a pointer', () => {
  let opened: OpenConsole;
  let sandbox: Sandbox;
  let user: KeyboardUser;
  beforeAll(async () => {
    sandbox = await startSandbox();
    opened = await openOrders(sandbox);
    await opened.facet.put(PANEL).expect(201);
    user = becomeKeyboardUser(opened.page);
    await user.tabTo('button', 'Continue as demo');
    await user.press('Enter');
    await user.arriveAt('h1', 'Overview');
  });
  afterAll(async () => {
    await opened.close();
    await sandbox.close();
  });

  const readPatient = async () => (await opened.facet.fhir('get', `/Patient/${PATIENT}`).expect(200)).body;

  test('an order is placed and taken to its results', async () => {
    const { page } = opened;
    await user.press('Control+k');
    await page.keyboard.type('orders');
    await user.press('Enter');
    await user.arriveAt('h1', 'Orders');
    await user.tabTo('button', 'Place an order');
    await user.press('Enter');
    await user.arriveAt('[aria-label=Patient]');
    await user.choose('love', 'Ada Lovelace');
    await user.tabTo('[aria-label=Test]');
    await user.choose('thyr', 'Thyroid panel');
    await page.waitForSelector('.dry-run:has-text("It can be ordered.")');
    await user.tabTo('button', 'Place the order');
    await user.press('Enter');
    await user.arriveAt('h1', 'Thyroid panel');
    await page.waitForSelector('.sandbox button');
    for (const [label, outcome] of [
      ['Collect the sample', 'Laboratory: appointment pending'],
      ['Receive it', 'Laboratory: sample received'],
      ['Report final results', 'Report: final'],
    ] as const) {
      await user.tabTo('button', label);
      await user.press('Enter');
      await page.waitForSelector(`.timeline .what:has-text("${outcome}")`);
      // the button is gone, and the focus stays in its panel
      await user.arriveAt('#sandbox');
    }
    await page.waitForSelector('.results tr:has-text("TSH")');
    await user.tabTo('button', 'Correct a value');
  });

  /** Opens the editor of JumpEHR's face, and changes the first name there until it could be saved. */
  async function edit(name: string): Promise<void> {
    const { page } = opened;
    await opened.go(`/Patient/${PATIENT}`);
    await page.waitForSelector('[aria-label=JumpEHR] button');
    await user.tabTo('[aria-label=JumpEHR] button', 'Edit');
    await user.press('Enter');
    await user.arriveAt('.editor-bar h2');
    await page.waitForSelector('.cm-content');
    await user.tabTo('.cm-content');
    await user.press('Control+Home');
    const readLine = (): Promise<string> =>
      page.evaluate(`document.querySelector('.code-host').shadowRoot.querySelector('.cm-activeLine').textContent`);
    await until(async () => {
      if ((await readLine()).includes('"first_name"')) return true;
      await user.press('ArrowDown');
      return false;
    });
    await user.press('Home');
    await user.press('Shift+End');
    await page.keyboard.type(`"first_name": "${name}",`);
    await page.waitForSelector(`.change-group:has-text("FHIR"):has-text("${name}")`);
    await page.waitForSelector('.write-note');
  }

  async function save(): Promise<void> {
    await user.tabTo('button', 'Save', 'Shift+Tab');
    await user.press('Enter');
  }

  test('a face is edited with its preview, saved, and taken back by the message of it', async () => {
    const { page } = opened;
    await edit('Augusta');
    await save();
    await page.waitForSelector('.toast:has-text("Saved version")');
    await user.arriveAt('h1');
    expect((await readPatient()).name[0].given).toEqual(['Augusta']);
    await user.press('F8');
    await user.arriveAt('.toast button', 'Undo');
    await user.press('Enter');
    await page.waitForSelector('.toast:has-text("The edit was taken back")');
    await user.arriveAt('h1');
    expect((await readPatient()).name[0].given).toEqual(['Ada']);
  });

  test('what somebody else saved meanwhile is merged in the three-way view, and where both changed a place one is chosen', async () => {
    const { page, facet } = opened;
    await edit('Adele');
    const before = await readPatient();
    await facet.put({ ...before, name: [{ family: 'King', given: ['Alma'] }] }).expect(200);
    await save();
    await page.waitForSelector('h2:has-text("Somebody else saved")');
    await user.arriveAt('.editor-bar button');
    expect(await page.textContent('[aria-label=Theirs]')).toMatch(/King/);
    await user.tabTo('.conflict-choice input:checked');
    await user.press('ArrowDown');
    await user.arriveAt('.conflict-choice label:last-child input:checked');
    await page.waitForSelector('[aria-label=Merged]:not(:has-text("Adele"))');
    await user.press('ArrowUp');
    await page.waitForSelector('[aria-label=Merged]:has-text("Adele")');
    await user.tabTo('button', 'Go on with the merged version');
    await user.press('Enter');
    await user.arriveAt('.editor-bar h2');
    await page.waitForSelector('.write-note');
    await user.tabTo('button', 'Save');
    await user.press('Enter');
    await page.waitForSelector('.toast:has-text("Saved version")');
    await user.arriveAt('h1');
    expect((await readPatient()).name).toEqual([{ family: 'King', given: ['Adele'] }]);
  });

  test('the page had no fault', () => {
    expect(opened.listFaults(/status of (?:409|412)/)).toEqual([]);
  });
});
