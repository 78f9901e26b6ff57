// Panels: the ordered markers that the lab network names for several results are Observations whose members are these results.
import type { Resource } from '../../src/fhir/types.ts';
import { update } from '../../src/interactions/update.ts';
import { toSampleNumber } from '../../src/junction-sandbox/report.ts';
import type { SandboxResult } from '../../src/junction-sandbox/sandbox-state.ts';
import type { TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { COMPLETED, CORRECTED, openTrackingFixture, PARTIAL, REDRAW, type TrackingFixture } from './tracking-fixture.ts';
import { loadUsCore, validateResults } from './us-core-results.ts';

let fixture: TrackingFixture;
let store: TestStore;
openBeforeEach(
  async (opened) => {
    await loadUsCore(opened);
    return openTrackingFixture(opened);
  },
  (opened, on) => {
    [fixture, store] = [opened, on];
  },
);

const LIPIDS = { marker_id: 7600, name: 'Lipid Panel', slug: 'lipid-panel', provider_id: '7600' };
const GLUCOSE = { marker_id: 483, name: 'Glucose', slug: 'glucose', provider_id: '483' };
const result = (name: string, source_markers: object[] | null = [LIPIDS], more: object = {}): SandboxResult => ({
  ...{ name, slug: name.toLowerCase(), provider_id: `r-${name}`, type: 'numeric', result: '50', unit: 'mg/dL', interpretation: 'normal' },
  ...{ source_markers, performing_laboratory: 'Sandbox Laboratory' },
  ...more,
});
const [TRIGLYCERIDES, HDL, SUGAR] = [result('Triglycerides'), result('HDL'), result('Glucose', [GLUCOSE])];
const LDL = result('LDL');

const nameOf = ({ code }: Resource) => (code as { text: string }).text;
const referencesOf = (list: unknown) => ((list ?? []) as { reference: string }[]).map(({ reference }) => reference.split('/')[1]!);
const namesOf = (list: unknown) => Promise.all(referencesOf(list).map(async (id) => nameOf(await fixture.read('Observation', id))));
const report = async () => (await fixture.listResources('DiagnosticReport'))[0]!;
const panels = async () => (await fixture.listResources('Observation')).filter(({ code }) => nameOf({ code } as never).endsWith('Panel'));
/** Status and members of each panel. */
const seen = async () => Promise.all((await panels()).map(async ({ status, hasMember }) => [status, await namesOf(hasMember)]));
const versions = async () =>
  JSON.stringify(
    await store.database.query('select rtype, id, ver from resource where tenant_id = $1 and rtype = 13 order by 1, 2', [fixture.tenant]),
  );
async function step(id: string, status: string, wishes: Parameters<TrackingFixture['advanceOrder']>[2]) {
  fixture.advanceOrder(id, status, wishes);
  await fixture.deliverWebhooks();
  expect((await validateResults(fixture)).issues).toEqual([]);
}

test('a panel begins with its second result, grows, is final with the report, and is listed before its members', async () => {
  const { id } = await fixture.placeOrder();
  await step(id, PARTIAL, { results: [HDL, SUGAR] });
  expect(await seen()).toEqual([]);
  await step(id, PARTIAL, { results: [HDL, SUGAR, TRIGLYCERIDES] });
  expect(await seen()).toEqual([['preliminary', ['HDL', 'Triglycerides']]]);
  await step(id, COMPLETED, { results: [HDL, SUGAR, TRIGLYCERIDES, LDL] });
  expect(await seen()).toEqual([['final', ['HDL', 'Triglycerides', 'LDL']]]);
  expect(await namesOf((await report()).result)).toEqual(['Lipid Panel', 'HDL', 'Glucose', 'Triglycerides', 'LDL']);
  const [panel] = await panels();
  expect(panel).toMatchObject({
    category: [{ coding: [{ code: 'laboratory' }] }],
    code: {
      coding: [{ code: 'lipid-panel' }, { system: expect.stringContaining('/junction-provider/'), code: '7600' }],
      text: 'Lipid Panel',
    },
    subject: { reference: 'Patient/ada' },
    basedOn: [{ reference: 'ServiceRequest/one' }],
    specimen: { reference: expect.stringContaining('Specimen/') },
    effectiveDateTime: '2026-11-21T07:00:00-05:00',
    performer: [{ display: 'Sandbox Laboratory' }],
  });
  expect(Object.keys(panel!).filter((name) => /^value|^dataAbsent/.test(name))).toEqual([]);
  const before = await versions();
  await fixture.pollOrder(id);
  expect(await versions()).toBe(before);
});

test('a result with some members leaves the others, their order, and what they share', async () => {
  const { id } = await fixture.placeOrder();
  const sample = { source_sample_id: toSampleNumber(fixture.networkOrder(id)) };
  await step(id, PARTIAL, { results: [result('HDL', [LIPIDS], sample), result('Triglycerides', [LIPIDS], sample)] });
  const [{ specimen, performer } = {} as Resource] = await panels();
  expect([specimen, performer]).toEqual([{ reference: expect.any(String) }, [expect.objectContaining({ display: 'Sandbox Laboratory' })]]);
  await step(id, COMPLETED, { results: [result('LDL', [LIPIDS], { source_sample_id: 'other' })] });
  expect([await seen(), (await panels())[0]!.specimen]).toEqual([[['final', ['HDL', 'Triglycerides', 'LDL']]], specimen]);
  const other = { ...sample, performing_laboratory: 'Nichols Institute' };
  await step(id, COMPLETED, {
    results: [result('HDL', [LIPIDS], sample), result('Triglycerides', [LIPIDS], other), result('LDL', [LIPIDS], sample)],
  });
  expect([(await seen())[0]![1], (await panels())[0]!.performer, (await panels())[0]!.specimen]).toEqual([
    expect.arrayContaining(['HDL', 'Triglycerides', 'LDL']),
    undefined,
    specimen,
  ]);
});

test('a marker with one result is no panel, and a result may belong to two panels', async () => {
  const { id } = await fixture.placeOrder();
  const metabolic = { marker_id: 10231, name: 'Metabolic Panel', slug: 'metabolic-panel', provider_id: null };
  await step(id, COMPLETED, { results: [HDL, SUGAR, result('Triglycerides', [LIPIDS, metabolic]), result('Sodium', [metabolic])] });
  expect((await seen()).toSorted()).toEqual([
    ['final', ['HDL', 'Triglycerides']],
    ['final', ['Triglycerides', 'Sodium']],
  ]);
});

test('two panels of one name have different codes', async () => {
  const { id } = await fixture.placeOrder();
  const other = { ...LIPIDS, provider_id: '92145' };
  await step(id, COMPLETED, { results: [HDL, TRIGLYCERIDES, result('Lp(a)', [other]), result('ApoB', [other])] });
  expect((await seen()).toSorted()).toEqual([
    ['final', ['HDL', 'Triglycerides']],
    ['final', ['Lp(a)', 'ApoB']],
  ]);
});

test('a missing marker is a member, and a correction withdraws members and panels', async () => {
  const { id } = await fixture.placeOrder();
  const missing = {
    name: 'LDL',
    slug: 'ldl',
    provider_id: 'r-LDL',
    inferred_failure_type: 'missing_result_calc_failure',
    source_markers: [LIPIDS],
  };
  fixture.advanceOrder(id, COMPLETED, { results: [HDL, TRIGLYCERIDES], silent: true });
  const reportMissing = (missing: SandboxResult[]) => {
    const order = fixture.networkOrder(id);
    fixture.sandbox.state.orders.set(id, { ...order, report: { ...order.report!, missing } });
  };
  reportMissing([missing]);
  await fixture.pollOrder(id);
  expect(await seen()).toEqual([['final', ['HDL', 'Triglycerides', 'LDL']]]);
  fixture.advance(3600);
  await step(id, CORRECTED, { results: [HDL, LDL] });
  expect(await seen()).toEqual([['corrected', ['HDL', 'LDL']]]);
  fixture.advance(3600);
  reportMissing([]);
  await step(id, CORRECTED, { results: [SUGAR] });
  expect((await seen()).map(([status]) => status)).toEqual(['entered-in-error']);
  expect(await namesOf((await report()).result)).toEqual(['Glucose']);
  fixture.advance(3600);
  await step(id, CORRECTED, { results: [HDL, LDL, SUGAR] });
  expect(await seen()).toEqual([['corrected', ['HDL', 'LDL']]]);
});

test('the panel of an order that fails is cancelled, and its results stay', async () => {
  const { id } = await fixture.placeOrder();
  await step(id, PARTIAL, { results: [HDL, TRIGLYCERIDES] });
  await step(id, 'failed.walk_in_test.sample_error', {});
  expect([(await report()).status, await seen()]).toEqual(['cancelled', [['cancelled', ['HDL', 'Triglycerides']]]]);
});

test('a redraw completes the panel of the first order', async () => {
  const { id } = await fixture.placeOrder();
  await step(id, PARTIAL, { results: [HDL, TRIGLYCERIDES] });
  await step(id, REDRAW, {});
  const redraw = [...fixture.sandbox.state.orders.values()].at(-1)!;
  await step(redraw.id, COMPLETED, { results: [LDL] });
  expect(await seen()).toEqual([['final', ['HDL', 'Triglycerides', 'LDL']]]);
  const before = await versions();
  await fixture.pollOrder(id);
  await fixture.pollOrder(redraw.id);
  expect(await versions()).toBe(before);
});

test('a group that people have added to the report, and a code that they have added to a panel, stay', async () => {
  const { id } = await fixture.placeOrder();
  await step(id, PARTIAL, { results: [HDL, TRIGLYCERIDES] });
  const write = async (resource: Resource) =>
    update(fixture.context, { type: resource.resourceType as 'Observation', id: resource.id!, draft: { resource, exact: resource } });
  const stored = await report();
  const group = {
    resourceType: 'Observation',
    id: 'own',
    status: 'final',
    code: { text: 'Risk Panel' },
    hasMember: [{ reference: 'Observation/x' }],
  };
  await write(group as Resource);
  await write({ ...stored, result: [...(stored.result as object[]), { reference: 'Observation/own' }] } as Resource);
  const panel = (await panels()).find(({ status }) => status === 'preliminary')!;
  const { coding, ...code } = panel.code as { coding: object[] };
  await write({ ...panel, code: { ...code, coding: [{ system: 'http://loinc.org', code: '24331-1' }, ...coding] } } as Resource);
  fixture.advanceOrder(id, COMPLETED, { results: [HDL, TRIGLYCERIDES, LDL] });
  await fixture.deliverWebhooks();
  expect(await fixture.read('Observation', 'own')).toMatchObject({ status: 'final', hasMember: [{ reference: 'Observation/x' }] });
  expect(await namesOf((await report()).result)).toContain('Risk Panel');
  expect((await fixture.read('Observation', panel.id!)).code).toMatchObject({ coding: [{ code: '24331-1' }, {}, {}] });
});
