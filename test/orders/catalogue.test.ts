// The catalogue of a tenant from the lab network: what its entries are, what a clinic may change, and that an incomplete list ends nothing.
import type { Resource } from '../../src/fhir/types.ts';
import type { Context } from '../../src/interactions/context.ts';
import { remove } from '../../src/interactions/delete.ts';
import { readModifyWriteMany } from '../../src/interactions/read-modify-write-many.ts';
import { createJunctionCatalogueReader } from '../../src/junction/catalogue-reader.ts';
import { SANDBOX_SINGLE_TEST, SANDBOX_TEST_KIT } from '../../src/junction-sandbox/sandbox-state.ts';
import { toEntryId } from '../../src/orders/catalogue/catalogue-entry.ts';
import { syncCatalogue } from '../../src/orders/catalogue/sync-catalogue.ts';
import { createCatalogueSearch } from '../../src/orders/place/catalogue-search.ts';
import { resolveTests } from '../../src/orders/place/ordered-tests.ts';
import { openBeforeEach } from './open-before-each.ts';
import { type OrderFixture, openOrderFixture, TEST_SYSTEMS } from './order-fixture.ts';

const LOINC = 'http://loinc.org';
const SYSTEMS = {
  catalogue: 'http://example.org/catalogue',
  labTest: TEST_SYSTEMS.labTests,
  provider: TEST_SYSTEMS.laboratories,
  biomarker: 'http://example.org/biomarker',
  collectionMethod: 'http://example.org/StructureDefinition/collection-method',
  loinc: LOINC,
};
const LABORATORY = `${SYSTEMS.provider}sandbox-laboratory`;
const TSH_TEST = `lab-test/${SANDBOX_SINGLE_TEST}`;
const PANEL_TEST = 'lab-test/5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a01';

let fixture: OrderFixture;
let context: Context;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
  context = fixture.context;
});

const sync = (isDryRun = false) => {
  const { apiKey, url, teamId } = fixture.sandbox;
  const reader = createJunctionCatalogueReader(
    () => ({ apiKey, baseUrl: url, teamId }),
    () => AbortSignal.timeout(30_000),
  );
  return syncCatalogue(context, { reader, systems: SYSTEMS, isDryRun });
};
const readEntry = (key: string): Promise<Resource> => fixture.read('ActivityDefinition', toEntryId(key));
const change = async (key: string, elements: object): Promise<void> => {
  await fixture.put({ ...(await readEntry(key)), ...elements, id: toEntryId(key) } as Resource);
};

const order = (system: string, code: string) =>
  resolveTests(
    createCatalogueSearch(context, []),
    { coding: [{ system, code }] },
    { ...fixture.rules.table, laboratories: SYSTEMS.provider },
  );

test('each lab test has an entry, and each other marker that can be ordered alone', async () => {
  const result = await sync();
  expect(result).toMatchObject({ labTests: 5, changed: 0, unchanged: 0, ended: 0 });
  expect(await readEntry(TSH_TEST)).toMatchObject({
    status: 'active',
    kind: 'ServiceRequest',
    title: 'tsh',
    subtitle: 'Sandbox Laboratory, walk_in_test',
    identifier: [{ system: SYSTEMS.catalogue, value: TSH_TEST }],
    code: {
      coding: [
        { system: SYSTEMS.labTest, code: SANDBOX_SINGLE_TEST },
        { system: LABORATORY },
        { system: SYSTEMS.biomarker, code: 'tsh' },
        { system: LOINC, code: '3016-3' },
      ],
    },
  });
  const panel = await readEntry(PANEL_TEST);
  expect(panel).toMatchObject({ title: 'hashimotos', description: expect.stringContaining('Free T4') });
  expect(panel.code).toEqual({ coding: [{ system: SYSTEMS.labTest, code: PANEL_TEST.slice('lab-test/'.length), display: 'hashimotos' }] });
});

test('an order by LOINC, by the laboratory’s code or by marker finds its test', async () => {
  await sync();
  const code = (await readEntry(TSH_TEST)) as { code?: { coding: { system: string; code: string }[] } };
  const own = code.code!.coding.find(({ system }) => system === LABORATORY)!.code;
  const test = { tests: { labTests: [SANDBOX_SINGLE_TEST], addOn: [] } };
  expect(await order(LOINC, '3016-3')).toEqual(test);
  expect(await order(LABORATORY, own)).toEqual(test);
  expect(await order(SYSTEMS.biomarker, 'tsh')).toEqual(test);
  // a marker without a lab test of its own is ordered by the laboratory's code
  expect(await order(LOINC, '3024-7')).toEqual({
    tests: { labTests: [], addOn: [{ laboratory: 'sandbox-laboratory', code: expect.any(String) }] },
  });
});

test('an entry of a lab test states its collection method, and keeps the extensions of the clinic', async () => {
  const key = `lab-test/${SANDBOX_TEST_KIT}`;
  const method = { url: SYSTEMS.collectionMethod, valueCode: 'testkit' };
  await sync();
  expect((await readEntry(key)).extension).toEqual([method]);
  expect((await readEntry(TSH_TEST)).extension).toEqual([{ ...method, valueCode: 'walk_in_test' }]);
  const own = { url: 'http://example.org/shelf', valueString: '7' };
  await change(key, { extension: [{ ...method, valueCode: 'walk_in_test' }, own] });
  await sync();
  expect((await readEntry(key)).extension).toEqual([own, method]);
});

test('all pages of the lists are read', async () => {
  const whole = await sync(true);
  fixture.sandbox.state.cataloguePageSize = 2;
  expect(await sync(true)).toEqual(whole);
  expect(fixture.countRequests('labTests')).toBe(1 + 3);
});

test('a repeated run writes no version', async () => {
  const first = await sync();
  const again = await sync();
  expect(again).toMatchObject({ created: 0, changed: 0, ended: 0 });
  expect('unchanged' in again && 'created' in first && again.unchanged === first.created).toBe(true);
});

test('two runs at once make each entry once', async () => {
  const results = await Promise.allSettled([sync(), sync()]);
  expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  const last = await sync();
  expect(last).toMatchObject({ created: 0, changed: 0 });
  expect((await readEntry(TSH_TEST)).meta).toMatchObject({ versionId: '1' });
});

test('a dry run counts and writes nothing', async () => {
  const dry = await sync(true);
  expect(await fixture.context.store.read(fixture.tenant, 'ActivityDefinition', toEntryId(TSH_TEST))).toBeUndefined();
  expect(await sync()).toEqual(dry);
});

test('the status and other elements are the clinic’s, names and codes the network’s', async () => {
  await sync();
  await change(TSH_TEST, { status: 'retired', title: 'Thyrotropin', topic: [{ text: 'thyroid' }], usage: 'fasting' });
  expect(await sync()).toMatchObject({ changed: 1 });
  expect(await readEntry(TSH_TEST)).toMatchObject({ status: 'retired', title: 'tsh', topic: [{ text: 'thyroid' }], usage: 'fasting' });
  // a retired entry orders nothing
  expect(await order(LOINC, '3016-3')).toBeUndefined();
});

test('an own entry of the clinic adds a code to a test, and is left alone', async () => {
  await sync();
  const own = { resourceType: 'ActivityDefinition', id: 'panel', status: 'active', kind: 'ServiceRequest' } as const;
  const labTest = { system: SYSTEMS.labTest, code: PANEL_TEST.slice('lab-test/'.length) };
  await fixture.put({ ...own, code: { coding: [{ system: LOINC, code: '24348-5' }, labTest] } });
  await sync();
  expect(await order(LOINC, '24348-5')).toEqual({ tests: { labTests: [labTest.code], addOn: [] } });
});

test('all entries of the network are compared, however many pages there are', async () => {
  const ids = Array.from({ length: 1201 }, (_, index) => `former-${index}`);
  const stored = ids.map((id) => ({
    type: 'ActivityDefinition' as const,
    id,
    edit: () =>
      ({ resourceType: 'ActivityDefinition', id, status: 'active', identifier: [{ system: SYSTEMS.catalogue, value: id }] }) as Resource,
  }));
  for (let start = 0; start < stored.length; start += 200) await readModifyWriteMany(context, stored.slice(start, start + 200));
  expect(await sync(true)).toMatchObject({ ended: ids.length });
});

test('a deactivated test is not ordered from then on, and again when it is offered again', async () => {
  await sync();
  fixture.sandbox.state.inactiveLabTests = new Set([SANDBOX_SINGLE_TEST]);
  expect(await sync()).toMatchObject({ labTests: 4, ended: 1 });
  // the marker can now be ordered alone
  expect(await order(LOINC, '3016-3')).toMatchObject({ tests: { labTests: [] } });
  expect(await sync()).toMatchObject({ ended: 0, changed: 0 });
  fixture.sandbox.state.inactiveLabTests = new Set();
  fixture.advance(60);
  expect(await sync()).toMatchObject({ changed: 1, ended: 1 });
  expect(await order(LOINC, '3016-3')).toEqual({ tests: { labTests: [SANDBOX_SINGLE_TEST], addOn: [] } });
});

test('a list that cannot be read completely changes nothing', async () => {
  await sync();
  fixture.sandbox.state.inactiveLabTests = new Set([SANDBOX_SINGLE_TEST]);
  for (const operation of ['labTests', 'labTestMarkers', 'markers']) {
    fixture.addFaults({ operation, kind: 'error', status: 500 });
    expect(await sync()).toMatchObject({ kind: 'unknown', status: 500 });
  }
  expect((await readEntry(TSH_TEST)).effectivePeriod).toBeUndefined();
});

test('an entry that the clinic deleted stays deleted', async () => {
  await sync();
  await remove(context, { type: 'ActivityDefinition', id: toEntryId(TSH_TEST) });
  expect(await sync()).toMatchObject({ created: 0, changed: 0 });
  expect((await context.store.read(fixture.tenant, 'ActivityDefinition', toEntryId(TSH_TEST)))?.body).toBeNull();
});
