// Every DiagnosticReport, Observation and Specimen of a result is valid by US Core's laboratory profiles, at every stage of an order and for whatever the laboratory printed.
import { update } from '../../src/interactions/update.ts';
import type { OrderSnapshot } from '../../src/junction/order-snapshot.ts';
import type { SandboxResult } from '../../src/junction-sandbox/sandbox-state.ts';
import type { OrderTracker } from '../../src/orders/track/order-tracker.ts';
import { openBeforeEach } from './open-before-each.ts';
import { COMPLETED, CORRECTED, openTrackingFixture, PARTIAL, REDRAW, type TrackingFixture } from './tracking-fixture.ts';
import { LAB_PROFILES, loadUsCore, validateResults } from './us-core-results.ts';

let fixture: TrackingFixture;
openBeforeEach(
  async (store) => {
    await loadUsCore(store);
    return openTrackingFixture(store);
  },
  (opened) => {
    fixture = opened;
  },
);

const statuses = async () => (await fixture.listResources('DiagnosticReport')).map(({ status }) => status);
/** Moves the order, delivers the webhooks, and validates everything that is stored. */
async function step(id: string, status: string, wishes: Parameters<TrackingFixture['advanceOrder']>[2] = {}) {
  fixture.advanceOrder(id, status, wishes);
  await fixture.deliverWebhooks();
  return validateResults(fixture);
}

test('partial, final, corrected and critical results, and a corrected one without its former value', async () => {
  const { id } = await fixture.placeOrder();
  expect(await step(id, PARTIAL)).toEqual({ checked: { DiagnosticReport: 1, Observation: 2, Specimen: 1 }, issues: [] });
  expect(await step(id, COMPLETED, { missing: true })).toEqual({
    checked: { DiagnosticReport: 1, Observation: 4, Specimen: 1 },
    issues: [],
  });
  expect(await step(id, COMPLETED, { interpretation: 'critical' })).toMatchObject({ checked: { Observation: 4 }, issues: [] });
  fixture.advance(3600);
  expect(await step(id, CORRECTED)).toMatchObject({ issues: [] });
  expect(await statuses()).toEqual(['corrected']);
  const { results } = fixture.networkOrder(id).report!;
  fixture.advance(3600);
  expect(await step(id, CORRECTED, { results: results.slice(1) })).toMatchObject({ checked: { Observation: 4 }, issues: [] });
  fixture.advance(3600);
  expect(await step(id, CORRECTED, { results: [] })).toMatchObject({ checked: { Observation: 4 }, issues: [] });
  expect((await fixture.listResources('Observation')).map(({ status }) => status)).toEqual(Array(4).fill('entered-in-error'));
});

test('the partial results of an order that is cancelled or fails', async () => {
  for (const [request, status] of [
    ['one', 'cancelled.walk_in_test.cancelled'],
    ['two', 'failed.walk_in_test.sample_error'],
  ] as const) {
    const { id } = await fixture.placeOrder(request);
    await step(id, PARTIAL);
    expect(await step(id, status)).toMatchObject({ issues: [] });
  }
  expect(await statuses()).toEqual(['cancelled', 'cancelled']);
});

test('a redraw', async () => {
  const { id } = await fixture.placeOrder();
  await step(id, PARTIAL, { missing: true });
  await step(id, REDRAW);
  const redraw = [...fixture.sandbox.state.orders.values()].at(-1)!;
  expect(await step(redraw.id, COMPLETED)).toEqual({ checked: { DiagnosticReport: 1, Observation: 6, Specimen: 2 }, issues: [] });
});

test('a profile that people claim stays when the result is applied again', async () => {
  const { id } = await fixture.placeOrder();
  await step(id, PARTIAL);
  const [marker] = await fixture.listResources('Observation');
  const claiming = { ...marker!, meta: { profile: [LAB_PROFILES.Observation!] } };
  await update(fixture.context, { type: 'Observation', id: marker!.id!, draft: { resource: claiming, exact: claiming } });
  fixture.advance(60);
  await step(id, COMPLETED, { results: fixture.networkOrder(id).report!.results.map((result) => ({ ...result, result: '45.5' })) });
  expect(await fixture.read('Observation', marker!.id!)).toMatchObject({
    status: 'amended',
    meta: { profile: [LAB_PROFILES.Observation] },
  });
});

/** The tracker of a network that reports orders and results differently. */
const trackerOf = (changes: {
  order?: (order: OrderSnapshot) => OrderSnapshot;
  result?: (result: Record<string, unknown>) => Record<string, unknown>;
}): OrderTracker => {
  const { reads } = fixture.tracker;
  const mapped =
    <A extends unknown[], T>(read: (...args: A) => Promise<T>, change: (value: never) => unknown = (value) => value) =>
    async (...args: A): Promise<T> => {
      const outcome = await read(...args);
      const { value } = outcome as { value?: never };
      return value ? { ...outcome, value: change(value) } : outcome;
    };
  return {
    ...fixture.tracker,
    reads: { ...reads, readOrder: mapped(reads.readOrder, changes.order), readResult: mapped(reads.readResult, changes.result) },
  };
};
async function complete(results: SandboxResult[] | undefined, changes: Parameters<typeof trackerOf>[0] = {}) {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { silent: true, ...(results && { results }) });
  await fixture.context.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
  await fixture.track(trackerOf(changes));
}

test('a result without times, sample type, laboratory and sample numbers', async () => {
  await complete(undefined, {
    order: (order) => ({
      ...order,
      sampleType: undefined,
      laboratory: { name: undefined, slug: undefined },
      updatedAt: undefined,
      events: order.events.map((event) => ({ ...event, at: undefined })),
    }),
    result: ({ metadata, ...result }) => ({
      ...result,
      metadata: { status: 'final', specimen_number: (metadata as { specimen_number: string }).specimen_number },
      sample_information: {},
    }),
  });
  expect(await validateResults(fixture)).toEqual({ checked: { DiagnosticReport: 1, Observation: 4, Specimen: 1 }, issues: [] });
});

test('a report without a time of its own was issued at the last event of its order', async () => {
  await complete(undefined, {
    result: ({ metadata, ...result }) => ({
      ...result,
      metadata: { ...(metadata as object), date_reported: null },
      sample_information: {},
    }),
  });
  expect((await fixture.listResources('DiagnosticReport'))[0]).toMatchObject({ issued: '2026-11-21T12:00:00.000Z' });
});

test('whatever the laboratory printed', async () => {
  const printed: [type: string, result: unknown, more?: object][] = [
    ['numeric', '5.4', { unit: 'furlongs' }],
    ['numeric', '5.4', { unit: '% of total Hgb', loinc: '4548-4' }],
    ['range', '<5', { unit: 'IU/mL' }],
    ['range', '>=200', { unit: 'mg/dL' }],
    ['range', '0-5', { unit: '/HPF' }],
    ['range', '1:80', { unit: 'titer' }],
    ['range', '<1:40', { unit: null }],
    ['comment', 'Negative'],
    ['coded_value', 'Positive'],
    ['numeric', '1,234', { unit: 'mg/dL', reference_range: 'see note' }],
    ['numeric', ''],
    ['numeric', null],
    ['hologram', 'TNP', { notes: 'Test not performed.', loinc: 'n/a', slug: null, provider_id: null }],
    ['numeric', '7', { performing_laboratory: null, interpretation: 'unknown', source_sample_id: 'none', timestamp: null }],
  ];
  const results = printed.map(([type, result, more], index) => ({
    name: `Marker ${index}`,
    slug: `marker-${index}`,
    provider_id: `${index}`,
    type,
    result,
    ...more,
  }));
  await complete(results);
  expect(await validateResults(fixture)).toEqual({
    checked: { DiagnosticReport: 1, Observation: printed.length, Specimen: 1 },
    issues: [],
  });
});
