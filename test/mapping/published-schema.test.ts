// The published JSON Schemas of mapping files accept what the loader accepts, and refuse what its grammar refuses.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse, stringify } from 'yaml';
import { toRecord } from '../../src/fhir/json-values.ts';
import { KEYWORD_TEXTS } from '../../src/mapping/load/keyword-texts.ts';
import { PUBLISHED_SCHEMAS } from '../../src/mapping/load/published-schema.ts';
import { readMappingFile, readSurfaceFile } from '../../src/mapping/load/read-file.ts';
import { copies } from './copied-mappings.ts';

type Json = Record<string, unknown>;

const URL = 'https://clinic.example/schemas/mapping.json';
const schemas = { mapping: PUBLISHED_SCHEMAS.mapping.build(URL) as Json, surface: PUBLISHED_SCHEMAS.surface.build(URL) as Json };
/** `strict`: an unknown word of JSON Schema would be a mistake. */
const accepts = (kind: keyof typeof schemas) => {
  const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allErrors: true, keywords: ['markdownDescription'] });
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  return ajv.compile(schemas[kind]);
};
const valid = { mapping: accepts('mapping'), surface: accepts('surface') };

const isVendor = (folder: string): boolean => readdirSync(folder).includes('surface.yaml');
const foldersBelow = (folder: string): string[] => [
  ...(isVendor(folder) ? [folder] : []),
  ...readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? foldersBelow(join(folder, entry.name)) : [])),
];
const FILES = ['mappings', 'docs', 'test'].flatMap(foldersBelow).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /^[^.]+\.yaml$/.test(name))
    .map((name) => join(folder, name)),
);
const kindOf = (file: string): keyof typeof schemas => (basename(file) === 'surface.yaml' ? 'surface' : 'mapping');
const read = (text: string): Json => toRecord(parse(text, { merge: true }));

test.each(FILES)('%s is valid', (file) => {
  const check = valid[kindOf(file)];
  expect([check(read(readFileSync(file, 'utf8'))), check.errors]).toEqual([true, null]);
});

test('the whole mappings of the documents are valid', () => {
  const blocks = readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => [...readFileSync(join('docs', name), 'utf8').matchAll(/^```yaml[^\n]*\n(.*?)^```/gms)].map(([, text]) => text!))
    .filter((text) => /^resource:/m.test(text));
  expect(blocks.length).toBeGreaterThanOrEqual(2);
  for (const text of blocks) expect([valid.mapping(read(text)), valid.mapping.errors]).toEqual([true, null]);
});

const { copied, copy } = copies();

type Place = (string | number)[];

/** Every object, list and value in a file. */
const placesIn = (value: unknown, at: Place = []): Place[] => [
  at,
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...at, Array.isArray(value) ? Number(key) : key]))
    : []),
];
const valueAt = (content: unknown, at: Place): unknown => at.reduce<unknown>((now, key) => (now as Json)[key], content);
function replaced(content: Json, at: Place, edit: (value: unknown) => unknown): Json {
  const next = structuredClone(content);
  const parent = valueAt(next, at.slice(0, -1)) as Json;
  parent[at.at(-1)!] = edit(parent[at.at(-1)!]);
  return next;
}
const isPlain = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Changes of one place in the structure of a file. */
const MUTATIONS: Record<string, (value: unknown) => unknown> = {
  'an unknown keyword': (value) => (isPlain(value) ? { ...value, nonsense: 1 } : value),
  'a number': () => 17,
  'an empty text': () => '',
  'an empty list': () => [],
  'an empty object': () => ({}),
  'a text': () => 'nonsense',
  null: () => null,
  'a list of a number': () => [17],
};

/** Only the grammar: the later checks of the loader find more than a schema can. */
const isRefusedByGrammar = (file: string): boolean =>
  (kindOf(file) === 'surface' ? readSurfaceFile : readMappingFile)(file, []) === undefined;

/** Where the schema lists names that the loader checks after the grammar. */
const KNOWN_LATER = /\.(resource|as|prefer(\.[^.]*)?)$/;
/** Every so many places of a file are changed. */
const STEP = 60;

test.each(['loop', 'clinik', 'jump'])(
  'what the grammar refuses in a changed file of %s, the schema refuses, and accepts all else',
  (vendor) => {
    copy(vendor);
    let refused = 0;
    for (const file of FILES.filter((name) => dirname(name) === join('mappings', vendor))) {
      const content = read(readFileSync(file, 'utf8'));
      const target = copied(`${vendor}/${basename(file)}`);
      const chosen = placesIn(content).filter((at, index) => (at.length === 1 && at[0] !== 'like') || index % STEP === STEP - 1);
      for (const at of chosen)
        for (const [name, edit] of Object.entries(MUTATIONS)) {
          const mutant = replaced(content, at, edit);
          writeFileSync(target, stringify(mutant));
          const isRefused = isRefusedByGrammar(target);
          refused += Number(isRefused);
          const isValid = valid[kindOf(file)](mutant);
          // the schema also knows the names that the loader checks after the grammar
          if (isRefused) expect([file, at.join('.'), name, isValid]).toEqual([file, at.join('.'), name, false]);
          else if (!isValid) expect([file, at.join('.'), KNOWN_LATER.test(`.${at.join('.')}`)]).toEqual([file, at.join('.'), true]);
        }
      writeFileSync(target, readFileSync(file, 'utf8'));
    }
    expect(refused).toBeGreaterThan(100);
  },
);

test.each([
  ['an unknown codec', { id: { fhir: 'id', as: 'referense(Patient)' } }],
  ['two places', { id: { fhir: 'id', at: 'name' } }],
  ['a misspelt keyword', { id: { fhir: 'id', readonly: true } }],
])('%s is refused', (_name, fields) => {
  const mapping = { resource: 'Patient', path: '/v1/patients', interactions: ['read'], fields };
  expect(valid.mapping({ ...mapping, fields: { id: { fhir: 'id' } } })).toBe(true);
  expect(valid.mapping(mapping)).toBe(false);
  expect(valid.mapping({ ...mapping, fields: { id: { fhir: 'id' } }, resource: 'Patience' })).toBe(false);
});

/** Every property of a schema with a list of properties. */
const propertiesIn = (schema: unknown): [string, Json][] =>
  typeof schema !== 'object' || schema === null
    ? []
    : Object.entries(schema).flatMap(([word, value]): [string, Json][] => [
        ...(word === 'properties' ? Object.entries(value as Json).filter((entry): entry is [string, Json] => isPlain(entry[1])) : []),
        ...propertiesIn(value),
      ]);

test.each(['mapping', 'surface'] as const)('each keyword of a %s has a meaning', (kind) => {
  const all = propertiesIn(schemas[kind]);
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(([, { description }]) => typeof description !== 'string').map(([name]) => name)).toEqual([]);
});

test.each([
  ['A mapping', 'mapping'],
  ['A field', 'field'],
  ['Query parameters', 'search'],
  ['A surface', 'surface'],
])('the table "%s" of the reference has the meanings of the schema', (title, group) => {
  const [, section] = new RegExp(`^##+ ${title}\\n(.*?)(?=^##|(?![^]))`, 'ms').exec(readFileSync('docs/mapping-language.md', 'utf8'))!;
  const rows = section!.split('\n').filter((line) => /^\| `/.test(line));
  const told = rows.flatMap((row) => {
    const [, names = '', text] = /^\| (.*?) \| (.*) \|$/.exec(row)!;
    return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, text]);
  });
  const inOther = { search: ['defaultBrand', 'in', 'from', 'days'] }[group] ?? [];
  const expected = Object.entries(KEYWORD_TEXTS[group]!).filter(([name]) => !inOther.includes(name));
  const documented = told.filter(([name]) => !name!.startsWith('$'));
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(expected));
});
