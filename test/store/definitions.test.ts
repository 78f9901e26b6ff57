// Packages of definitions in the database: stored whole or not at all, replaced, removed, and found by URL.
import { addPackage, type DefinitionPackage, listPackages, removePackage } from '../../src/store/definitions.ts';
import { openTestStore, type TestStore } from './open.ts';

const AT = '2026-03-01T10:00:00.000Z';
let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

const definition = (url: string, more: object = {}) => ({
  kind: 'StructureDefinition',
  url,
  type: 'Patient',
  body: `{"url":"${url}"}`,
  ...more,
});
const packageOf = (version: string, urls: string[], name = 'p'): DefinitionPackage => ({
  name,
  version,
  depends: { 'hl7.fhir.r4.core': '4.0.1' },
  definitions: urls.map((url) => definition(url, { version })),
});
const definitions = () => store.store.definitions;
const bodies = async (...urls: string[]) => (await definitions().findByUrl(urls)).map((row) => `${row.package} ${row.body}`).sort();

test('a new database has no packages', async () => {
  expect([await definitions().readRevision(), await definitions().listProfiles(), await listPackages(store.database)]).toEqual([
    '',
    [],
    [],
  ]);
});

test('a package is stored completely; another one with the same name and version replaces it', async () => {
  expect(await addPackage(store.database, packageOf('1.0.0', ['urn:a', 'urn:b']), AT)).toBe(false);
  const before = await definitions().readRevision();
  expect(await addPackage(store.database, packageOf('1.0.0', ['urn:a', 'urn:c']), AT)).toBe(true);
  expect(await definitions().readRevision()).not.toBe(before);
  expect(await bodies('urn:a', 'urn:b', 'urn:c')).toEqual(['p#1.0.0 {"url":"urn:a"}', 'p#1.0.0 {"url":"urn:c"}']);
  expect(await listPackages(store.database)).toEqual([
    { name: 'p', version: '1.0.0', depends: { 'hl7.fhir.r4.core': '4.0.1' }, addedAt: AT, counts: { StructureDefinition: 2 } },
  ]);
});

test('several versions can be stored, and are removed one by one or all at once', async () => {
  await addPackage(store.database, packageOf('2.0.0', ['urn:a']), AT);
  await addPackage(store.database, packageOf('1.0.0', ['urn:a'], 'q'), AT);
  expect(await definitions().listProfiles()).toHaveLength(4);
  expect(await bodies('urn:a')).toEqual(['p#1.0.0 {"url":"urn:a"}', 'p#2.0.0 {"url":"urn:a"}', 'q#1.0.0 {"url":"urn:a"}']);
  expect(await removePackage(store.database, 'p', '1.0.0')).toEqual(['1.0.0']);
  expect(await removePackage(store.database, 'p', '1.0.0')).toEqual([]);
  expect(await bodies('urn:a', 'urn:c')).toEqual(['p#2.0.0 {"url":"urn:a"}', 'q#1.0.0 {"url":"urn:a"}']);
  await addPackage(store.database, packageOf('3.0.0', ['urn:a']), AT);
  expect((await removePackage(store.database, 'p')).sort()).toEqual(['2.0.0', '3.0.0']);
  expect(await bodies('urn:a')).toEqual(['q#1.0.0 {"url":"urn:a"}']);
  expect(await store.database.query('select 1 from definition where serial not in (select serial from definition_package)')).toEqual([]);
});

test('a package that cannot be stored changes nothing', async () => {
  const state = await definitions().readRevision();
  const broken = { ...packageOf('1.0.0', [], 'q'), definitions: [definition('urn:x'), definition('urn:x')] };
  await expect(addPackage(store.database, broken, AT)).rejects.toThrow();
  expect([await definitions().readRevision(), await bodies('urn:a')]).toEqual([state, ['q#1.0.0 {"url":"urn:a"}']]);
});

test('two concurrent writes of the same package run one after the other', async () => {
  const answers = await Promise.all(['urn:l', 'urn:m'].map((url) => addPackage(store.database, packageOf('1.0.0', [url], 'r'), AT)));
  expect(answers.sort()).toEqual([false, true]);
  expect(await bodies('urn:l', 'urn:m')).toHaveLength(1);
});

test('many definitions are stored by a few statements', async () => {
  const urls = Array.from({ length: 450 }, (_, at) => `urn:many:${at}`);
  await addPackage(store.database, packageOf('1.0.0', urls, 'many'), AT);
  expect(await bodies(...urls)).toHaveLength(450);
});
