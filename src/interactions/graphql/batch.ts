// Collects the keys that the fields of one level ask for, and loads them together.

/** Loads values by key, each once in a request. `load` returns a value or an error for each key, in the same order. */
export class Batch<K, V> {
  private readonly known = new Map<string, Promise<V>>();
  private waiting: { key: K; settle: PromiseWithResolvers<V> }[] = [];
  private readonly toText: (key: K) => string;
  private readonly load: (keys: K[]) => Promise<(V | Error)[]>;

  constructor(toText: (key: K) => string, load: (keys: K[]) => Promise<(V | Error)[]>) {
    this.toText = toText;
    this.load = load;
  }

  get(key: K): Promise<V> {
    const text = this.toText(key);
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const settle = Promise.withResolvers<V>();
    this.known.set(text, settle.promise);
    // the request may have ended, at a limit, before anyone waits for the promise
    settle.promise.catch(() => {});
    // all fields of a level ask before the promises that led to them are left behind
    if (this.waiting.push({ key, settle }) === 1) void Promise.resolve().then(() => process.nextTick(() => void this.flush()));
    return settle.promise;
  }

  private async flush(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    try {
      const values = await this.load(batch.map(({ key }) => key));
      for (const [at, { settle }] of batch.entries()) {
        const value = values[at]!;
        if (value instanceof Error) settle.reject(value);
        else settle.resolve(value);
      }
    } catch (error) {
      for (const { settle } of batch) settle.reject(error);
    }
  }
}
