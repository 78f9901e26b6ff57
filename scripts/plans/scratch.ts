// A scratch database on PostgreSQL with a made-up population in it, written by the store's own statement.
import pg from 'pg';
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import type { SearchRegistry } from '../../src/fhir/search/registry.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import type { Database } from '../../src/store/database/database.ts';
import { migrate } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import { BATCH_SIZE, bulkLoad } from '../bulk-load.ts';
import { countsOf, resourceOf } from './population.ts';

export interface Scratch {
  /** Breaks off what takes too long. */
  database: Database;
  /** Takes its time. */
  writing: Database;
  /** Whether a run before has left it filled. */
  filled: boolean;
  /** Drops it, unless it is to be kept. */
  close(keep: boolean): Promise<void>;
}

/** An hour. */
const LONG = 3_600_000;

/** A database of the newest shape. `longest`: of a statement, in ms. */
export async function scratchDatabase(server: string, { name, longest }: { name: string; longest: number }): Promise<Scratch> {
  const rows = await asAdmin(server, `select 1 from pg_database where datname = '${name}'`);
  if (!rows.length) await asAdmin(server, `create database ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const [database, writing] = [await openDatabase({ url, statementTimeout: longest }), await openDatabase({ url, statementTimeout: LONG })];
  if (!rows.length) await migrate(writing, new Date().toISOString());
  const close = async (keep: boolean): Promise<void> => {
    await database.close();
    await writing.close();
    if (!keep) await asAdmin(server, `drop database ${name} with (force)`);
  };
  return { database, writing, filled: rows.length > 0, close };
}

async function asAdmin(server: string, sql: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

const TENANT = 1;

/** Writes the population and gathers statistics. `log`: gets the progress. */
export function fill(database: Database, total: number, registry: SearchRegistry, log: (line: string) => void): Promise<void> {
  return bulkLoad(database, { tenant: TENANT, batches: buildBatches({ counts: countsOf(total), registry }), log });
}

function* buildBatches(world: World): Generator<ResourceChange[]> {
  for (const [type, count] of world.counts)
    for (let from = 0; from < count; from += BATCH_SIZE)
      yield Array.from({ length: Math.min(BATCH_SIZE, count - from) }, (_one, at) => changeOf(type, from + at, world));
}

interface World {
  counts: ReadonlyMap<ServedType, number>;
  registry: SearchRegistry;
}

/** Changes are spread over four years. */
export function changeOf(type: ServedType, number: number, { counts, registry }: World): ResourceChange {
  const resource = resourceOf(type, number, counts);
  const share = number / counts.get(type)!;
  const lastUpdated = new Date(Date.UTC(2022, 0, 1) + Math.floor(share * 4 * 365 * 86_400) * 1000).toISOString();
  const index = buildIndexRows(resource, registry);
  return { type, id: resource.id!, version: 1, lastUpdated, method: 'POST', actor: 'key', body: JSON.stringify(resource), index };
}
