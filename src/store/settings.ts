// Named values that all processes share. The first process that needs one creates it.
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

/** Named values that all processes share (the key that seals page links). */
export interface Settings {
  /** The value of `name`. Creates it with `make` when there is none; all processes get the same value. */
  getOrCreate(name: string, make: () => string): Promise<string>;
  /** Changes the value if it is still `from`. False: it is another one. */
  compareAndSet(name: string, from: string, to: string): Promise<boolean>;
}

/** The settings of a database handle. */
export function createSettings(database: Database): Settings {
  const read = async (name: string): Promise<string | undefined> =>
    (await runQuery<{ value: string }>(database, queryBuilder('setting').select('value').where({ name })))[0]?.value;
  return {
    getOrCreate: async (name, make) => {
      const value = await read(name);
      if (value !== undefined) return value;
      await runQuery(database, queryBuilder('setting').insert({ name, value: make() }).onConflict('name').ignore());
      return (await read(name))!;
    },
    compareAndSet: async (name, from, to) =>
      (await runQuery(database, queryBuilder('setting').where({ name, value: from }).update({ value: to }).returning('name'))).length > 0,
  };
}
