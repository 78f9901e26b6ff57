// Takes a picture of a view when it has its content and nothing in it moves any more.
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsolePage } from '../../test/console/console-page.ts';
import type { Picture } from './pictures.ts';

const LOADING = '#content :is(.skeleton, [aria-busy=true])';
const WIDE = 800;
/** So many pictures are compared before a view is given up that never comes to rest. */
const ATTEMPTS = 60;
const PAUSE_MS = 100;

export interface Frame {
  width: number;
  height: number;
  /** The whole page, however long it is. */
  isWhole: boolean;
}

/** Opens the view of a picture, and does its steps. */
export async function openPicture(page: ConsolePage, url: string, picture: Picture, { width, height }: Frame): Promise<void> {
  const { path, clicks = [], hover, keys, shows } = picture;
  await page.setViewportSize({ width, height });
  // the same URL again would not be loaded
  await page.goto('about:blank');
  await page.goto(url + (path === '/' ? '' : path));
  await page.waitForSelector(picture.isSignedOut ? 'h1' : '#content :is(h1, p)');
  for (const selector of clicks) await page.click(selector);
  if (keys !== undefined) await page.keyboard.press(keys);
  await page.waitForSelector(shows);
  if (hover !== undefined && width >= WIDE) await page.hover(hover);
}

/** Two pictures in a row must be the same. */
export async function photograph(page: ConsolePage, picture: Picture, file: string, { isWhole }: Frame): Promise<void> {
  let before: Buffer | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const isLoading = !picture.isLoading && (await page.evaluate<boolean>(`document.querySelector('${LOADING}') !== null`));
    const shot = (await page.screenshot({ path: file, fullPage: isWhole, animations: 'disabled' })) as Buffer;
    if (!isLoading && before?.equals(shot)) return;
    before = isLoading ? undefined : shot;
    await delay(PAUSE_MS);
  }
  throw new Error('the view does not come to rest');
}
