// Runs by key: at most one at a time for each key.
import { createKeyedRuns } from '../../src/messaging/keyed-runs.ts';

/** A run that ends when `end` is called. */
function createRun() {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  let times = 0;
  const run = (): Promise<void> => {
    times++;
    return promise;
  };
  return { run, end, count: () => times };
}

test('a run does not start while one of its key is in progress', async () => {
  const [runs, first, second, other] = [createKeyedRuns(), createRun(), createRun(), createRun()];
  runs.start(1, first.run);
  runs.start(1, second.run);
  runs.start(2, other.run);
  first.end();
  other.end();
  await runs.finish();
  expect([first, second, other].map(({ count }) => count())).toEqual([1, 0, 1]);
  expect(runs.isRunning(1)).toBe(false);
});

test('of the runs that are asked for during a run, the last one follows it', async () => {
  const [runs, first, second, third] = [createKeyedRuns(), createRun(), createRun(), createRun()];
  for (const { run } of [first, second, third]) runs.startOrFollow(1, run);
  expect([first, second, third].map(({ count }) => count())).toEqual([1, 0, 0]);
  first.end();
  third.end();
  await runs.finish();
  expect([first, second, third].map(({ count }) => count())).toEqual([1, 0, 1]);
  runs.startOrFollow(1, second.run);
  second.end();
  await runs.finish();
  expect(second.count()).toBe(1);
});
