// Named values that all processes of an installation share. The first process that needs a value creates it.
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

/** For example the key that seals page links. */
export interface Settings {
  /** The value of `name`. If it does not exist, it is created with `make`. All processes get the same value. */
  getOrCreate(name: string, make: () => string): Promise<string>;
  /** The values of these names that exist. */
  list(names: string[]): Promise<Map<string, string>>;
  /** Changes the value if it is still `from`. Returns false if the value is another one. */
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
    list: async (names) => {
      const rows = await runQuery<{ name: string; value: string }>(
        database,
        queryBuilder('setting').select('name', 'value').whereIn('name', names),
      );
      return new Map(rows.map(({ name, value }) => [name, value]));
    },
    compareAndSet: async (name, from, to) =>
      (await runQuery(database, queryBuilder('setting').where({ name, value: from }).update({ value: to }).returning('name'))).length > 0,
  };
}
