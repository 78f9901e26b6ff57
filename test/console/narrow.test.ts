// Every view at 400 px: neither the page nor a table scrolls sideways.
import { inChromium } from '../journeys/chromium.ts';
import { EVERY_VIEW, storeShown } from './every-view.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

inChromium('a screen of 400 px', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await storeShown(opened.facet);
    await opened.signIn();
    await opened.page.setViewportSize({ width: 400, height: 800 });
  });
  afterAll(() => opened.close());

  /** What is wider than its frame. The rows of a table are lists there. */
  const findWide = (): Promise<string[]> =>
    opened.page.evaluate(
      `[document.documentElement, ...document.querySelectorAll('.table-frame')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel ?? one.tagName)`,
    );

  test.each(EVERY_VIEW)('%s fits', async (path, content) => {
    await opened.go(path);
    await opened.page.waitForSelector(content);
    expect(await findWide()).toEqual([]);
  });

  test('a cell has the title of its column', async () => {
    await opened.go('/explorer/Observation');
    await opened.page.waitForSelector('.matches td');
    const cell = "getComputedStyle(document.querySelector('.matches td:nth-child(2)'), '::before').content";
    expect(await opened.page.evaluate(cell)).toBe('"status"');
  });
});
