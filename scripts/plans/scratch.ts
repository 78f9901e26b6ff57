// A scratch database on PostgreSQL with a made-up population in it, written by the store's own statement.
import pg from 'pg';
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import type { SearchRegistry } from '../../src/fhir/search/registry.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import type { Database } from '../../src/store/database/database.ts';
import { migrate } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import { createStore } from '../../src/store/sql-store.ts';
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
const EACH = 500;
const WRITERS = 2;
/** All but what writing itself looks into. They are made again when all rows are there. */
const LATER = `select indexname as name, indexdef as definition from pg_indexes
  where schemaname = 'public' and tablename ~ '^(sx|resource_history)' and indexname !~ '_(pkey|pid)$'`;

/** Writes the population and gathers statistics. `log`: gets the progress. */
export async function fill(database: Database, total: number, registry: SearchRegistry, log: (line: string) => void): Promise<void> {
  const counts = countsOf(total);
  const indexes = await database.query<{ name: string; definition: string }>(LATER);
  for (const { name } of indexes) await database.script(`drop index ${name}`);
  await database.script("do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$");
  const store = createStore(database);
  const begin = performance.now();
  const remaining = batches(counts);
  let written = 0;
  const writer = async () => {
    for (const { type, from, to } of remaining) {
      await store.write(
        TENANT,
        Array.from({ length: to - from }, (_one, at) => changeOf(type, from + at, { counts, registry })),
      );
      written += to - from;
      if (Math.floor(written / 50_000) > Math.floor((written - to + from) / 50_000)) log(`${written} resources, ${seconds(begin)} s`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  log(`${written} resources written in ${seconds(begin)} s`);
  for (const { definition } of indexes) await database.script(`set maintenance_work_mem = '512MB'; ${definition}`);
  await database.script('vacuum (analyze)');
  log(`indexes made and statistics gathered after ${seconds(begin)} s`);
}

const seconds = (begin: number): string => ((performance.now() - begin) / 1000).toFixed(0);

function* batches(counts: ReadonlyMap<ServedType, number>): Generator<{ type: ServedType; from: number; to: number }> {
  for (const [type, count] of counts) for (let from = 0; from < count; from += EACH) yield { type, from, to: Math.min(count, from + EACH) };
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
