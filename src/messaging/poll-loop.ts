// Background work: runs the same work again and again until it is stopped.
import { setTimeout as delay } from 'node:timers/promises';

export interface PollLoop {
  /** Aborted when the loop is to stop. */
  signal: AbortSignal;
  /** Waits so many ms, or until the loop is to stop. */
  rest(ms: number): Promise<void>;
}

/** How many times the shortest delay an idle loop waits at most. */
const LONGEST = 16;

/**
 * How long to wait after a round that did so much work, in ms. Where polling is expensive (a statement for every shard), the delay doubles with each idle
 * round and is short again after a round that did something.
 */
export function backOffWhileIdle(ms: number, isExpensive: () => boolean): (done: number) => number {
  let times = 1;
  return (done) => {
    times = done > 0 || !isExpensive() ? 1 : Math.min(times * 2, LONGEST);
    return ms * times;
  };
}

/** Starts at once. Call the result to stop: it resolves when the round under way is finished. The work waits by itself and must not throw. */
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
