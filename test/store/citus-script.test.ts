// The script that distributes the tables (migrations/citus) knows every table that a migration makes: one that is missing would stay on the coordinator.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../migrations');

test('each table of the migrations is distributed or whole on every node', () => {
  const migrations = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'));
  const texts = migrations.map((name) => readFileSync(join(FOLDER, name), 'utf8'));
  const tables = texts.flatMap((text) => [...text.matchAll(/^create table (?:if not exists )?(\w+)/gm)].map(([, table]) => table!));
  const script = readFileSync(join(FOLDER, 'citus/distribute.sql'), 'utf8');
  const named = [...script.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  expect(tables.length).toBeGreaterThan(20);
  expect(tables.filter((table) => !named.includes(table))).toEqual([]);
});

test('what runs on Citus in place of a migration has the name of that migration', () => {
  const names = readdirSync(join(FOLDER, 'citus')).filter((name) => name !== 'distribute.sql');
  expect(names.filter((name) => !existsSync(join(FOLDER, name)))).toEqual([]);
});
