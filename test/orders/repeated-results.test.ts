// Results that are read again with differences: more exact names, a second sample, or a journey whose id is known late. Each marker exists once in its report,
// measured values stay, and a critical flag stays whichever process applies the result last.
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { update } from '../../src/interactions/update.ts';
import { toSampleNumber } from '../../src/junction-sandbox/report.ts';
import type { SandboxOrder } from '../../src/junction-sandbox/sandbox-state.ts';
import type { TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { COMPLETED, CORRECTED, openTrackingFixture, PARTIAL, REDRAW, type TrackingFixture } from './tracking-fixture.ts';

let store: TestStore;
let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});

const reports = (): Promise<Resource[]> => fixture.listResources('DiagnosticReport');
const report = async (): Promise<Resource> => (await reports())[0]!;
/** The Observations that the report refers to. */
const listObservations = async (): Promise<Resource[]> => {
  const references = ((await report()).result ?? []) as { reference: string }[];
  return Promise.all(references.map(({ reference }) => fixture.read('Observation', reference.split('/')[1]!)));
};
type Coded = { coding: { code: string }[] }[] | undefined;
const flagOf = ({ interpretation }: Resource) => (interpretation as Coded)?.[0]?.coding[0]?.code;
/** Name, status and flag of each. */
const listResults = async () =>
  (await listObservations()).map((resource) => [(resource.code as { text: string }).text, resource.status, flagOf(resource)]);
const flags = async () => {
  const { meta, conclusionCode } = await report();
  return [(meta?.tag as { code: string }[] | undefined)?.map(({ code }) => code), (conclusionCode as { text: string }[])[0]!.text];
};
const CRITICAL = [['critical'], 'critical'];
const newest = (): SandboxOrder => [...fixture.sandbox.state.orders.values()].at(-1)!;
const POTASSIUM = {
  ...{ name: 'Potassium', slug: 'potassium', type: 'numeric', value: 7, result: '7.1', unit: 'mmol/L', timestamp: null, notes: null },
  ...{ reference_range: '3.5-5.1', interpretation: 'critical', is_above_max_range: true, loinc: null, source_markers: [] },
};
const UNNAMED = { ...POTASSIUM, provider_id: null, source_sample_id: null };
const NAMED = { ...POTASSIUM, provider_id: '123', source_sample_id: 'S1' };

describe('a critical value of an order whose sample had to be drawn again', () => {
  const redrawn = async (): Promise<[string, string]> => {
    const { id } = await fixture.placeOrder();
    fixture.advanceOrder(id, PARTIAL, { interpretation: 'critical' });
    await fixture.deliverWebhooks();
    fixture.advanceOrder(id, REDRAW);
    await fixture.deliverWebhooks();
    fixture.advance(60);
    return [id, newest().id];
  };

  test.each([PARTIAL, COMPLETED])('keeps its flag when the other sample is normal (%s), and the report is critical', async (status) => {
    const [first, second] = await redrawn();
    fixture.advanceOrder(second, status, { interpretation: 'normal' });
    await fixture.deliverWebhooks();
    expect(await flags()).toEqual(CRITICAL);
    expect(await listResults()).toContainEqual(['Testosterone, Total', 'final', 'HH']);
    await fixture.pollOrder(first);
    await fixture.pollOrder(second);
    expect(await flags()).toEqual(CRITICAL);
  });

  test('keeps its flag when only the other sample is corrected', async () => {
    const [, second] = await redrawn();
    fixture.advanceOrder(second, COMPLETED, { interpretation: 'normal' });
    await fixture.deliverWebhooks();
    fixture.advanceOrder(second, CORRECTED);
    await fixture.deliverWebhooks();
    expect([await flags(), (await report()).status]).toEqual([CRITICAL, 'corrected']);
    expect(await listResults()).toContainEqual(['Testosterone, Total', 'final', 'HH']);
  });

  test('keeps its flag when two processes apply both orders at once', async () => {
    const [first, second] = await redrawn();
    fixture.advanceOrder(second, COMPLETED, { interpretation: 'normal', silent: true });
    const placed = await Promise.all([first, second].map(fixture.trackedOrder));
    await store.store.trackedOrders.wake(
      placed.map((order) => order!),
      fixture.tracker.clock().toISOString(),
    );
    await Promise.all([fixture.track(), fixture.track(fixture.createTracker())]);
    expect(await flags()).toEqual(CRITICAL);
  });
});

test('an order with a critical interpretation but normal values stays critical when the redraw is normal', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL);
  const order = fixture.networkOrder(id);
  fixture.sandbox.state.orders.set(id, { ...order, report: { ...order.report!, interpretation: 'critical' } });
  await fixture.deliverWebhooks();
  expect(await flags()).toEqual(CRITICAL);
  fixture.advanceOrder(id, REDRAW);
  await fixture.deliverWebhooks();
  fixture.advanceOrder(newest().id, COMPLETED, { interpretation: 'normal' });
  await fixture.deliverWebhooks();
  expect(await flags()).toEqual(CRITICAL);
});

test('a critical report stays critical when the redraw’s value replaces the critical one because samples are not identified', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL, { results: [UNNAMED] });
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, REDRAW);
  await fixture.deliverWebhooks();
  const normal = { ...UNNAMED, result: '4.0', interpretation: 'normal', is_above_max_range: false };
  fixture.advanceOrder(newest().id, COMPLETED, { results: [normal] });
  await fixture.deliverWebhooks();
  await fixture.pollOrder(id);
  expect([await listResults(), await flags()]).toEqual([[['Potassium', 'amended', 'N']], CRITICAL]);
});

test('the result of a redrawn order does not replace values of the other sample', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL, { results: [UNNAMED, { ...NAMED, provider_id: '9', name: 'Sodium', slug: 'sodium' }], silent: true });
  fixture.advanceOrder(id, REDRAW, { silent: true });
  await fixture.pollOrder(id);
  fixture.advanceOrder(newest().id, COMPLETED, {
    results: [{ ...UNNAMED, result: '4.0', interpretation: 'normal', is_above_max_range: false }],
  });
  await fixture.deliverWebhooks();
  const values = async () => (await listObservations()).map(({ valueQuantity }) => (valueQuantity as { value: number }).value).toSorted();
  expect([(await report()).status, await values()]).toEqual(['final', [4, 7.1]]);
  fixture.addFaults({ operation: 'journeyResult', kind: 'error', status: 404, times: 1 });
  await fixture.pollOrder(id);
  expect([(await report()).status, await values()]).toEqual(['final', [4, 7.1]]);
});

test('a correction by the laboratory ends the critical flag', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { interpretation: 'critical' });
  await fixture.deliverWebhooks();
  expect(await flags()).toEqual(CRITICAL);
  const { results } = fixture.networkOrder(id).report!;
  const right = results.map((result, index) =>
    index ? result : { ...result, result: '45.0', interpretation: 'normal', is_above_max_range: false },
  );
  fixture.advanceOrder(id, CORRECTED, { results: right });
  fixture.sandbox.state.orders.set(id, {
    ...fixture.networkOrder(id),
    report: { ...fixture.networkOrder(id).report!, interpretation: 'normal' },
  });
  await fixture.deliverWebhooks();
  expect([await flags(), (await listResults())[0]]).toEqual([
    [undefined, 'normal'],
    ['Testosterone, Total', 'corrected', 'N'],
  ]);
});

test('a code that this server derives from the same text later is not a correction', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { results: [{ ...NAMED, unit: 'furlongs', reference_range: '1-2', min_range_value: 1 }] });
  await fixture.deliverWebhooks();
  const { units, ...mappings } = fixture.tracker.results;
  const knowing = { ...fixture.tracker, results: { ...mappings, units: new Map([...units, ['furlongs', '[fur_us]']]) } };
  await store.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
  await fixture.track(knowing);
  expect(await listObservations()).toMatchObject([{ status: 'final', valueQuantity: { unit: 'furlongs', code: '[fur_us]' } }]);
});

test('a missing marker that is reported later is the same Observation', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { missing: true });
  await fixture.deliverWebhooks();
  const missing = (await listObservations()).find(({ status }) => status === 'cancelled')!;
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  expect((await listResults()).filter(([name]) => name === 'DHEA Sulfate')).toEqual([['DHEA Sulfate', 'final', 'N']]);
  expect((await fixture.read('Observation', missing.id!)).status).toBe('final');
  const before = JSON.stringify([await report(), await listObservations()]);
  await fixture.pollOrder(id);
  expect(JSON.stringify([await report(), await listObservations()])).toBe(before);
});

test.each([
  ['without a code and a sample', [false, true]],
  ['with a code and a sample', [true, false]],
])('a marker that is named %s first and differently later is one Observation', async (_title, isNamed) => {
  const { id } = await fixture.placeOrder();
  const [first, second] = isNamed.map((named) =>
    named ? { ...NAMED, source_sample_id: toSampleNumber(fixture.networkOrder(id)) } : UNNAMED,
  );
  fixture.advanceOrder(id, PARTIAL, { results: [first!] });
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, COMPLETED, { results: [second!] });
  await fixture.deliverWebhooks();
  await fixture.pollOrder(id);
  expect(await listResults()).toEqual([['Potassium', 'final', 'HH']]);
  expect(await flags()).toEqual(CRITICAL);
});

test('a value of an unknown sample does not replace a measured one', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL, { results: [{ ...NAMED, source_sample_id: toSampleNumber(fixture.networkOrder(id)) }] });
  await fixture.deliverWebhooks();
  const other = { ...NAMED, source_sample_id: 'S2', result: '4.0', interpretation: 'normal', is_above_max_range: false };
  fixture.advanceOrder(id, COMPLETED, { results: [other] });
  await fixture.deliverWebhooks();
  expect((await listResults()).toSorted()).toEqual([
    ['Potassium', 'final', 'HH'],
    ['Potassium', 'final', 'N'],
  ]);
  expect(await flags()).toEqual(CRITICAL);
});

test('two laboratory codes with one name are two markers, in any order', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL, { results: [NAMED] });
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, COMPLETED, {
    results: [{ ...NAMED, provider_id: '124', interpretation: 'normal', is_above_max_range: false, result: '4.0' }],
  });
  await fixture.deliverWebhooks();
  expect(await listResults()).toEqual([
    ['Potassium', 'final', 'N'],
    ['Potassium', 'final', 'HH'],
  ]);
});

test('a missing marker replaces a measured value only by a correction', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL, { results: [{ ...UNNAMED, name: 'DHEA Sulfate', slug: 'dhea-sulfate' }] });
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, COMPLETED, { missing: true, interpretation: 'normal' });
  await fixture.deliverWebhooks();
  expect((await listResults()).filter(([name]) => name === 'DHEA Sulfate')).toEqual([['DHEA Sulfate', 'final', 'HH']]);
  expect(await flags()).toEqual(CRITICAL);
  fixture.advanceOrder(id, CORRECTED);
  await fixture.deliverWebhooks();
  expect((await listResults()).filter(([name]) => name === 'DHEA Sulfate').map(([, status]) => status)).toEqual(['cancelled']);
  expect((await flags())[0]).toBeUndefined();
});

test('a report with both a measured and a missing Observation of a marker loses the missing one', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  const own = { ...(await listObservations()).find(({ code }) => (code as { text: string }).text === 'DHEA Sulfate')! };
  const { valueQuantity: _value, specimen: _specimen, ...rest } = own;
  const write = async (resource: Resource) =>
    update(fixture.context, { type: resource.resourceType as ServedType, id: resource.id!, draft: { resource, exact: resource } });
  await write({ ...(rest as Resource), id: 'late', status: 'cancelled' });
  const stands = await report();
  await write({ ...stands, result: [...(stands.result as object[]), { reference: 'Observation/late' }] } as Resource);
  await fixture.pollOrder(id);
  expect([(await report()).status, (await listObservations()).map(({ status }) => status)]).toEqual(['amended', Array(4).fill('final')]);
});

test.each(['later than its first result', 'only at first'])('a journey whose id is known %s has one report', async (when) => {
  const { id } = await fixture.placeOrder();
  const { reads } = fixture.tracker;
  const readOrder: typeof reads.readOrder = async (...args) => {
    const outcome = await reads.readOrder(...args);
    return outcome.kind === 'accepted' && outcome.value ? { ...outcome, value: { ...outcome.value, transaction: undefined } } : outcome;
  };
  const nameless = { ...fixture.tracker, reads: { ...reads, readOrder } };
  const [first, second] = when === 'only at first' ? [fixture.tracker, nameless] : [nameless, fixture.tracker];
  for (const [status, tracker] of [[PARTIAL, first] as const, [COMPLETED, second] as const]) {
    fixture.advanceOrder(id, status, { silent: true });
    await store.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
    await fixture.track(tracker);
  }
  expect((await reports()).map(({ status }) => status)).toEqual(['final']);
  expect((await report()).presentedForm).toHaveLength(1);
  if (when === 'only at first') return;
  fixture.advanceOrder(id, REDRAW);
  await fixture.deliverWebhooks();
  fixture.advanceOrder(newest().id, COMPLETED);
  await fixture.deliverWebhooks();
  expect(await reports()).toHaveLength(1);
});

test('each marker has the collection date of its own sample', async () => {
  const { id } = await fixture.placeOrder();
  const [early, late] = ['Sodium', 'Potassium'].map((name, index) => ({
    ...POTASSIUM,
    name,
    slug: name.toLowerCase(),
    provider_id: `${index}`,
  }));
  fixture.advanceOrder(id, PARTIAL, { results: [{ ...early, source_sample_id: toSampleNumber(fixture.networkOrder(id)) }] });
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, REDRAW);
  await fixture.deliverWebhooks();
  fixture.advance(24 * 3600);
  const second = newest();
  fixture.advanceOrder(second.id, COMPLETED, { results: [{ ...late, source_sample_id: toSampleNumber(second) }] });
  await fixture.deliverWebhooks();
  const days = (await listObservations()).map((resource) => [(resource.code as { text: string }).text, resource.effectiveDateTime]);
  expect(days.toSorted()).toEqual([
    ['Potassium', '2026-11-22T07:00:00-05:00'],
    ['Sodium', '2026-11-21T07:00:00-05:00'],
  ]);
});
