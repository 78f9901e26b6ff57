// A session whose keys may only read, in a real browser: what would be refused is explained, not offered.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const SUBJECT = { reference: 'Patient/person' };
/** The request is not for the laboratory network, so that nothing but its Task makes it an order. */
const STORED = [
  { resourceType: 'Patient', id: 'person', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' },
  { resourceType: 'ServiceRequest', id: 'order', status: 'active', intent: 'order', subject: SUBJECT, code: { text: 'Ferritin' } },
  { resourceType: 'Task', id: 'task', status: 'requested', intent: 'order', for: SUBJECT, focus: { reference: 'ServiceRequest/order' } },
];

inChromium('a session that may only read', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    const { facet } = opened;
    for (const resource of STORED) await facet.put(resource).expect(201);
  });
  afterAll(() => opened.close());

  const signInWith = async (key: string): Promise<void> => {
    await opened.go('/');
    await opened.page.fill('input[type=password]', key);
    await opened.page.click('button:has-text("Sign in with a key")');
    await opened.page.waitForSelector('nav.side', { state: 'attached' });
  };
  const addKey = async (key: string): Promise<void> => {
    await opened.page.click('.account button[aria-label="Add a key"]');
    await opened.page.fill('dialog input[type=password]', key);
    await opened.page.click('dialog button:has-text("Add the key")');
    await opened.page.waitForSelector('dialog', { state: 'detached' });
  };
  /** Why a button cannot be pressed; null: it can be. */
  const readReason = (selector: string): Promise<string | null> =>
    opened.page.evaluate(
      `(({ ariaDisabled, attributes }) => ariaDisabled && document.getElementById(attributes['aria-describedby'].value).textContent)(${selector})`,
    );
  const button = (within: string, text: string): string =>
    `[...document.querySelectorAll('${within} button')].find(({ textContent }) => textContent.startsWith('${text}'))`;

  test('a face cannot be edited, and the scope that is missing is named', async () => {
    const { page, facet } = opened;
    await signInWith(await facet.keyWith('fhir', ['read']));
    await opened.go('/Patient/person');
    await page.waitForSelector('[aria-label=JumpEHR] button:has-text("Add a key to edit")');
    expect(await readReason(button('[aria-label=JumpEHR]', 'Add a key to edit'))).toBeNull();
    await addKey(facet.demo.jump!);
    await opened.go('/Patient/person');
    await page.waitForSelector('[aria-label=JumpEHR] button:has-text("Edit")');
    for (const column of ['[aria-label=FHIR]', '[aria-label=JumpEHR]'])
      expect(await readReason(button(column, 'Edit'))).toBe(
        'Your key of FHIR R4 may only read Patient; sign in with one that may, for example with the scope system/Patient.u.',
      );
    expect(await opened.findViolations()).toEqual([]);
    await page.evaluate(`${button('[aria-label=FHIR]', 'Edit')}.click()`);
    await page.waitForSelector('[aria-label=FHIR] [role=tooltip]', { state: 'attached' });
    expect(new URL(page.url()).search).toBe('');
  });

  test('a link to the editor of a face says it before anything is typed', async () => {
    const { page } = opened;
    await opened.go('/Patient/person?edit=fhir');
    await page.waitForSelector('.notice:has-text("Your key of FHIR R4 may only read Patient; ")');
    expect(await readReason(button('.editor-bar', 'Save'))).toMatch(/^Your key of FHIR R4 may only read Patient; /);
    expect(await opened.findViolations()).toEqual([]);
  });

  test('an order can neither be placed nor withdrawn', async () => {
    const { page } = opened;
    await opened.go('/orders/order');
    await page.waitForSelector('button:has-text("Withdraw the order")');
    expect(await readReason(button('.order-side', 'Withdraw'))).toMatch(/^Your key of FHIR R4 may only read ServiceRequest; /);
    await opened.go('/orders?place=1');
    await page.waitForSelector('dialog button:has-text("Place the order")');
    expect(await readReason(button('dialog', 'Place the order'))).toMatch(/may only read ServiceRequest; .* system\/ServiceRequest\.c\.$/);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(await readReason(button('.orders-bar', 'Place an order'))).toMatch(/may only read ServiceRequest/);
    expect(await opened.findViolations()).toEqual([]);
  });

  test('with a key that may write, the same are offered; a vendor’s key that may only read keeps its face', async () => {
    const { page, facet } = opened;
    await addKey(facet.demo.fhir!);
    await addKey(await facet.keyWith('jump', ['read']));
    await opened.go('/orders');
    await page.waitForSelector('button:has-text("Place an order")');
    expect(await readReason(button('.orders-bar', 'Place an order'))).toBeNull();
    await opened.go('/Patient/person');
    await page.waitForSelector('[aria-label=JumpEHR] button:has-text("Edit")');
    expect(await readReason(button('[aria-label=FHIR]', 'Edit'))).toBeNull();
    expect(await readReason(button('[aria-label=JumpEHR]', 'Edit'))).toMatch(/^Your key of JumpEHR may only read Patient; /);
  });

  test('the page had no fault', () => {
    expect(opened.listFaults()).toEqual([]);
  });
});
