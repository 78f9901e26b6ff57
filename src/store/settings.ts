// Named values that all processes share: made once by whoever comes first, and changed only by who knows what stands there.
import type { Database } from './database/database.ts';

/** Named values all processes share (the key that seals page links). */
export interface Settings {
  /** The value of `name`, made by `make` when nobody has yet; all processes get the same. */
  getOrCreate(name: string, make: () => string): Promise<string>;
  /** Changes it, if it is still `from`; answers whether it was. */
  compareAndSet(name: string, from: string, to: string): Promise<boolean>;
}

const READ = 'select value from setting where name = $1';
const OFFER = 'insert into setting (name, value) values ($1, $2) on conflict (name) do nothing';
const SWAP = 'update setting set value = $3 where name = $1 and value = $2 returning name';

/** The settings of a database handle. */
export function createSettings(database: Database): Settings {
  const read = async (name: string) => (await database.query<{ value: string }>(READ, [name]))[0]?.value;
  return {
    getOrCreate: async (name, make) => {
      const known = await read(name);
      if (known !== undefined) return known;
      await database.query(OFFER, [name, make()]);
      return (await read(name))!;
    },
    compareAndSet: async (name, from, to) => (await database.query(SWAP, [name, from, to])).length > 0,
  };
}
