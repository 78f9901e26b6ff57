// Corrections that come in pieces: announced before they can be read, told as partial first, with a document that comes late, or taking everything back.
// Numbers are rows of the failure matrix.
import type { Resource } from '../../src/fhir/types.ts';
import { update } from '../../src/interactions/update.ts';
import type { SandboxOrder, SandboxReport } from '../../src/junction-sandbox/sandbox-state.ts';
import { eachInAWorld } from './each-world.ts';
import { COMPLETED, CORRECTED, type FollowWorld, followWorld, PARTIAL, REDRAW } from './follow-world.ts';

let here: FollowWorld;
eachInAWorld(followWorld, (world) => {
  here = world;
});

const report = async (): Promise<Resource> => (await here.all('DiagnosticReport'))[0]!;
const values = async () =>
  (await here.all('Observation')).map(({ status, valueQuantity }) => [status, (valueQuantity as { value: number } | undefined)?.value]);
const shownIn = async () => ((await report()).result as unknown[] | undefined)?.length ?? 0;
/** The document's text; undefined: the report shows none. */
const document = async (): Promise<string | undefined> => {
  const [{ url } = {}] = ((await report()).presentedForm ?? []) as { url?: string }[];
  if (url === undefined) return undefined;
  return Buffer.from((await here.read('Binary', url.split('/')[1]!)).data as string, 'base64').toString('latin1');
};
/** What the network tells of the result, whatever it has announced. */
const tells = (id: string, report: SandboxReport) => here.sandbox.state.orders.set(id, { ...here.at(id), report });
const looks = async (minutes: number) => {
  for (let nth = 0; nth < minutes; nth++) {
    here.advance(60);
    await here.follow();
  }
};
const nextPollAt = async (id: string) => (await here.placed(id))!.nextAt;
const newest = (): SandboxOrder => [...here.sandbox.state.orders.values()].at(-1)!;

/** Completed, an hour later corrected; what was told before that and is told after it. */
async function corrected(): Promise<{ id: string; before: SandboxReport; after: SandboxReport }> {
  const { id } = await here.ordered();
  here.step(id, COMPLETED);
  await here.tell();
  here.advance(3600);
  const before = here.at(id).report!;
  here.step(id, CORRECTED);
  return { id, before, after: here.at(id).report! };
}

test('40: a correction that is announced before it can be read is stored as soon as it can', async () => {
  const { id, before, after } = await corrected();
  tells(id, before);
  await here.tell();
  expect([(await report()).status, (await values())[0]]).toEqual(['final', ['final', 45]]);
  tells(id, after);
  await looks(5);
  expect([(await report()).status, (await values())[0]]).toEqual(['corrected', ['corrected', 45.01]]);
  expect([await nextPollAt(id), await document()]).toEqual([null, expect.stringContaining(after.reportedAt)]);
});

test('40: a correction without changes is accepted after an hour, and not polled any more', async () => {
  const { id, before } = await corrected();
  tells(id, before);
  await here.tell();
  await looks(90);
  expect([(await report()).status, (await values())[0], await nextPollAt(id)]).toEqual(['corrected', ['final', 45], null]);
  expect(await document()).toContain(before.reportedAt);
});

test('40: a partial correction withdraws nothing', async () => {
  const { id, before, after } = await corrected();
  tells(id, { ...after, status: 'partial', results: before.results.slice(2), hasDocument: false });
  await here.tell();
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
  await here.tell();
  expect([(await report()).status, await shownIn(), (await values()).map(([status]) => status)]).toEqual([
    'corrected',
    0,
    Array(4).fill('entered-in-error'),
  ]);
  expect(await document()).toBeUndefined();
});

test('40: a partial correction of a redraw leaves the report unchanged', async () => {
  const first = await here.ordered();
  here.step(first.id, PARTIAL);
  here.step(first.id, REDRAW);
  await here.tell();
  const { id } = newest();
  here.step(id, COMPLETED);
  await here.tell();
  const before = here.at(id).report!;
  here.step(id, CORRECTED);
  tells(id, { ...before, status: 'partial', results: before.results.slice(2) });
  await here.tell();
  expect([(await report()).status, (await values()).map(([status]) => status)]).toEqual([
    'final',
    expect.not.arrayContaining(['entered-in-error']),
  ]);
});

test('40: values that return within an hour after a complete withdrawal are restored', async () => {
  const { id, after } = await corrected();
  tells(id, { ...after, results: [], missing: [] });
  await here.tell();
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
  const { id } = await here.ordered();
  here.step(id, PARTIAL);
  await here.tell();
  here.step(id, COMPLETED, { results: [], noDocument: true });
  await here.tell();
  expect([(await report()).status, await shownIn()]).toEqual(['partial', 2]);
});

test('40: a corrected report has no document until the corrected one is available', async () => {
  const { id, before, after } = await corrected();
  tells(id, { ...after, hasDocument: false });
  await here.tell();
  expect([(await report()).status, await document()]).toEqual(['corrected', undefined]);
  // the document alone is still the old one
  tells(id, { ...after, reportedAt: before.reportedAt });
  await looks(5);
  expect(await document()).toBeUndefined();
  tells(id, after);
  await looks(5);
  expect([await document(), await nextPollAt(id)]).toEqual([expect.stringContaining(after.reportedAt), null]);
  await here.news(id);
  expect(await document()).toContain(after.reportedAt);
});

test('40: attachments that people added to the report stay, before and after a correction', async () => {
  const { id, after } = await corrected();
  const stands = await report();
  const own = { contentType: 'application/pdf', url: 'https://example.org/letter.pdf' };
  const more = { ...stands, presentedForm: [...(stands.presentedForm as object[]), own] };
  await update(here.context, { type: 'DiagnosticReport', id: stands.id!, draft: { resource: more, exact: more } });
  tells(id, { ...after, hasDocument: false });
  await here.tell();
  expect((await report()).presentedForm).toEqual([own]);
  tells(id, after);
  await looks(5);
  expect((await report()).presentedForm).toEqual([own, expect.objectContaining({ url: expect.stringContaining('Binary/') })]);
});

test('40: a document that the correction did not change is shown again after an hour', async () => {
  const { id, before, after } = await corrected();
  tells(id, { ...after, reportedAt: before.reportedAt });
  await here.tell();
  expect([(await report()).status, await document()]).toEqual(['corrected', undefined]);
  await looks(90);
  expect([await document(), await nextPollAt(id)]).toEqual([expect.stringContaining(before.reportedAt), null]);
});
