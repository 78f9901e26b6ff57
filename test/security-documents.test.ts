// The security documents are true where a test can tell: each named test exists, each table is described, and the erasure does what the list says.
import { readFileSync } from 'node:fs';
import { INDEX_TABLES } from '../src/store/resources/index-tables.ts';
import { readMigratedTables } from './migrated-tables.ts';

const readText = (file: string): string => readFileSync(file, 'utf8');

/** A test that a document names: its file in code style, a colon, its title in quotation marks. */
const NAMED = /`(test\/[^`]+)`: "([^"]+)"/g;
const named = ['docs/threat-model.md', 'docs/data-protection.md'].flatMap((document) =>
  [...readText(document).matchAll(NAMED)].map(([, file, title]) => ({ file: file!, title: title! })),
);

test('each test that the threat model names exists, with its title', () => {
  expect(named.length).toBeGreaterThan(45);
  const titles = (file: string) =>
    [...readText(file).matchAll(/\((['"`])((?:(?!\1).)+)\1|^ {2}(['"])((?:(?!\3).)+)\3,$/gm)].map((match) => match[2] ?? match[4]);
  expect(named.filter(({ file, title }) => !titles(file).includes(title))).toEqual([]);
});

test('each row of the threat model has a mitigation and a test, and each flow is examined', () => {
  const rows = readText('docs/threat-model.md')
    .split('\n')
    .filter((line) => /^\| [STRIDE] \|/.test(line));
  expect(rows.filter((row) => [...row.matchAll(NAMED)].length !== 1 || row.split(' | ').length !== 4)).toEqual([]);
  expect(new Set(rows.map((row) => row[2]))).toEqual(new Set('STRIDE'));
});

const migrated = readMigratedTables();
const described = readText('docs/data-protection.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
  .map(([, table = '', contains, tenant, patients, kept, erasure]) => ({ table, contains, tenant, patients, kept, erasure }));

test('data protection describes every table of the migrations, and no other', () => {
  expect(described.map(({ table }) => table).sort()).toEqual([...migrated.keys()].sort());
  const wrong = described.filter(({ table, tenant }) => (tenant === 'yes') !== /\btenant_id\b/.test(migrated.get(table) ?? ''));
  expect(wrong).toEqual([]);
});

test('the erasure deletes from the tables that data protection names, and a table with data of patients is erased or says why not', () => {
  const source = readText('src/store/erasure.ts');
  const deleted = new Set<string>(INDEX_TABLES);
  for (const [, table] of source.matchAll(/delete from (\w+)/g)) deleted.add(table!);
  for (const [, list] of source.matchAll(/of \[(?:\.\.\.INDEX_TABLES, )?((?:'\w+'(?:, )?)+)\]/g))
    for (const table of list!.match(/\w+/g)!) deleted.add(table);
  expect(
    described
      .filter(({ erasure }) => erasure === 'erased')
      .map(({ table }) => table)
      .sort(),
  ).toEqual([...deleted].sort());
  const kept = described.filter(({ patients, erasure }) => patients !== 'no' && erasure !== 'erased');
  expect(kept.map(({ table }) => table)).toEqual(['api_key', 'audit_event']);
});

test('SECURITY.md supports the version of this release', () => {
  const { version } = JSON.parse(readText('package.json')) as { version: string };
  expect(readText('SECURITY.md')).toContain(`| ${version.replace(/\.\d+$/, '.x')} | yes |`);
});
