// Where the focus goes when the element that has it is removed, in a real browser: a part of the page is put into a view, and taken out in pieces.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

/** A part with a heading that is not shown and one that is, far above its button, which is not at the end of the page. */
const PART = `
  document.getElementById('content').insertAdjacentHTML('beforeend',
    '<section id="part"><h2 hidden>Hidden</h2><h2 id="heading">Part</h2><div></div><button id="step">Step</button><div></div></section>');
  for (const space of document.querySelectorAll('#part div')) space.style.height = '3000px';`;
const REMOVE_STEP = `document.getElementById('step').remove()`;

inChromium('the focus, when its element is removed', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.signIn('demo');
  });
  afterAll(() => opened.close());

  beforeEach(async () => {
    await opened.go('/components');
    // the view takes the place of what was shown before
    await opened.page.waitForSelector('h1:has-text("Components")');
    await opened.page.evaluate(PART);
  });

  const focusStep = (): Promise<void> => opened.page.evaluate(`document.getElementById('step').focus()`);
  const readScroll = (): Promise<number> => opened.page.evaluate('scrollY');

  test('goes to the first heading of the part that is shown, and the heading is in the window', async () => {
    const { page } = opened;
    await page.keyboard.press('Tab');
    await focusStep();
    const before = await readScroll();
    await page.evaluate(REMOVE_STEP);
    await page.waitForSelector('#heading:focus');
    expect(await readScroll()).toBeLessThan(before);
    expect(await page.evaluate(`document.getElementById('heading').getBoundingClientRect().top >= 0`)).toBe(true);
  });

  test('goes there without scrolling if the element was pressed with the pointer', async () => {
    const { page } = opened;
    await page.evaluate(`document.getElementById('step').addEventListener('click', ({ currentTarget }) => currentTarget.remove())`);
    await page.hover('#step');
    const before = await readScroll();
    expect(before).toBeGreaterThan(0);
    await page.click('#step');
    await page.waitForSelector('#heading:focus');
    expect(await readScroll()).toBe(before);
  });

  test('stays where it is if it left the content before, and then the page', async () => {
    const { page } = opened;
    await page.keyboard.press('Tab');
    await focusStep();
    await page.evaluate(`document.querySelector('button[aria-label="Add a key"]').focus()`);
    await page.evaluate('document.activeElement.blur()');
    await page.evaluate(REMOVE_STEP);
    // what observes the content is called before the next frame
    await page.evaluate('new Promise(requestAnimationFrame)');
    expect(await page.evaluate('document.activeElement.localName')).toBe('body');
  });

  test('the page had no fault', () => {
    expect(opened.listFaults()).toEqual([]);
  });
});
