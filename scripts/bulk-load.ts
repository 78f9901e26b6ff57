// Writes many resources into an empty database by the store's own statement. Most indexes are created when all rows are there.
import type { Database } from '../src/store/database/database.ts';
import type { ResourceChange } from '../src/store/resources/resource-change.ts';
import { createStore } from '../src/store/sql-store.ts';

/** How many resources should be in a batch. */
export const BATCH_SIZE = 500;
const WRITERS = 2;
const PROGRESS_EVERY = 50_000;
/** All indexes but those that a write itself reads. */
const LATER = `select indexname as name, indexdef as definition from pg_indexes
  where schemaname = 'public' and (tablename ~ '^sx' or indexname ~ '_lu$') and indexname !~ '_(pkey|pid)$'`;
/** For connections that are opened afterwards. */
const alterDatabase = (change: 'set synchronous_commit = off' | 'reset synchronous_commit'): string =>
  `do $$ begin execute format('alter database %I ${change}', current_database()); end $$`;

interface BulkLoad {
  tenant: number;
  batches: Iterator<ResourceChange[]> & Iterable<ResourceChange[]>;
  /** Called with each line of progress. */
  log(line: string): void;
}

/** Writes all batches, creates the indexes and updates the statistics. */
export async function bulkLoad(database: Database, { tenant, batches, log }: BulkLoad): Promise<void> {
  const indexes = await database.query<{ name: string; definition: string }>(LATER);
  for (const { name } of indexes) await database.script(`drop index ${name}`);
  const store = createStore(database);
  const begin = performance.now();
  const seconds = (): string => ((performance.now() - begin) / 1000).toFixed(0);
  let written = 0;
  const writer = async (): Promise<void> => {
    for (const batch of batches) {
      await store.write(tenant, batch);
      const before = written;
      written += batch.length;
      if (Math.floor(written / PROGRESS_EVERY) > Math.floor(before / PROGRESS_EVERY)) log(`${written} resources, ${seconds()} s`);
    }
  };
  await database.script(alterDatabase('set synchronous_commit = off'));
  await Promise.all(Array.from({ length: WRITERS }, writer));
  log(`${written} resources written in ${seconds()} s`);
  for (const { definition } of indexes) await database.script(`set maintenance_work_mem = '512MB'; ${definition}`);
  await database.script(alterDatabase('reset synchronous_commit'));
  await database.script('vacuum (analyze)');
  log(`indexes created and statistics updated after ${seconds()} s`);
}
