// Background work: runs a function repeatedly until it is stopped.
import { setTimeout as delay } from 'node:timers/promises';

export interface PollLoop {
  /** Aborted when the loop must stop. */
  signal: AbortSignal;
  /** Waits `ms` milliseconds, or until the loop must stop. */
  rest(ms: number): Promise<void>;
}

/** The longest delay of an idle loop, as a multiple of the shortest. */
const LONGEST = 16;

/**
 * Returns a function that computes the delay (in ms) after a round from the amount of work that was done. If polling is expensive (a statement on every shard),
 * the delay doubles with each idle round, and is the shortest again after a round with work.
 */
export function backOffWhileIdle(ms: number, isExpensive: () => boolean): (done: number) => number {
  let times = 1;
  return (done) => {
    times = done > 0 || !isExpensive() ? 1 : Math.min(times * 2, LONGEST);
    return ms * times;
  };
}

/** Starts at once. The returned function stops the loop and resolves after the current round. `work` waits between rounds itself (`rest`) and must not throw. */
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
