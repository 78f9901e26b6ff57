// Work that arrives together is done together: what happens to work that waits too long, and to a group that fails.
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { Groups, type Work } from '../../src/store/database/groups.ts';

const TENANT = 1;
type Run = (tenant: number, group: Work<string, string>[]) => Promise<void>;
/** The items of each group, in their order. */
let done: string[][];
beforeEach(() => {
  done = [];
});
const open = (run: Run, { limit = 1, maxWaitMs = 10_000 } = {}): Groups<string, string> =>
  new Groups<string, string>({
    limit: () => limit,
    maxWaitMs,
    selectGroup: (waiting) => waiting.slice(0, 3),
    run: (tenant, group) => {
      done.push(group.map(({ item }) => item));
      return run(tenant, group);
    },
  });
const answer: Run = async (_tenant, group) => {
  await delay(1);
  for (const { item, resolve } of group) resolve(item.toUpperCase());
};
/** Answers when it is released. */
const answerAfter =
  (released: Promise<void>): Run =>
  async (tenant, group) => {
    await released;
    await answer(tenant, group);
  };

test('work that arrives in one turn of the event loop is done in groups, the oldest first', async () => {
  const groups = open(answer, { limit: 2 });
  const results: Promise<string>[] = [];
  for (const item of ['a', 'b', 'c', 'd', 'e', 'f']) {
    results.push(groups.add(TENANT, item));
    await null;
  }
  expect(await Promise.all(results)).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
  expect(done).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
  ]);
});

test('work is begun at the end of the turn, except while as much as allowed is under way: then it is done together', async () => {
  const release = Promise.withResolvers<void>();
  const groups = open(answerAfter(release.promise), { limit: 2 });
  const results: Promise<string>[] = [];
  for (const item of ['a', 'b', 'c', 'd']) {
    results.push(groups.add(TENANT, item));
    await setImmediate();
  }
  expect(done).toEqual([['a'], ['b']]);
  release.resolve();
  expect(await Promise.all(results)).toEqual(['A', 'B', 'C', 'D']);
  expect(done).toEqual([['a'], ['b'], ['c', 'd']]);
});

test('work whose client leaves while it waits is not done', async () => {
  const release = Promise.withResolvers<void>();
  const groups = open(answerAfter(release.promise));
  const client = new AbortController();
  const results = [groups.add(TENANT, 'a')];
  await setImmediate();
  results.push(groups.add(TENANT, 'b', client.signal), groups.add(TENANT, 'c'));
  await setImmediate();
  client.abort();
  release.resolve();
  expect((await Promise.allSettled(results)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(done).toEqual([['a'], ['c']]);
});

test('tenants do not wait for each other', async () => {
  const groups = open((tenant, group) => (tenant === TENANT ? new Promise(() => undefined) : answer(tenant, group)));
  void groups.add(TENANT, 'a');
  expect(await Promise.all(['b', 'c'].map((item) => groups.add(TENANT + 1, item)))).toEqual(['B', 'C']);
  expect(done).toEqual([['a'], ['b', 'c']]);
});

test('a group that fails, at once or later, fails alone', async () => {
  const faults: Record<string, Run> = {
    a: () => {
      throw new Error('at once');
    },
    d: () => Promise.reject(new Error('later')),
  };
  const groups = open((tenant, group) => (faults[group[0]!.item] ?? answer)(tenant, group));
  const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((item) => groups.add(TENANT, item)));
  expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.message : outcome.value))).toEqual([
    ...['at once', 'at once', 'at once'],
    ...['later', 'later', 'later'],
    'G',
  ]);
  expect(await groups.add(TENANT, 'h')).toBe('H');
});

test('work that waits too long fails with 503, and is not done later', async () => {
  const release = Promise.withResolvers<void>();
  const groups = open(answerAfter(release.promise), { maxWaitMs: 20 });
  const first = groups.add(TENANT, 'a');
  await setImmediate();
  await expect(groups.add(TENANT, 'b')).rejects.toMatchObject({ kind: 'unavailable' });
  const third = groups.add(TENANT, 'c');
  release.resolve();
  expect(await Promise.all([first, third])).toEqual(['A', 'C']);
  expect(done).toEqual([['a'], ['c']]);
});
