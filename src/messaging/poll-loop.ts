// What goes on in the background as long as the server runs: the same work again and again, until it is told to stop.
import { setTimeout as delay } from 'node:timers/promises';

/** What the work is given. */
export interface PollLoop {
  /** Aborted when it is to stop. */
  signal: AbortSignal;
  /** Waits so many ms, or until it is to stop. */
  rest(ms: number): Promise<void>;
}

/** Where each look costs a statement for every shard, up to so many times as long. */
const LONGER = 16;

/**
 * How long to rest after a round that did so much, in ms: always as long, or, where a look is dear, twice as long after each round that did nothing, and again
 * as long as at first after one that did something.
 */
export function backOffWhileIdle(ms: number, dear: () => boolean): (done: number) => number {
  let times = 1;
  return (done) => {
    times = done > 0 || !dear() ? 1 : Math.min(times * 2, LONGER);
    return ms * times;
  };
}

/** Begins at once; call the answer to stop: it resolves when the work under way is finished. The work rests by itself, and lets nothing it throws out. */
export function startPollLoop(work: (loop: PollLoop) => Promise<unknown>): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop: PollLoop = { signal, rest: (ms) => delay(ms, undefined, { signal }).catch(() => {}) };
  const run = async () => {
    while (!signal.aborted) await work(loop);
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
