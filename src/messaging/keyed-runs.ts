// Runs work for many keys at the same time, at most one run for each key. The work of one key does not wait for the work of another.

interface KeyedRuns {
  isRunning(key: number): boolean;
  /** Starts a run, unless one of this key is in progress. `run` must not throw. */
  start(key: number, run: () => Promise<unknown>): void;
  /** Starts a run. If one of this key is in progress, one more follows it, however often this is called meanwhile. */
  startOrFollow(key: number, run: () => Promise<unknown>): void;
  /** Resolves when all runs in progress have ended. */
  finish(): Promise<unknown>;
}

export function createKeyedRuns(): KeyedRuns {
  const running = new Map<number, Promise<unknown>>();
  const following = new Map<number, () => Promise<unknown>>();
  const runAll = async (key: number, first: () => Promise<unknown>): Promise<void> => {
    for (let run: (() => Promise<unknown>) | undefined = first; run; run = following.get(key)) {
      following.delete(key);
      await run();
    }
    running.delete(key);
  };
  const start: KeyedRuns['start'] = (key, run) => {
    if (!running.has(key)) running.set(key, runAll(key, run));
  };
  return {
    isRunning: (key) => running.has(key),
    start,
    startOrFollow(key, run) {
      if (running.has(key)) following.set(key, run);
      else start(key, run);
    },
    finish: () => Promise.all(running.values()),
  };
}
