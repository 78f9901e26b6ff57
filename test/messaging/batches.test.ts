// Items that arrive while a batch runs form the next batch.
import { runInBatches } from '../../src/messaging/batches.ts';

interface Item {
  scope: object;
  group: number;
  value: number;
}

const ONE = {};
const item = (value: number, group = 1, scope: object = ONE): Item => ({ scope, group, value });

function record(run: (items: number[]) => Promise<(number | Promise<number>)[]> = async (items) => items.map((value) => value * 10)) {
  const batches: number[][] = [];
  const add = runInBatches<Item, number>(
    (given) => given,
    async (items) => {
      const values = items.map(({ value }) => value);
      batches.push(values);
      return run(values);
    },
  );
  return { add, batches };
}

test('items of one turn of the event loop are one batch, and each has its own result', async () => {
  const { add, batches } = record();
  expect(await Promise.all([add(item(1)), add(item(2)), add(item(3))])).toEqual([10, 20, 30]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('items that arrive while a batch runs form the next one', async () => {
  const ends: (() => void)[] = [];
  const { add, batches } = record(async (items) => {
    await new Promise<void>((resolve) => ends.push(resolve));
    return items;
  });
  const first = add(item(1));
  while (ends.length === 0) await new Promise(setImmediate);
  const others = [add(item(2)), add(item(3))];
  ends.shift()!();
  await first;
  while (ends.length === 0) await new Promise(setImmediate);
  ends.shift()!();
  expect(await Promise.all(others)).toEqual([2, 3]);
  expect(batches).toEqual([[1], [2, 3]]);
  const later = add(item(4));
  while (ends.length === 0) await new Promise(setImmediate);
  ends.shift()!();
  expect(await later).toBe(4);
});

test('a batch has fifty items at most', async () => {
  const { add, batches } = record();
  await Promise.all(Array.from({ length: 120 }, (_, index) => add(item(index))));
  expect(batches.map(({ length }) => length)).toEqual([50, 50, 20]);
});

test('other groups and other scopes have their own batches, which do not wait for each other', async () => {
  const { add, batches } = record((items) => (items[0] === 1 ? new Promise(() => {}) : Promise.resolve(items)));
  void add(item(1));
  expect(await Promise.all([add(item(2, 2)), add(item(3, 1, {}))])).toEqual([2, 3]);
  expect(batches).toEqual([[1], [2], [3]]);
});

test('if a batch fails, each of its items is run alone, and only the one that fails is rejected', async () => {
  const { add, batches } = record(async (items) => {
    if (items.includes(2)) throw new Error('two');
    return items;
  });
  const results = await Promise.allSettled([add(item(1)), add(item(2)), add(item(3))]);
  expect(results).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: new Error('two') },
    { status: 'fulfilled', value: 3 },
  ]);
  expect(batches).toEqual([[1, 2, 3], [1], [2], [3]]);
});

test('a result that is a promise does not delay the next batch', async () => {
  let end: (value: number) => void = () => {};
  const { add } = record(async (items) => items.map((value) => (value === 1 ? new Promise<number>((resolve) => (end = resolve)) : value)));
  const late = add(item(1));
  expect(await add(item(2))).toBe(2);
  expect(await add(item(3))).toBe(3);
  end(1);
  expect(await late).toBe(1);
});
