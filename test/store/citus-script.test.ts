// The script that distributes the tables (migrations/citus) knows every table that a migration makes: one that is missing would stay on the coordinator.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMigratedTables } from '../migrated-tables.ts';

const FOLDER = join(import.meta.dirname, '../../migrations');

test('each table of the migrations is distributed or whole on every node', () => {
  const tables = [...readMigratedTables().keys()];
  const script = readFileSync(join(FOLDER, 'citus/distribute.sql'), 'utf8');
  const named = [...script.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  expect(tables.length).toBeGreaterThan(20);
  expect(tables.filter((table) => !named.includes(table))).toEqual([]);
});

test('what runs on Citus in place of a migration has the name of that migration', () => {
  const names = readdirSync(join(FOLDER, 'citus')).filter((name) => name !== 'distribute.sql');
  expect(names.filter((name) => !existsSync(join(FOLDER, name)))).toEqual([]);
});
