// What goes on in the background as long as the server runs: the same work again and again, until it is told to stop.
import { setTimeout as delay } from 'node:timers/promises';

/** What the work is given. */
export interface Loop {
  /** Aborted when it is to stop. */
  signal: AbortSignal;
  /** Waits so many ms, or until it is to stop. */
  rest(ms: number): Promise<void>;
}

/** Begins at once; call the answer to stop: it resolves when the work under way is finished. The work rests by itself, and lets nothing it throws out. */
export function looped(work: (loop: Loop) => Promise<unknown>): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop: Loop = { signal, rest: (ms) => delay(ms, undefined, { signal }).catch(() => {}) };
  const run = async () => {
    while (!signal.aborted) await work(loop);
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
