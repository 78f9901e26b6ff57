// The tables that the migrations make, by the names that they have in the end.
import { readMigrations } from '../src/store/database/migrations.ts';

const CREATED = /^create table (?:if not exists )?(\w+) \(([^;]*);/gm;
const RENAMED = /^alter table (\w+) rename to (\w+);/gm;

/** Table → its columns and keys, as the migration that creates it has them. */
export function readMigratedTables(): Map<string, string> {
  const texts = readMigrations().map(({ sql }) => sql);
  const names = new Map(texts.flatMap((text) => [...text.matchAll(RENAMED)].map(([, from, to]) => [from!, to!])));
  const created = texts.flatMap((text) => [...text.matchAll(CREATED)]);
  return new Map(created.map(([, table, columns]) => [names.get(table!) ?? table!, columns!]));
}
