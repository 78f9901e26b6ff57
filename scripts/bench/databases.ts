// The database of one size of the bench: the corpus as Facet stores it, and the same resources in the tables of the floor.
import pg from 'pg';
import { type ServedType, TYPE_NUMBERS } from '../../src/fhir/types.ts';
import { openIndexState } from '../../src/interactions/index-state.ts';
import { loadDefinitions } from '../../src/server/load-definitions.ts';
import { migrate } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { createReindexing } from '../../src/store/reindexing.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { bulkLoad } from '../bulk-load.ts';
import { buildBatches, type Corpus } from './corpus.ts';

/** An hour: an index of many resources takes minutes. */
const STATEMENT_TIMEOUT_MS = 3_600_000;
const bodiesOf = (type: ServedType): string =>
  `from (select id, body, body::jsonb as b from resource where rtype = ${TYPE_NUMBERS[type]}) r`;
const FLOOR_TABLES = `
  create table floor as select id::uuid, b #>> '{name,0,family}' as family, body ${bodiesOf('Patient')};
  alter table floor add primary key (id);
  create index on floor (family);
  create table floor_practitioner as select id, body, b #>> '{name,0,family}' as family, b #>> '{name,0,given,0}' as given ${bodiesOf('Practitioner')};
  create index on floor_practitioner (family, given, id);
  create table floor_role as select body, split_part(b #>> '{practitioner,reference}', '/', 2) as practitioner ${bodiesOf('PractitionerRole')};
  create index on floor_role (practitioner);`;

export interface BenchDatabase {
  url: string;
  /** Bytes that a resource needs, with its history and all indexes, and those of its JSON. */
  bytes: { stored: number; json: number };
  /** The position of the write-ahead log, in bytes. */
  readWal(): Promise<number>;
  drop(): Promise<void>;
}

interface BenchDatabaseOptions {
  /** The URL of a PostgreSQL database whose user may create others. */
  server: string;
  /** Of the database to create. */
  name: string;
  /** `drop` only ends the connection, and a database with the name is used as it is. */
  isKept?: boolean;
  log(line: string): void;
}

/** Creates and fills a database. */
export async function createBenchDatabase(
  corpus: Corpus,
  { server, name, isKept = false, log }: BenchDatabaseOptions,
): Promise<BenchDatabase> {
  const { url, admin, isNew, drop } = await createEmptyDatabase(server, name, isKept);
  try {
    if (isNew) await loadCorpus(url, corpus, log);
    const bytes = await readBytes(url);
    if (isNew) await addFloor(url);
    const readWal = async () => Number((await admin.query("select pg_current_wal_insert_lsn() - '0/0' as bytes")).rows[0].bytes);
    return { url, bytes, readWal, drop: isKept ? () => admin.end() : drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** `admin`: a connection to the server. `drop` ends it. `isNew`: false if there was a database with the name and `mayExist`. */
export async function createEmptyDatabase(
  server: string,
  name: string,
  mayExist = false,
): Promise<Pick<BenchDatabase, 'url' | 'drop'> & { admin: pg.Client; isNew: boolean }> {
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  const isNew = !mayExist || (await admin.query('select 1 from pg_database where datname = $1', [name])).rowCount === 0;
  if (isNew) await admin.query(`create database ${name}`);
  const drop = async (): Promise<void> => {
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
  };
  return { url, admin, isNew, drop };
}

async function loadCorpus(url: string, corpus: Corpus, log: (line: string) => void): Promise<void> {
  const database = await openDatabase({ url, statementTimeout: STATEMENT_TIMEOUT_MS });
  const at = new Date().toISOString();
  await migrate(database, at);
  const tenant = (await createTenant(database, { slug: 'demo', name: 'Demo', at }))!.id;
  const { registry } = loadDefinitions();
  const index = await openIndexState(createReindexing(database), registry, new Date());
  await bulkLoad(database, { tenant, batches: buildBatches(corpus, { registry, index }), log });
  await database.close();
}

const SIZES = `select sum(pg_total_relation_size(c.oid))::float / (select count(*) from resource) as stored,
    (select avg(octet_length(body))::float from resource) as json
  from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace and (relname ~ '^sx' or relname in ('resource', 'past_version'))`;

const readBytes = (url: string): Promise<BenchDatabase['bytes']> =>
  withClient(url, async (client) => (await client.query<BenchDatabase['bytes']>(SIZES)).rows[0]!);

async function addFloor(url: string): Promise<void> {
  await withClient(url, (client) => client.query(FLOOR_TABLES));
  await vacuum(url);
}

/** Updates the statistics of a database, as after a load. */
export const vacuum = (url: string): Promise<unknown> => withClient(url, (client) => client.query('vacuum analyze'));

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
