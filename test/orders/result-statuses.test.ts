// Statuses of results that change after they were final: amended and appended, or corrected if the laboratory has announced it.
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import type { TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { COMPLETED, CORRECTED, openTrackingFixture, PARTIAL, type TrackingFixture } from './tracking-fixture.ts';

let store: TestStore;
let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});

const all = (type: ServedType): Promise<Resource[]> => fixture.listResources(type);
const report = async (): Promise<Resource> => (await all('DiagnosticReport'))[0]!;
const named = async (name: string): Promise<Resource> =>
  (await all('Observation')).find((resource) => (resource.code as { text: string }).text === name)!;
const statuses = async () => (await all('Observation')).map(({ status }) => status);
const results = (id: string) => fixture.networkOrder(id).report!.results;
const versions = async (): Promise<string> =>
  JSON.stringify(await store.database.query('select rtype, id, ver from resource where tenant_id = $1 order by 1, 2', [fixture.tenant]));

test('a final report is appended by more markers and amended by other values, without an announced correction', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  const everything = results(id);
  fixture.advanceOrder(id, COMPLETED, { results: everything.slice(1) });
  await fixture.deliverWebhooks();
  expect((await report()).status).toBe('final');
  fixture.advanceOrder(id, COMPLETED, { results: everything });
  await fixture.deliverWebhooks();
  expect([(await report()).status, await statuses()]).toEqual(['appended', Array(4).fill('final')]);
  fixture.advanceOrder(id, COMPLETED, {
    results: everything.map((result, index) => (index === 0 ? { ...result, result: '45.5' } : result)),
  });
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await named('Testosterone, Total')).status]).toEqual(['amended', 'amended']);
  const before = await versions();
  await fixture.pollOrder(id);
  expect(await versions()).toBe(before);
  fixture.advanceOrder(id, CORRECTED);
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await named('Testosterone, Total')).status]).toEqual(['corrected', 'corrected']);
});

test('a final report is amended by a marker that was missing before', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { missing: true });
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await named('DHEA Sulfate')).status]).toEqual(['amended', 'final']);
});

test('a corrected value and its report stay corrected when they change again without an announcement', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  fixture.advance(3600);
  fixture.advanceOrder(id, CORRECTED);
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, COMPLETED, {
    results: results(id).map((result, index) => (index === 0 ? { ...result, result: '47.0' } : result)),
  });
  await fixture.deliverWebhooks();
  const changed = await named('Testosterone, Total');
  expect([(await report()).status, changed.status, changed.valueQuantity]).toEqual([
    'corrected',
    'corrected',
    expect.objectContaining({ value: 47 }),
  ]);
});

test('a value that changes between partial and final is amended', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL);
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, COMPLETED, {
    results: results(id).map((result, index) => (index === 0 ? { ...result, result: '45.5' } : result)),
  });
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await named('Testosterone, Total')).status, (await named('Luteinizing Hormone')).status]).toEqual([
    'final',
    'amended',
    'final',
  ]);
});
