// Every view under axe, in light and dark, on a wide and on a narrow screen. https://github.com/dequelabs/axe-core
import { inChromium } from '../journeys/chromium.ts';
import { EMPTY_VIEWS, EVERY_VIEW, storeShown } from './every-view.ts';
import { listMissingViews } from './list-views.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

/** The examples of the view of components have no name of their own. */
const LOADING = '.skeleton:not([aria-label="Loading"])';
const WIDTHS = [1280, 400];

test('the list of views has every view', () => {
  expect(listMissingViews(EVERY_VIEW.map(([path]) => path))).toEqual([]);
});

inChromium('accessibility', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await storeShown(opened.facet);
  });
  afterAll(() => opened.close());

  async function findViolations(): Promise<string[]> {
    const found: string[] = [];
    for (const width of WIDTHS) {
      await opened.page.setViewportSize({ width, height: 800 });
      found.push(...(await opened.findViolations()).map((violation) => `${width} px: ${violation}`));
    }
    return found;
  }

  test('the sign-in page', async () => {
    expect(await findViolations()).toEqual([]);
    await opened.signIn();
  });

  test.each([...EVERY_VIEW, ...EMPTY_VIEWS])('%s', async (path, content) => {
    await opened.go(path);
    await opened.page.waitForSelector(content);
    await opened.page.waitForSelector(LOADING, { state: 'detached' });
    expect(await findViolations()).toEqual([]);
  });

  test('a view whose files are gone', async () => {
    const { page } = opened;
    const files = '**/console/assets/mappings-*';
    await page.route(files, (route) => route.abort());
    await opened.go('/mappings');
    await page.waitForSelector('.empty-state:has-text("Mappings cannot be opened in this page")');
    expect(await findViolations()).toEqual([]);
    await page.unroute(files);
  });

  test('a server that does not respond', async () => {
    const { page } = opened;
    const session = '**/console/session';
    await page.route(session, (route) => route.abort());
    await page.goto(`${opened.facet.url}/console`);
    await page.waitForSelector('[role=alert]:has-text("Open the console")');
    expect(await findViolations()).toEqual([]);
    await page.unroute(session);
  });
});
