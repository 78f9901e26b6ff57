// Runs work for many keys at the same time, at most one run for each key. The work of one key does not wait for the work of another.

interface KeyedRuns {
  isRunning(key: number): boolean;
  /** Starts a run, unless one of this key is in progress. `run` must not throw. */
  start(key: number, run: () => Promise<unknown>): void;
  /** Resolves when all runs in progress have ended. */
  finish(): Promise<unknown>;
}

export function createKeyedRuns(): KeyedRuns {
  const running = new Map<number, Promise<unknown>>();
  return {
    isRunning: (key) => running.has(key),
    start(key, run) {
      if (running.has(key)) return;
      running.set(
        key,
        run().finally(() => running.delete(key)),
      );
    },
    finish: () => Promise.all(running.values()),
  };
}
