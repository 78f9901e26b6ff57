// Every view at 400 px: neither the page nor a table scrolls sideways.
import { inChromium } from '../journeys/chromium.ts';
import { orderable } from '../journeys/people.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const PATIENT = '01936b00-0000-7000-8000-0000000000ab';
const OBSERVATION = {
  resourceType: 'Observation',
  id: '01936b00-0000-7000-8000-0000000000ac',
  status: 'final',
  code: { text: 'Thyroid peroxidase antibodies in serum or plasma' },
  subject: { reference: `Patient/${PATIENT}` },
  effectiveDateTime: '2026-01-02T03:04:05Z',
};

inChromium('a screen of 400 px', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    for (const resource of [{ ...orderable(PATIENT), resourceType: 'Patient' }, OBSERVATION]) await opened.facet.put(resource).expect(201);
    await opened.signIn();
    await opened.page.setViewportSize({ width: 400, height: 800 });
  });
  afterAll(() => opened.close());

  /** What is wider than its frame. The rows of a table are lists there. */
  const findWide = (): Promise<string[]> =>
    opened.page.evaluate(
      `[document.documentElement, ...document.querySelectorAll('.table-frame')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel ?? one.tagName)`,
    );

  test.each([
    ['/', '.changes li'],
    ['/explorer', '.type-links'],
    ['/explorer/Observation', '.matches td'],
    ['/orders', '.board-column .none'],
    ['/mappings?find=Patient.telecom', '.mappings td'],
    ['/mappings/jump?tab=names', '.mappings td'],
    ['/mappings/jump/patient', '.mappings td'],
    ['/mappings/jump/patient?tab=losses', '.losses td'],
    [`/mappings/jump/patient?tab=live&id=${PATIENT}`, '.live-view td'],
    [`/Patient/${PATIENT}`, '.json-row'],
    [`/Patient/${PATIENT}/history`, '.version'],
    [`/Patient/${PATIENT}/references`, '.table-frame td'],
    ['/components', '.table-frame td'],
  ])('%s fits', async (path, content) => {
    await opened.go(path);
    await opened.page.waitForSelector(content);
    expect(await findWide()).toEqual([]);
  });

  test('a cell has the title of its column', async () => {
    await opened.go('/explorer/Observation');
    await opened.page.waitForSelector('.matches td');
    const cell = "getComputedStyle(document.querySelector('.matches td:nth-child(2)'), '::before').content";
    expect(await opened.page.evaluate(cell)).toBe('"status"');
    expect(await opened.findViolations()).toEqual([]);
  });
});
