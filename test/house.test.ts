// The floors of the house: a room imports from floors below it, and some things are touched in one room only.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const SRC = 'src';
/** What each room may import, besides itself. Files directly under src/, and the command line, are the roof and may import all. */
const FLOORS: Record<string, string[]> = {
  fhir: [],
  store: ['fhir'],
  projection: ['fhir'],
  resource: ['store', 'fhir'],
  http: ['projection', 'resource', 'store', 'fhir'],
  outbound: ['projection', 'resource', 'store', 'fhir'],
};
/** Packages that one room alone may import. */
const KEPT_IN: Record<string, string> = { express: 'http', knex: 'store', pg: 'store', '@electric-sql/pglite': 'store' };
/** Words that belong to one vendor: they stand in mappings/ and fhir-profiles/, never in the program. */
const VENDOR_WORDS = [
  'brand_id',
  'practitionerId',
  'clep_permit',
  'is_bookable',
  'availableDays',
  'junction_order_id',
  'external_ids',
  'loop.health',
  'jumpehr',
  'clinik',
];
const ROOF = new Set(['src', 'src/cli']);

const files = (dir: string): string[] =>
  readdirSync(dir).flatMap((name) => (statSync(join(dir, name)).isDirectory() ? files(join(dir, name)) : [join(dir, name)]));

const sources = files(SRC).filter((file) => file.endsWith('.ts'));
const textOf = (file: string): string => readFileSync(file, 'utf8');
const roomOf = (file: string): string => (ROOF.has(dirname(file)) ? 'roof' : relative(SRC, file).split('/')[0]!);
const importsOf = (text: string): string[] => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);

test('the house is built of the rooms the architecture names', () => {
  expect([...new Set(sources.map(roomOf))].sort()).toEqual([...Object.keys(FLOORS), 'roof'].sort());
});

test('no room imports from beside or above', () => {
  const upward = sources.flatMap((file) =>
    importsOf(textOf(file))
      .filter((name) => name.startsWith('.'))
      .map((name) => roomOf(normalize(join(dirname(file), name))))
      .filter((room) => roomOf(file) !== 'roof' && room !== roomOf(file) && !FLOORS[roomOf(file)]!.includes(room))
      .map((room) => `${file} → ${room}`),
  );
  expect(upward).toEqual([]);
});

test('the files of the projection import each other in no circle', () => {
  const files = sources.filter((file) => roomOf(file) === 'projection');
  const next = new Map(files.map((file) => [file, importsOf(textOf(file)).map((name) => normalize(join(dirname(file), name)))] as const));
  /** What is left when every file is taken away that imports none of those left, or that none of them imports: the circles. */
  const left = (some: string[]): string[] => {
    const imported = new Set(some.flatMap((file) => next.get(file)!));
    const still = some.filter((file) => imported.has(file) && next.get(file)!.some((name) => some.includes(name)));
    return still.length < some.length ? left(still) : still;
  };
  expect(left(files)).toEqual([]);
});

test('express stays in http, the database drivers in store', () => {
  const astray = sources.flatMap((file) =>
    importsOf(textOf(file))
      .filter((name) =>
        Object.entries(KEPT_IN).some(([kept, room]) => (name === kept || name.startsWith(`${kept}/`)) && roomOf(file) !== room),
      )
      .map((name) => `${file} → ${name}`),
  );
  expect(astray).toEqual([]);
});

test('the environment is read in config.ts alone', () => {
  expect(sources.filter((file) => textOf(file).includes('process.env'))).toEqual([join(SRC, 'config.ts')]);
});

/** The database's own clock, in SQL. */
const DATABASE_TIME =
  /\bnow\s*\(\s*\)|\b(?:current_(?:timestamp|date|time)|local(?:time|timestamp)|(?:clock|statement|transaction)_timestamp)\b|\btimeofday\s*\(/i;
const COMMENT = /\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$|^\s*--.*$/gm;
const TEXT = /`[^`]*`|'[^'\n]*'|"[^"\n]*"/g;
/** All texts of a program, without what is computed into them; a migration is one text. */
const textsIn = (file: string, text: string): string[] => {
  const bare = text.replace(COMMENT, ' ');
  return file.endsWith('.sql') ? [bare] : (bare.match(TEXT) ?? []).map((one) => one.replace(/\$\{[^}]*\}/g, ' '));
};
const asksTheTime = (file: string, text: string): boolean => textsIn(file, text).some((one) => DATABASE_TIME.test(one));

test('no SQL asks the database what time it is: times are given, so that tests can move them', () => {
  const migrations = files('migrations').filter((file) => file.endsWith('.sql'));
  expect(migrations.length).toBeGreaterThan(5);
  expect([...sources, ...migrations].filter((file) => asksTheTime(file, textOf(file)))).toEqual([]);
});

test.each([
  ['a statement', 'a.ts', 'const DUE = `select 1\n  where next_at <= now()`;', true],
  ['a word', 'a.ts', "query('select CURRENT_TIMESTAMP')", true],
  ['a default', 'a.sql', 'at timestamptz default clock_timestamp()', true],
  ['a call of ours', 'a.ts', 'const at = now(); // not now()', false],
  ['a remark', 'a.sql', '-- never now()\nselect 1', false],
])('SQL that asks for the time is told from what does not: %s', (_what, file, text, asks) => {
  expect(asksTheTime(file, text)).toBe(asks);
});

test('no vendor word stands in the program', () => {
  const found = sources.flatMap((file) =>
    VENDOR_WORDS.filter((word) => textOf(file).toLowerCase().includes(word.toLowerCase())).map((word) => `${file}: ${word}`),
  );
  expect(found).toEqual([]);
});

test('no room is called util, helpers or common, and there are no barrels', () => {
  const rooms = [...sources, ...files('test')].filter((file) => /(^|\/)(utils?|helpers?|common|misc|index)(\/|\.ts$)/.test(file));
  expect(rooms).toEqual([]);
});

test('no file is longer than 400 lines, and nine in ten stay under 250', () => {
  const lengths = [...sources, ...files('test'), ...files('scripts')]
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, lines: textOf(file).split('\n').length }));
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(lengths.filter(({ lines }) => lines < 250).length / lengths.length).toBeGreaterThanOrEqual(0.9);
});

test('each file opens with a sentence that says what it is', () => {
  expect(sources.filter((file) => !/^(#![^\n]*\n)?\/\/ \S/.test(textOf(file)))).toEqual([]);
});
