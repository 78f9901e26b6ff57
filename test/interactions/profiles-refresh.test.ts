// The profiles of an added package become active within a second, even if the database responds late.
import { createProfiles } from '../../src/interactions/profiles.ts';
import { addPackage } from '../../src/store/definitions.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { storeExcept } from '../store/store-except.ts';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(() => testStore.close());

const URL = 'https://example.org/StructureDefinition/p';
const added = {
  name: 'p',
  version: '1.0.0',
  depends: {},
  definitions: [
    { kind: 'StructureDefinition', url: URL, type: 'Patient', body: JSON.stringify({ resourceType: 'StructureDefinition', url: URL }) },
  ],
};

test('a package that is added during a query is active one second after the query began', async () => {
  let now = 0;
  const { definitions } = testStore.store;
  /** Asked at once, and answered five seconds later. */
  const late = async (): Promise<string> => {
    const state = await definitions.readRevision();
    now += 5000;
    return state;
  };
  const profiles = createProfiles([], { now: () => now });
  const slow = storeExcept(testStore.store, { definitions: { ...definitions, readRevision: late } });
  expect([...(await profiles.listSupported(slow)).keys()]).toEqual([]);
  await addPackage(testStore.database, added, '2026-01-01T00:00:00.000Z');
  expect([...(await profiles.listSupported(testStore.store)).keys()]).toEqual(['Patient']);
});
