// The time of a page in a test: it stands still, however long the test takes, and passes when the test says so. Install the clock of the page first.
import { until } from '../until.ts';
import type { ConsolePage } from './console-page.ts';

/** More than passes on a busy machine until the page has heard of it: a clock cannot go back. */
const AHEAD_MS = 10_000;
/** Effects of components need a frame. */
const STEP_MS = 50;

/** Stops the time of the page a while from now: what is due by then is done. */
export const pauseTime = async (page: ConsolePage): Promise<void> =>
  page.clock.pauseAt((await page.evaluate<number>('Date.now()')) + AHEAD_MS);

/** Lets a little time pass, again and again, until this is so. */
export const runUntil = async ({ clock }: ConsolePage, isMet: () => Promise<boolean> | boolean): Promise<void> =>
  void (await until(async () => {
    await clock.runFor(STEP_MS);
    return isMet();
  }));

/** Lets a little time pass, again and again, until this is shown. */
export const runUntilShown = (page: ConsolePage, selector: string): Promise<void> => runUntil(page, () => page.isVisible(selector));
