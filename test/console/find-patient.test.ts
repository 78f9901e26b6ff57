// Finding a patient by what a person types, in a real browser.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const ADA = {
  resourceType: 'Patient',
  id: 'ada',
  name: [{ family: 'Lovelace', given: ['Ada', 'Maria'] }],
  telecom: [
    { system: 'phone', value: '+12125550001' },
    { system: 'phone', value: '5184731122' },
    { system: 'email', value: 'ada@example.org' },
  ],
  birthDate: '1985-12-10',
};
const BOB = { resourceType: 'Patient', id: 'bob', name: [{ family: 'Byron', given: ['Bob'] }] };

inChromium('finding a patient', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    for (const patient of [ADA, BOB]) await opened.facet.put(patient).expect(201);
    await opened.signIn('demo');
  });
  afterAll(() => opened.close());

  /** What is found first, or the note that there is nothing. */
  async function find(text: string): Promise<string> {
    const { page } = opened;
    await page.click('[role=combobox][aria-label="Find a patient"]');
    await page.fill('[role=combobox][aria-label="Find a patient"]', '');
    // without a text both are found
    await page.waitForSelector('[role=option]:has-text("Bob Byron")');
    await page.fill('[role=combobox][aria-label="Find a patient"]', text);
    await page.waitForSelector('[role=option]:has-text("Bob Byron")', { state: 'detached' });
    await page.waitForSelector('[role=option], .combobox-note:has-text("Nothing found.")');
    return (await page.isVisible('[role=option]')) ? 'found' : 'nothing';
  }

  test.each([
    ...[
      'Lovelace, Ada',
      'lovelace,ada',
      '  Ada   Lovelace ',
      'Lovelace;Ada',
      'Ada M. Lovelace',
      'Lovelace,',
      '1985-12-10',
      'ada@example.org',
    ],
    ...['+1 (212) 555-0001', '+12125550001', '12125550001', '212-555-0001', '212.555.0001', '(212) 555 0001', '212/555 0001'],
    ...['518 473-1122', '5184731122'],
  ])('finds one by %p', async (text) => {
    expect(await find(text)).toBe('found');
  });

  test.each(['Lovelace, Bob', ',', '212-555-0002', '"', '\\'])('finds nobody by %p', async (text) => {
    expect(await find(text)).toBe('nothing');
  });

  test('the page had no fault', () => {
    expect(opened.listFaults()).toEqual([]);
  });
});
