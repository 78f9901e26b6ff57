// The console by keyboard and screen reader, in a real browser: where the focus goes when another view is shown, what is announced, why a button cannot be pressed, and
// how long messages stay.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';
import { pauseTime, runUntil, runUntilShown } from './page-clock.ts';

const SUBJECT = { reference: 'Patient/person' };
const FULFILL = { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] };
const ENDED = { status: 'completed', intent: 'order' };
const STORED = [
  { resourceType: 'Patient', id: 'person', name: [{ family: 'Lovelace' }] },
  { resourceType: 'ServiceRequest', id: 'ended', ...ENDED, subject: SUBJECT, code: { text: 'Ferritin' } },
  { resourceType: 'Task', id: 'task', ...ENDED, code: FULFILL, for: SUBJECT, focus: { reference: 'ServiceRequest/ended' } },
];

inChromium('the console by keyboard', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    for (const resource of STORED) await opened.facet.put(resource).expect(201);
  });
  afterAll(() => opened.close());

  const readAnnounced = (): Promise<string | null> => opened.page.textContent('.announcer[role=status]');

  test('a page that was loaded has its title, and nothing is announced', async () => {
    expect(await opened.page.evaluate('[document.title, document.activeElement.localName]')).toEqual(['Sign in · Facet', 'body']);
    expect(await readAnnounced()).toBe('');
  });

  test('another view has the focus at its heading, and its title is announced', async () => {
    const { page } = opened;
    await opened.signIn('demo');
    await page.waitForSelector('h1:focus:has-text("Overview")');
    for (const [link, heading, title] of [
      ['nav.side a:has-text("Explorer")', 'Explorer', 'Explorer'],
      ['nav.side a:has-text("Orders")', 'Orders', 'Orders'],
      // its heading has another text once the order is read
      ['a.order-card', 'Ferritin', 'Order'],
      ['.order-facts a:has-text("Lovelace")', 'Patient', 'Patient/person · Faces'],
      ['nav[aria-label="Views of this resource"] a:has-text("References")', 'Patient', 'Patient/person · References'],
      ['table a:has-text("ServiceRequest/ended")', 'ServiceRequest', 'ServiceRequest/ended · Faces'],
    ] as const) {
      await page.click(link);
      await page.waitForSelector(`h1:focus:has-text("${heading}")`);
      await page.waitForSelector(`.announcer:has-text("${title} · Facet")`, { state: 'attached' });
      expect(await page.evaluate('document.title')).toBe(`${title} · Facet`);
    }
    await page.goBack();
    await page.waitForSelector('h1:focus:has-text("Patient")');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('mappings');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:focus:has-text("Mappings")');
  });

  test('the editor of a face has the focus at its heading, and leaving it goes back to that of the view', async () => {
    const { page } = opened;
    await opened.go('/Patient/person');
    await page.click('.face-column:has(h2:text-is("FHIR")) button:has-text("Edit")');
    await page.waitForSelector('h2:focus:has-text("Edit FHIR")');
    await page.click('.editor-bar button:has-text("Cancel")');
    await page.waitForSelector('h1:focus:has-text("Patient")');
  });

  test('a button that cannot be pressed is reached by the keyboard and says why; Escape hides the reason, and the pointer shows it again', async () => {
    const { page } = opened;
    const tip = '[role=tooltip]:has-text("An example cannot be pressed.")';
    await opened.go('/components');
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.textContent')) === 'Disabled') break;
    }
    await page.waitForSelector(tip);
    const described =
      '[document.activeElement.ariaDisabled, document.getElementById(document.activeElement.getAttribute("aria-describedby")).textContent]';
    expect(await page.evaluate(described)).toEqual(['true', 'An example cannot be pressed.']);
    expect(await opened.findViolations()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.waitForSelector(tip, { state: 'hidden' });
    await page.hover('button:text-is("Disabled")');
    await page.waitForSelector(tip);
    await page.hover(tip);
    expect(await page.isVisible(tip)).toBe(true);
    await page.keyboard.press('Tab');
    await page.hover('h1');
    await page.waitForSelector(tip, { state: 'hidden' });
  });

  test('the reason is within a narrow window', async () => {
    const { page } = opened;
    await page.setViewportSize({ width: 400, height: 800 });
    await page.hover('button:text-is("Disabled")');
    await page.waitForSelector('[role=tooltip]:has-text("An example")');
    const place = 'document.querySelector("[role=tooltip]:popover-open").getBoundingClientRect()';
    expect(await page.evaluate(`(({ left, right }) => left >= 0 && right <= innerWidth)(${place})`)).toBe(true);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('the reason is within a low window, and stays when the button is scrolled to', async () => {
    const { page } = opened;
    await page.setViewportSize({ width: 1280, height: 500 });
    const button = 'document.evaluate("//button[text()=\'Disabled\']", document).iterateNext()';
    await page.evaluate(`${button}.scrollIntoView({ block: 'end' })`);
    await page.evaluate(`${button}.focus()`);
    await page.waitForSelector('[role=tooltip]:has-text("An example")');
    const place = 'document.querySelector("[role=tooltip]:popover-open").getBoundingClientRect()';
    expect(await page.evaluate(`(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(${place})`)).toBe(true);
    await page.evaluate(`${button}.scrollIntoView({ block: 'start' })`);
    await page.evaluate('new Promise(requestAnimationFrame)');
    expect(await page.evaluate(`${place}.top - ${button}.getBoundingClientRect().bottom`)).toBe(0);
    await page.evaluate(`${button}.blur()`);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  describe('messages', () => {
    beforeAll(() => opened.page.clock.install());
    afterEach(() => opened.page.clock.resume());

    const toast = '.toast:has-text("Saved version 2")';
    const showToast = async (): Promise<void> => {
      await opened.go('/components');
      await opened.page.click('button:has-text("Show a message")');
      await opened.page.waitForSelector(toast);
    };
    const point = (): Promise<void> => opened.page.hover(toast);
    const pointAway = (): Promise<void> => opened.page.hover('h1');
    const focus = (): Promise<void> => opened.page.evaluate(`document.querySelector('.toast button').focus()`);
    const blur = (): Promise<void> => opened.page.evaluate('document.activeElement.blur()');
    const goOnPointing = async (): Promise<void> => {
      await focus();
      await pointAway();
    };

    test.each([
      ['the pointer is at them', point, point, pointAway],
      ['the focus is in them', focus, focus, blur],
      ['the pointer is at them and then the focus in them', point, goOnPointing, blur],
    ])('stay while %s, and end a while after that', async (_, hold, goOn, leave) => {
      const { page } = opened;
      await showToast();
      await hold();
      await pauseTime(page);
      await page.clock.runFor(60_000);
      expect(await page.isVisible(toast)).toBe(true);
      await goOn();
      await page.clock.runFor(60_000);
      expect(await page.isVisible(toast)).toBe(true);
      await leave();
      await page.clock.runFor(11_000);
      expect(await page.isVisible(toast)).toBe(true);
      await page.clock.runFor(1500);
      await page.waitForSelector(toast, { state: 'detached' });
    });

    test('that are held are not removed for newer ones, and are once they are left', async () => {
      const { page } = opened;
      const show = async (text: string): Promise<void> => {
        await page.evaluate(`void window.dispatchEvent(new CustomEvent('facet:toast', { detail: { text: '${text}' } }))`);
        await page.clock.runFor(200);
      };
      const listTexts = (): Promise<string[]> =>
        page.evaluate(`[...document.querySelectorAll('.toast > span')].map((one) => one.textContent)`);
      await showToast();
      // the pointer does not move along when the newer ones push the message up
      await focus();
      await pauseTime(page);
      for (const text of ['One', 'Two', 'Three']) await show(text);
      expect(await listTexts()).toEqual(['Saved version 2', 'Two', 'Three']);
      await blur();
      await page.clock.runFor(200);
      await show('Four');
      expect(await listTexts()).toEqual(['Two', 'Three', 'Four']);
    });

    test('are announced politely, failures at once; one that is dismissed gives the focus back', async () => {
      const { page } = opened;
      await page.click('button:has-text("Show a message")');
      await page.waitForSelector('.toasts > [role=status][aria-live=polite] .toast:has-text("Saved version 2")');
      await page.evaluate(`void window.dispatchEvent(new CustomEvent('facet:toast', { detail: { text: 'It failed', tone: 'bad' } }))`);
      await page.waitForSelector('.toasts > [role=alert][aria-live=assertive] .toast:has-text("It failed")');
      // who has the focus stays
      await page.keyboard.press('F8');
      await page.waitForSelector('.toasts [role=alert] button:focus');
      expect(await opened.findViolations()).toEqual([]);
      await page.keyboard.press('Enter');
      await page.waitForSelector('.toast:has-text("It failed")', { state: 'detached' });
      await page.waitForSelector('button:focus:has-text("Show a message")');
    });

    test.each([
      ['is still there', '', 'button:focus[aria-label="Add a key"]'],
      ['cannot have it any more', `document.querySelector('button[aria-label="Add a key"]').disabled = true`, 'main#content:focus'],
    ])('that are dismissed give the focus back to the header, or to the content: what had it there %s', async (_, change, place) => {
      const { page } = opened;
      await showToast();
      await page.evaluate(`document.querySelector('button[aria-label="Add a key"]').focus()`);
      await page.keyboard.press('F8');
      await page.waitForSelector('.toast button:focus');
      await page.evaluate(change);
      await page.click('.toast button[aria-label="Dismiss"]');
      await page.waitForSelector(toast, { state: 'detached' });
      await page.waitForSelector(place);
    });

    test('have the focus again when the dialog is closed that was opened from them', async () => {
      const { page } = opened;
      await showToast();
      await pauseTime(page);
      await page.keyboard.press('F8');
      await runUntilShown(page, `${toast} button:focus:has-text("Undo")`);
      await page.keyboard.press('Control+k');
      await runUntilShown(page, `dialog.palette input:focus`);
      await page.waitForSelector(`dialog.palette ${toast}`);
      await page.keyboard.press('Escape');
      await runUntil(page, async () => !(await page.isVisible('dialog.palette')));
      await runUntilShown(page, `${toast} button:focus:has-text("Undo")`);
    });
  });

  test('the page had no fault', () => {
    expect(opened.listFaults()).toEqual([]);
  });
});
