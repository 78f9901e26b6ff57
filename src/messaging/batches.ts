// Work in batches: items that arrive while a batch runs form the next one, so that a busy time costs few statements and a lone item does not wait.

/** At most so many items in a batch. */
const MAX_BATCH = 50;

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result | Promise<Result>): void;
  reject(reason: unknown): void;
}

/** Runs one batch. Returns the result of each item; a result that is a promise does not delay the next batch. */
type RunBatch<Item, Result> = (items: Item[]) => Promise<(Result | Promise<Result>)[]>;

/**
 * Returns a function that hands in one item. The items of one `scope` (which holds their queue as long as it lives) and one `group` share batches, one batch at a time. If a batch of several items fails, each of them is
 * run alone: an item that fails does not harm the others. `run` must therefore undo everything when it fails.
 */
export function runInBatches<Item, Result>(
  groupOf: (item: Item) => { scope: object; group: number },
  run: RunBatch<Item, Result>,
): (item: Item) => Promise<Result> {
  const queues = new WeakMap<object, Map<number, Waiting<Item, Result>[]>>();
  const drain = async (groups: Map<number, Waiting<Item, Result>[]>, group: number, queue: Waiting<Item, Result>[]): Promise<void> => {
    // items that arrive in the same turn of the event loop belong together
    await new Promise(setImmediate);
    while (queue.length > 0) await settle(queue.splice(0, MAX_BATCH), run);
    groups.delete(group);
  };
  return (item) =>
    new Promise((resolve, reject) => {
      const { scope, group } = groupOf(item);
      const groups = queues.get(scope) ?? new Map<number, Waiting<Item, Result>[]>();
      queues.set(scope, groups);
      const queue = groups.get(group);
      if (queue) return void queue.push({ item, resolve, reject });
      const started = [{ item, resolve, reject }];
      groups.set(group, started);
      void drain(groups, group, started);
    });
}

async function settle<Item, Result>(batch: Waiting<Item, Result>[], run: RunBatch<Item, Result>): Promise<void> {
  try {
    const results = await run(batch.map(({ item }) => item));
    for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
  } catch (error) {
    if (batch.length === 1) return batch[0]!.reject(error);
    await Promise.all(batch.map((waiting) => settle([waiting], run)));
  }
}
