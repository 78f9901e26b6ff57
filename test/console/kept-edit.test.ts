// An edit that is not saved when the session ends, or another tab begins one, in a real browser: it stays in the page, for its user only, and nowhere else.
import { inChromium } from '../journeys/chromium.ts';
import type { ConsolePage } from './console-page.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const NOTICE = '.kept-edit:has-text("Your edit of Patient/person is not saved")';

inChromium('an edit that is not saved', () => {
  let opened: OpenConsole;
  /** The bodies of all requests so far. */
  const sent: string[] = [];
  beforeAll(async () => {
    opened = await openConsole();
    opened.page.on('request', (request) => void sent.push(request.postData() ?? ''));
    for (const key of [opened.facet.demo.fhir!, opened.facet.other.fhir!])
      await opened.facet.put({ resourceType: 'Patient', id: 'person', name: [{ family: 'Lovelace' }] }, key).expect(201);
    await opened.signIn('demo');
  });
  afterAll(() => opened.close());

  /** Changes the family name in the editor. */
  const edit = async (from: string, to: string): Promise<void> => {
    const { page } = opened;
    await opened.go('/Patient/person');
    await page.click('[aria-label=FHIR] button:has-text("Edit")');
    await page.dblclick(`.cm-line:has-text("family") span:text("${from}")`);
    await page.keyboard.type(to);
    await page.waitForSelector('.change-group:has-text("name[0].family")');
  };
  /** An edit whose session ends when it is saved. */
  const editWithoutSession = async (): Promise<void> => {
    const { page } = opened;
    await edit('Kingsley', 'Byronesque');
    await page.context().clearCookies();
    await page.click('button:has-text("Save")');
    await page.waitForSelector(NOTICE);
  };
  /** Such an edit waits in another view of its user. */
  const editAndReturnElsewhere = async (): Promise<void> => {
    const { page } = opened;
    await editWithoutSession();
    await page.goBack();
    await opened.signIn('demo');
    await page.waitForSelector('.face-column');
  };
  const waitForEditor = async (text: string): Promise<void> => {
    await opened.page.waitForSelector('h2:has-text("Edit FHIR")');
    await opened.page.waitForSelector(`.cm-line:has-text("${text}")`);
  };
  const openTab = async (): Promise<ConsolePage> => {
    const tab = await opened.openTab();
    await tab.goto(`${opened.facet.url}/console`);
    await tab.waitForSelector('nav.side', { state: 'attached' });
    return tab;
  };

  /** Another tab signs in as the other tenant, which the page then shows. */
  const changeTenant = async (): Promise<void> => {
    const tab = await openTab();
    await tab.click('button[aria-label="Sign out"]');
    await tab.click('button:has-text("Continue as other")');
    await tab.waitForSelector('.account .badge:has-text("other")');
    await tab.close();
    await opened.page.waitForSelector('.account .badge:has-text("other")');
  };

  test('is not shown without a session, and goes on after the next sign-in for its tenant', async () => {
    const { page } = opened;
    await edit('Lovelace', 'Kingsley');
    await page.context().clearCookies();
    await page.click('button:has-text("Save")');
    await page.waitForSelector('h1:has-text("Sign in")');
    await page.waitForSelector(`${NOTICE}:has-text("Sign in again for the tenant demo")`);
    expect(await page.evaluate('document.documentElement.outerHTML')).not.toMatch(/Kingsley|Lovelace/);
    expect(await page.evaluate('[localStorage.length, sessionStorage.length]')).toEqual([0, 0]);
    expect(await opened.findViolations()).toEqual([]);
    await opened.signIn('demo');
    await waitForEditor('Kingsley');
    expect(await page.isVisible(NOTICE)).toBe(false);
    await page.click('button:has-text("Save")');
    await page.waitForSelector('.toast:has-text("Saved version 2")');
    expect((await opened.facet.fhir('get', '/Patient/person').expect(200)).body.name).toEqual([{ family: 'Kingsley' }]);
  });

  test('is neither shown nor sent for another tenant, and goes on with its own one', async () => {
    const { page } = opened;
    await edit('Kingsley', 'Byronesque');
    const tab = await openTab();
    await tab.click('button[aria-label="Sign out"]');
    await page.waitForSelector(`h1:has-text("Sign in")`);
    const before = sent.length;
    await tab.click('button:has-text("Continue as other")');
    await tab.waitForSelector('.account .badge:has-text("other")');
    await tab.close();
    await page.waitForSelector('.account .badge:has-text("other")');
    await page.waitForSelector(`${NOTICE}:has-text("Sign in again for the tenant demo")`);
    expect(await opened.findViolations()).toEqual([]);
    // the other tenant has a resource of the same id: its editor has its own content
    await waitForEditor('Lovelace');
    expect(await page.evaluate('document.documentElement.outerHTML')).not.toContain('Byronesque');
    // the editor sends what it has after a pause: an edit of the other tenant's own content is sent later than what must not be sent
    await page.dblclick('.cm-line:has-text("family") span:text("Lovelace")');
    await page.keyboard.type('Hopper');
    await page.waitForSelector('.change-group:has-text("name[0].family")');
    expect(sent.slice(before).join('\n')).toContain('Hopper');
    expect(sent.slice(before).join('\n')).not.toContain('Byronesque');
    await page.keyboard.press('Control+z');
    await waitForEditor('Lovelace');
    await opened.signOut();
    await opened.signIn('demo');
    await waitForEditor('Byronesque');
    await page.click('.editor-bar button:has-text("Cancel")');
    await page.waitForSelector('.face-column');
    expect(await page.isVisible(NOTICE)).toBe(false);
  });

  test('is found again from another view, and can be discarded', async () => {
    const { page } = opened;
    await editAndReturnElsewhere();
    await page.click(`${NOTICE} button:has-text("Go on with it")`);
    await waitForEditor('Byronesque');
    await page.waitForSelector('.change-group:has-text("name[0].family")');
    await page.context().clearCookies();
    await page.click('button:has-text("Save")');
    await page.click(`${NOTICE} button:has-text("Discard it")`);
    await page.waitForSelector(NOTICE, { state: 'detached' });
    await page.waitForSelector('h1:focus:has-text("Sign in to Facet")');
    await opened.signIn('demo');
    await waitForEditor('Kingsley');
    expect(await page.textContent('body')).not.toContain('Byronesque');
  });

  test('is lost on purpose only: signing out asks first', async () => {
    const { page } = opened;
    await edit('Kingsley', 'Byronesque');
    await page.click('button[aria-label="Sign out"]');
    await page.click('dialog:has-text("Leave without saving?") button:has-text("Stay")');
    await waitForEditor('Byronesque');
    await page.click('button[aria-label="Sign out"]');
    await page.click('dialog button:has-text("Leave and lose the edit")');
    await page.waitForSelector('h1:has-text("Sign in")');
    expect(await page.isVisible(NOTICE)).toBe(false);
    await opened.signIn('demo');
    await waitForEditor('Kingsley');
  });

  test('that waits is named when its user signs out, and ends with it', async () => {
    const { page } = opened;
    await editAndReturnElsewhere();
    await page.click('button[aria-label="Sign out"]');
    await page.click('dialog:has-text("Not saved: Patient/person") button:has-text("Stay")');
    await page.waitForSelector(NOTICE);
    await page.click('button[aria-label="Sign out"]');
    await page.click('dialog button:has-text("Sign out and lose the edit")');
    await page.waitForSelector('h1:has-text("Sign in")');
    expect(await page.isVisible(NOTICE)).toBe(false);
    await opened.signIn('demo');
  });

  test('is nothing that another user of the tenant sees', async () => {
    const { page, facet } = opened;
    const key = await facet.keyWith('fhir', ['*']);
    await editWithoutSession();
    await page.waitForSelector('h1:has-text("Sign in")');
    await page.fill('input[type=password]', key);
    await page.click('button:has-text("Sign in with a key")');
    await waitForEditor('Kingsley');
    expect(await page.evaluate('document.documentElement.outerHTML')).not.toContain('Byronesque');
    await page.click('button[aria-label="Sign out"]');
    await opened.signIn('demo');
    await waitForEditor('Byronesque');
    await page.click('.editor-bar button:has-text("Cancel")');
  });

  test('an action of a message belongs to the session in which it was offered', async () => {
    const { page } = opened;
    await edit('Kingsley', 'Somerville');
    await page.click('button:has-text("Save")');
    await page.hover('.toast:has-text("Saved version")');
    await page.waitForSelector('.toast button:has-text("Undo")');
    await changeTenant();
    await page.waitForSelector('.toast button:has-text("Undo")', { state: 'detached' });
    await opened.signOut();
    await opened.signIn('demo');
  });

  test.each(['Save', 'Undo'])('what %s comes to is not told to another tenant that sees the page by then', async (button) => {
    const { page, facet } = opened;
    const { name } = (await facet.fhir('get', '/Patient/person').expect(200)).body;
    await edit(name[0].family, `Noether${button}`);
    if (button === 'Undo') await page.click('button:has-text("Save")');
    let release = (): void => undefined;
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/fhir/R4/Patient/person', async (route) => {
      await isReleased;
      await route.continue();
    });
    await page.click(button === 'Undo' ? '.toast button:has-text("Undo")' : 'button:has-text("Save")');
    await changeTenant();
    const hasResponded = new Promise<void>((resolve) => {
      page.on(
        'response',
        (response) => void (response.url().endsWith('/fhir/R4/Patient/person') && response.text().then(() => resolve(), resolve)),
      );
    });
    release();
    await hasResponded;
    await page.unroute('**/fhir/R4/Patient/person');
    // longer than a message waits before it is shown
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 500))');
    await page.evaluate(`window.dispatchEvent(new CustomEvent('facet:toast', { detail: { text: 'A later message' } }))`);
    await page.waitForSelector('.toast:has-text("A later message")');
    expect(await page.textContent('.toasts')).toBe('A later message');
    await opened.signOut();
    await opened.signIn('demo');
  });

  test('the page had no fault', () => {
    expect(opened.listFaults(/status of 401/)).toEqual([]);
  });
});
