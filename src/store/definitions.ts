// Packages of definitions (profiles, value sets, code systems) that an operator has loaded. They apply to the whole installation, not to one tenant.
import type { Database } from './database/database.ts';

/** A profile (or extension) of a loaded package. `type`: the type that it constrains. */
export interface LoadedProfile {
  /** `name#version`. */
  package: string;
  url: string;
  version: string | null;
  type: string;
}

interface StoredDefinition {
  package: string;
  /** The definition as JSON text. */
  body: string;
}

export interface Definitions {
  /** A text that changes whenever a package is added, replaced or removed. */
  readRevision(): Promise<string>;
  listProfiles(): Promise<LoadedProfile[]>;
  /** The definitions with these URLs, of all kinds, versions and packages. */
  findByUrl(urls: string[]): Promise<StoredDefinition[]>;
}

/** A package to be stored. `depends`: package → version. */
export interface DefinitionPackage {
  name: string;
  version: string;
  depends: Record<string, string>;
  definitions: NewDefinition[];
}

/** `body`: the definition as JSON text. `type`: the type that a StructureDefinition constrains; absent for other kinds. */
interface NewDefinition {
  kind: string;
  url: string;
  version?: string | undefined;
  type?: string | undefined;
  body: string;
}

export interface ListedPackage {
  name: string;
  version: string;
  depends: Record<string, string>;
  addedAt: string;
  /** Kind → number of definitions. */
  counts: Record<string, number>;
}

const LOCK = 'lock table definition_package in exclusive mode';
const TAKE = 'delete from definition_package where name = $1 and ($2::text is null or version = $2) returning serial, version';
const CLEAR = 'delete from definition where serial = any ($1::bigint[])';
const ADD = 'insert into definition_package (name, version, depends, added_at) values ($1, $2, $3, $4) returning serial';
const FILL = `insert into definition (serial, kind, url, version, type, body)
  select $1, d.kind, d.url, d.version, d.type, d.body from json_to_recordset($2) as d (kind text, url text, version text, type text, body text)`;

/** Stores a package in one transaction and replaces a package with the same name and version. Returns whether there was one. */
export function addPackage(database: Database, { name, version, depends, definitions }: DefinitionPackage, at: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    await transaction.script(LOCK);
    const replaced = await deleteVersions(transaction, name, version);
    const [added] = await transaction.query<{ serial: string }>(ADD, [name, version, JSON.stringify(depends), at]);
    for (let from = 0; from < definitions.length; from += BATCH_SIZE)
      await transaction.query(FILL, [added!.serial, JSON.stringify(definitions.slice(from, from + BATCH_SIZE))]);
    return replaced.length > 0;
  });
}

/** Definitions per statement. A StructureDefinition with a snapshot has about 50 kB. */
const BATCH_SIZE = 200;

/** Removes one version, or all versions. Returns the removed versions. */
export function removePackage(database: Database, name: string, version?: string): Promise<string[]> {
  return database.transaction(async (transaction) => {
    await transaction.script(LOCK);
    return deleteVersions(transaction, name, version);
  });
}

async function deleteVersions(database: Database, name: string, version: string | undefined): Promise<string[]> {
  const taken = await database.query<{ serial: string; version: string }>(TAKE, [name, version ?? null]);
  await database.query(CLEAR, [taken.map(({ serial }) => serial)]);
  return taken.map((removedPackage) => removedPackage.version);
}

const LIST = `select p.name, p.version, p.depends, p.added_at,
    (select json_object_agg(c.kind, c.n) from (select kind, count(*) as n from definition d where d.serial = p.serial group by kind) c) as counts
  from definition_package p order by p.name, p.added_at`;

/** All packages, by name. */
export async function listPackages(database: Database): Promise<ListedPackage[]> {
  const rows = await database.query<{
    name: string;
    version: string;
    depends: string;
    added_at: string;
    counts: ListedPackage['counts'] | null;
  }>(LIST);
  return rows.map(({ depends, added_at, counts, ...row }) => ({
    ...row,
    // the JSON text that `addPackage` writes
    depends: JSON.parse(depends) as Record<string, string>,
    addedAt: added_at,
    counts: counts ?? {},
  }));
}

const STATE = "select coalesce(string_agg(serial::text, ' ' order by serial), '') as state from definition_package";
const NAMED = "select p.name || '#' || p.version as package, d.url, d.version, d.type";
const PROFILES = `${NAMED} from definition d join definition_package p using (serial) where d.kind = 'StructureDefinition'`;
const FIND = `select p.name || '#' || p.version as package, d.body from definition d join definition_package p using (serial) where d.url = any ($1::text[])`;

/** The queries that writes need. */
export const createDefinitions = (database: Database): Definitions => ({
  readRevision: async () => (await database.query<{ state: string }>(STATE, [], 'definitions state'))[0]!.state,
  listProfiles: () => database.query<LoadedProfile>(PROFILES),
  findByUrl: (urls) => database.query<StoredDefinition>(FIND, [urls]),
});
