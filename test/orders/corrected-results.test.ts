// Corrections of results in several steps: announced before they can be read, first partial, with a late document, or withdrawing everything.
import type { Resource } from '../../src/fhir/types.ts';
import { update } from '../../src/interactions/update.ts';
import type { SandboxOrder, SandboxReport } from '../../src/junction-sandbox/sandbox-state.ts';
import { openBeforeEach } from './open-before-each.ts';
import { COMPLETED, CORRECTED, openTrackingFixture, PARTIAL, REDRAW, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const report = async (): Promise<Resource> => (await fixture.listResources('DiagnosticReport'))[0]!;
const values = async () =>
  (await fixture.listResources('Observation')).map(({ status, valueQuantity }) => [
    status,
    (valueQuantity as { value: number } | undefined)?.value,
  ]);
const shownIn = async () => ((await report()).result as unknown[] | undefined)?.length ?? 0;
/** The document's text; undefined: the report shows none. */
const document = async (): Promise<string | undefined> => {
  const [{ url } = {}] = ((await report()).presentedForm ?? []) as { url?: string }[];
  if (url === undefined) return undefined;
  return Buffer.from((await fixture.read('Binary', url.split('/')[1]!)).data as string, 'base64').toString('latin1');
};
/** What the network tells of the result, whatever it has announced. */
const tells = (id: string, report: SandboxReport) => fixture.sandbox.state.orders.set(id, { ...fixture.networkOrder(id), report });
const looks = async (minutes: number) => {
  for (let n = 0; n < minutes; n++) {
    fixture.advance(60);
    await fixture.track();
  }
};
const nextPollAt = async (id: string) => (await fixture.trackedOrder(id))!.nextAt;
const newest = (): SandboxOrder => [...fixture.sandbox.state.orders.values()].at(-1)!;

/** Completed, an hour later corrected; what was told before that and is told after it. */
async function corrected(): Promise<{ id: string; before: SandboxReport; after: SandboxReport }> {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  fixture.advance(3600);
  const before = fixture.networkOrder(id).report!;
  fixture.advanceOrder(id, CORRECTED);
  return { id, before, after: fixture.networkOrder(id).report! };
}

test('40: a correction that is announced before it can be read is stored as soon as it can', async () => {
  const { id, before, after } = await corrected();
  tells(id, before);
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await values())[0]]).toEqual(['final', ['final', 45]]);
  tells(id, after);
  await looks(5);
  expect([(await report()).status, (await values())[0]]).toEqual(['corrected', ['corrected', 45.01]]);
  expect([await nextPollAt(id), await document()]).toEqual([null, expect.stringContaining(after.reportedAt)]);
});

test('40: a correction without changes is accepted after an hour, and not polled any more', async () => {
  const { id, before } = await corrected();
  tells(id, before);
  await fixture.deliverWebhooks();
  await looks(90);
  expect([(await report()).status, (await values())[0], await nextPollAt(id)]).toEqual(['corrected', ['final', 45], null]);
  expect(await document()).toContain(before.reportedAt);
});

test('40: a partial correction withdraws nothing', async () => {
  const { id, before, after } = await corrected();
  tells(id, { ...after, status: 'partial', results: before.results.slice(2), hasDocument: false });
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await values()).map(([status]) => status), await shownIn()]).toEqual([
    'final',
    Array(4).fill('final'),
    4,
  ]);
  expect(await document()).toContain(before.reportedAt);
  tells(id, after);
  await looks(5);
  expect([(await report()).status, (await values())[0], await nextPollAt(id)]).toEqual(['corrected', ['corrected', 45.01], null]);
});

test('40: a correction that withdraws everything leaves a report without results', async () => {
  const { id, after } = await corrected();
  tells(id, { ...after, results: [], missing: [], hasDocument: false });
  await fixture.deliverWebhooks();
  expect([(await report()).status, await shownIn(), (await values()).map(([status]) => status)]).toEqual([
    'corrected',
    0,
    Array(4).fill('entered-in-error'),
  ]);
  expect(await document()).toBeUndefined();
});

test('40: a partial correction of a redraw leaves the report unchanged', async () => {
  const first = await fixture.placeOrder();
  fixture.advanceOrder(first.id, PARTIAL);
  fixture.advanceOrder(first.id, REDRAW);
  await fixture.deliverWebhooks();
  const { id } = newest();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  const before = fixture.networkOrder(id).report!;
  fixture.advanceOrder(id, CORRECTED);
  tells(id, { ...before, status: 'partial', results: before.results.slice(2) });
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await values()).map(([status]) => status)]).toEqual([
    'final',
    expect.not.arrayContaining(['entered-in-error']),
  ]);
});

test('40: values that return within an hour after a complete withdrawal are restored', async () => {
  const { id, after } = await corrected();
  tells(id, { ...after, results: [], missing: [] });
  await fixture.deliverWebhooks();
  tells(id, after);
  await looks(5);
  expect([(await report()).status, await shownIn(), (await values())[0], await nextPollAt(id)]).toEqual([
    'corrected',
    4,
    ['corrected', 45.01],
    null,
  ]);
});

test('an empty result of an uncorrected order withdraws nothing', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL);
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, COMPLETED, { results: [], noDocument: true });
  await fixture.deliverWebhooks();
  expect([(await report()).status, await shownIn()]).toEqual(['partial', 2]);
});

test('40: a corrected report has no document until the corrected one is available', async () => {
  const { id, before, after } = await corrected();
  tells(id, { ...after, hasDocument: false });
  await fixture.deliverWebhooks();
  expect([(await report()).status, await document()]).toEqual(['corrected', undefined]);
  // the document alone is still the old one
  tells(id, { ...after, reportedAt: before.reportedAt });
  await looks(5);
  expect(await document()).toBeUndefined();
  tells(id, after);
  await looks(5);
  expect([await document(), await nextPollAt(id)]).toEqual([expect.stringContaining(after.reportedAt), null]);
  await fixture.pollOrder(id);
  expect(await document()).toContain(after.reportedAt);
});

test('40: attachments that people added to the report stay, before and after a correction', async () => {
  const { id, after } = await corrected();
  const stands = await report();
  const own = { contentType: 'application/pdf', url: 'https://example.org/letter.pdf' };
  const more = { ...stands, presentedForm: [...(stands.presentedForm as object[]), own] };
  await update(fixture.context, { type: 'DiagnosticReport', id: stands.id!, draft: { resource: more, exact: more } });
  tells(id, { ...after, hasDocument: false });
  await fixture.deliverWebhooks();
  expect((await report()).presentedForm).toEqual([own]);
  tells(id, after);
  await looks(5);
  expect((await report()).presentedForm).toEqual([own, expect.objectContaining({ url: expect.stringContaining('Binary/') })]);
});

test('40: a document that the correction did not change is shown again after an hour', async () => {
  const { id, before, after } = await corrected();
  tells(id, { ...after, reportedAt: before.reportedAt });
  await fixture.deliverWebhooks();
  expect([(await report()).status, await document()]).toEqual(['corrected', undefined]);
  await looks(90);
  expect([await document(), await nextPollAt(id)]).toEqual([expect.stringContaining(before.reportedAt), null]);
});
