// Waiting for what is to come about, however long a busy machine takes for it: the patience here ends what will never come.
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** The first answer that is as wanted; by default, one that is anything at all. Fails with the last one when none is. */
export async function until<T>(ask: () => Promise<T> | T, isMet: (found: T) => boolean = Boolean): Promise<T> {
  for (const end = performance.now() + PATIENCE_MS; ; await delay(LOOK_EVERY_MS)) {
    const found = await ask();
    if (isMet(found)) return found;
    if (performance.now() > end) throw new Error(`it never came about; the last that was found: ${JSON.stringify(found)}`);
  }
}

/** For so long whoever does not wait is given to answer: several looks of those who wait and look again. */
const A_MOMENT_MS = 300;

/** Whether it is not answered for a moment, as of one who waits for somebody else; false as soon as it is, or fails. */
export async function waits(response: PromiseLike<unknown>): Promise<boolean> {
  const over = new AbortController();
  const answered = response.then(
    () => false,
    () => false,
  );
  const stillOpen = delay(A_MOMENT_MS, true, { signal: over.signal }).catch(() => true);
  const waiting = await Promise.race([answered, stillOpen]);
  over.abort();
  return waiting;
}
