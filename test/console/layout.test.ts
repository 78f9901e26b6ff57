// How views load and how they use a wide screen: they say that they wait for a slow server, they do not jump when its responses come, and their lines stay readable.
import { inChromium } from '../journeys/chromium.ts';
import { until } from '../until.ts';
import { EVERY_VIEW, storeShown } from './every-view.ts';
import { type OpenConsole, openConsole } from './open-console.ts';
import { pauseTime } from './page-clock.ts';

/** The examples of the view of components have no name of their own. */
const LOADING = '.skeleton:not([aria-label="Loading"])';
const SHOWN_LOADING = `:not(.pending) > ${LOADING}`;

/** The limit of what users hardly notice. https://web.dev/articles/cls */
const MOST_SHIFT = 0.1;
/** Sums up what moves without an input of the user, and names it. https://wicg.github.io/layout-instability/ */
const OBSERVE_SHIFTS = `
  window.shifts = { score: 0, moved: [] };
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput) {
        shifts.score += value;
        for (const { node, previousRect, currentRect } of sources)
          shifts.moved.push([value.toFixed(3), node?.className ?? node?.nodeName, previousRect.y, currentRect.y].join(' '));
      }
  }).observe({ type: 'layout-shift', buffered: true });`;
const NEXT_FRAMES = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))';

/** About the length at which readers lose the line, in characters. https://www.w3.org/WAI/WCAG22/Understanding/visual-presentation */
const LONGEST_LINE = 100;
/** Texts whose lines are longer: code, which wraps anywhere, is not read line by line. */
const FIND_LONG_LINES = `
  [...document.querySelectorAll('#content *:not(pre, pre *, code, .json-row, .json-row *, .unseen, svg *, datalist *, option)')].flatMap((one) => {
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '') ? one.innerText.trim() : '';
    const { lineHeight, paddingTop, paddingBottom, display } = getComputedStyle(one);
    if (display === 'inline' || text.length <= ${LONGEST_LINE}) return [];
    if (Number.isNaN(parseFloat(lineHeight))) throw new Error('its line-height is no length: ' + text);
    const lines = Math.max(1, Math.round((one.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight)));
    return text.length / lines > ${LONGEST_LINE} ? [Math.round(text.length / lines) + ': ' + text] : [];
  })`;
const FIND_WIDE =
  "[document.documentElement, ...document.querySelectorAll('.table-frame')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel ?? one.tagName)";

inChromium('the layout', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await storeShown(opened.facet);
    await opened.signIn();
  });
  afterAll(() => opened.close());

  /** Opens a path. Each response comes only once the page shows that it waits. */
  async function openSlowly(path: string, content: string): Promise<void> {
    const { page, facet } = opened;
    const held: (() => void)[] = [];
    let isHolding = true;
    const release = (): void => {
      for (const resolve of held.splice(0)) resolve();
    };
    await page.route('**/*', async (route) => {
      if (isHolding && route.request().resourceType() === 'fetch') await new Promise<void>((resolve) => void held.push(resolve));
      await route.continue();
    });
    await page.goto(`${facet.url}/console${path}`);
    await page.evaluate(OBSERVE_SHIFTS);
    while (!(await page.isVisible(content))) {
      if (held.length > 0) {
        await page.waitForSelector(SHOWN_LOADING);
        release();
      }
      await until(async () => held.length > 0 || page.isVisible(content));
    }
    isHolding = false;
    release();
    await page.waitForSelector(LOADING, { state: 'detached' });
    await page.evaluate(NEXT_FRAMES);
    await page.unroute('**/*');
  }

  describe.each([1280, 400])('at %i px', (width) => {
    beforeAll(() => opened.page.setViewportSize({ width, height: 800 }));

    test.each(EVERY_VIEW)('%s shows that it loads, and does not shift', async (path, content) => {
      await openSlowly(path, content);
      const { score, moved } = await opened.page.evaluate<{ score: number; moved: string[] }>('shifts');
      expect(score < MOST_SHIFT ? 'steady' : { score, moved }).toBe('steady');
    });
  });

  describe.each([1920, 2560])('at %i px', (width) => {
    beforeAll(() => opened.page.setViewportSize({ width, height: 1200 }));

    test.each(EVERY_VIEW)('%s has no long lines, and does not scroll sideways', async (path, content) => {
      const { page } = opened;
      await opened.go(path);
      await page.waitForSelector(content);
      await page.waitForSelector(LOADING, { state: 'detached' });
      expect(await page.evaluate(FIND_WIDE)).toEqual([]);
      expect(await page.evaluate(FIND_LONG_LINES)).toEqual([]);
    });
  });

  test('a view whose files are slow shows that they are loaded', async () => {
    const { page } = opened;
    const files = '**/console/assets/gallery-*';
    let release = (): void => {};
    await page.route(files, async (route) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await route.continue();
    });
    await opened.go('/');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('components');
    await page.keyboard.press('Enter');
    await page.waitForSelector(':not(.pending) > .skeleton[aria-label="Open Components"]');
    release();
    await page.waitForSelector('h1:has-text("Components")');
    await page.unroute(files);
  });

  test('a response that takes more than 150 ms is waited for with a skeleton; a quick one is not, which would flicker', async () => {
    const { page } = opened;
    const mapping = '**/console/api/mappings/jump/patient';
    let release = (): void => {};
    await page.route(mapping, async (route) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await route.continue();
    });
    await page.clock.install();
    await opened.go('/mappings/jump');
    await page.waitForSelector('.endpoints');
    await pauseTime(page);
    await page.click('.shape-list a:text-is("patient")');
    await page.clock.runFor(100);
    await page.waitForSelector('.pending > .skeleton[aria-label="Read the mapping"]', { state: 'attached' });
    await page.clock.runFor(200);
    await page.waitForSelector(':not(.pending) > .skeleton[aria-label="Read the mapping"]');
    await page.clock.resume();
    release();
    await page.waitForSelector('.mappings td');
  });
});
