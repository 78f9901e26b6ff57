// Results from the laboratory as FHIR: partial, final, corrected and critical, applied once, with history.
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { remove } from '../../src/interactions/delete.ts';
import { update } from '../../src/interactions/update.ts';
import type { TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, REQUEST } from './order-fixture.ts';
import { COMPLETED, CORRECTED, openTrackingFixture, PARTIAL, type TrackingFixture } from './tracking-fixture.ts';

let store: TestStore;
let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});

type Row = { rtype: number; body: string };
const all = (type: ServedType): Promise<Resource[]> => fixture.listResources(type);
const report = async (): Promise<Resource> => (await all('DiagnosticReport'))[0]!;
const named = async (name: string): Promise<Resource> =>
  (await all('Observation')).find((resource) => (resource.code as { text: string }).text === name)!;
const texts = async () =>
  (await store.database.query<Row>('select rtype, body from resource where tenant_id = $1 and rtype = 13', [fixture.tenant])).map(
    ({ body }) => body,
  );
const results = (id: string) => fixture.networkOrder(id).report!.results;
const versions = async (): Promise<string> =>
  JSON.stringify(
    await store.database.query(
      'select rtype, id, ver from resource where tenant_id = $1 and rtype in (4, 11, 12, 13, 14, 24) order by 1, 2',
      [fixture.tenant],
    ),
  );

test('final results: one report, an Observation for each marker, the sample, the document, and the Task points at the report', async () => {
  const { id, transactionId } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  const [report] = await all('DiagnosticReport');
  const [specimen] = await all('Specimen');
  const observations = await all('Observation');
  const [binary] = await all('Binary');
  expect(report).toMatchObject({
    status: 'final',
    basedOn: [{ reference: 'ServiceRequest/one' }],
    subject: { reference: 'Patient/ada' },
    identifier: [{ value: id }, { value: transactionId }],
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'LAB' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '11502-2' }, { code: 'pcos' }] },
    effectiveDateTime: '2026-11-21T07:00:00-05:00',
    issued: '2026-11-21T07:00:00-05:00',
    performer: [
      { display: 'Sandbox Laboratory', type: 'Organization', identifier: { system: 'urn:oid:2.16.840.1.113883.4.7', value: '05D0000000' } },
    ],
    conclusionCode: [{ text: 'normal' }],
    specimen: [{ reference: `Specimen/${specimen!.id}` }],
    result: observations.map((observation) => ({ reference: `Observation/${observation.id}` })),
    presentedForm: [{ contentType: 'application/pdf', url: `Binary/${binary!.id}`, hash: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/) }],
  });
  expect(specimen).toMatchObject({
    accessionIdentifier: { value: `S-${id.slice(0, 8)}` },
    type: { text: 'serum', coding: [{ system: 'http://snomed.info/sct', code: '119364003' }] },
    collection: { collectedDateTime: '2026-11-21T07:00:00-05:00' },
  });
  expect(Buffer.from(binary!.data as string, 'base64').toString('latin1')).toContain(`order ${id}`);
  expect((await fixture.tasks('one'))[0]!.output).toMatchObject([{ valueReference: { reference: `DiagnosticReport/${report!.id}` } }]);
  expect(observations).toHaveLength(4);
  expect(await named('Testosterone, Total')).toMatchObject({
    status: 'final',
    category: [{ coding: [{ code: 'laboratory' }] }],
    code: {
      coding: [
        { system: 'http://loinc.org', code: '2986-8' },
        { code: 'testosterone-total' },
        { system: expect.stringMatching(/junction-provider\/sandbox-laboratory$/) },
      ],
    },
    subject: { reference: 'Patient/ada' },
    basedOn: [{ reference: 'ServiceRequest/one' }],
    specimen: { reference: `Specimen/${specimen!.id}` },
    valueQuantity: { value: 45, unit: 'ng/dL', system: 'http://unitsofmeasure.org', code: 'ng/dL' },
    interpretation: [{ coding: [{ code: 'N' }] }],
    referenceRange: [{ low: { value: 9 }, high: { value: 55 }, text: '9.0-55.0' }],
  });
});

test('values and bounds keep their digits; LOINC is stored only if reported', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  const written = (await texts()).join('\n');
  for (const text of ['"value":45.0,', '"value":5.20,', '"value":2.40,', '"value":12.60,', '"value":9.0,']) expect(written).toContain(text);
  expect((await named('DHEA Sulfate')).code).toEqual({
    coding: [expect.objectContaining({ code: 'dhea-sulfate' }), expect.anything()],
    text: 'DHEA Sulfate',
  });
});

test('applying a result twice creates no new versions', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { missing: true });
  await fixture.deliverWebhooks();
  const before = await versions();
  await fixture.pollOrder(id);
  fixture.advance(24 * 3600);
  await fixture.context.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
  await fixture.track(fixture.createTracker());
  expect(await versions()).toBe(before);
  expect(fixture.countRequests('result')).toBe(3);
});

test('28: partial results are polled without a webhook; the others follow with the final result', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.sample_received', { silent: true });
  fixture.advance(6 * 3600);
  await fixture.track();
  expect(await all('DiagnosticReport')).toEqual([]);
  fixture.advanceOrder(id, PARTIAL, { silent: true });
  fixture.advance(3 * 3600 + 60);
  await fixture.track();
  expect([(await report()).status, (await all('Observation')).map(({ status }) => status), await all('Binary')]).toEqual([
    'partial',
    ['final', 'final'],
    [],
  ]);
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await all('Observation')).map(({ status }) => status)]).toEqual(['final', Array(4).fill('final')]);
  expect(
    (await fixture.context.store.readVersions(fixture.tenant, 'DiagnosticReport', (await report()).id!, { count: 9 })).length,
  ).toBeGreaterThan(1);
});

test('40: a correction changes the wrong marker, and history keeps the former value', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  fixture.advance(3600);
  fixture.advanceOrder(id, CORRECTED);
  await fixture.deliverWebhooks();
  expect((await report()).status).toBe('corrected');
  const invalid = await named('Testosterone, Total');
  expect([invalid.status, (await texts()).join().includes('"value":45.01')]).toEqual(['corrected', true]);
  expect((await named('Luteinizing Hormone')).status).toBe('final');
  const [now, before] = await fixture.context.store.readVersions(fixture.tenant, 'Observation', invalid.id!, { count: 9 });
  expect([now!.body!.includes('45.01'), before!.body!.includes('"value":45.0,')]).toEqual([true, true]);
  expect((await fixture.read('ServiceRequest', 'one')).status).toBe('completed');
  const versionsBefore = await versions();
  await fixture.pollOrder(id);
  expect(await versions()).toBe(versionsBefore);
});

test('40: a marker that a correction withdraws is entered-in-error and no longer in the report', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, CORRECTED, { results: results(id).slice(1) });
  await fixture.deliverWebhooks();
  const invalid = await named('Testosterone, Total');
  expect([invalid.status, ((await report()).result as unknown[]).length]).toEqual(['entered-in-error', 3]);
  fixture.advanceOrder(id, CORRECTED, {
    results: [
      {
        ...results(id)[0],
        name: 'Testosterone, Total',
        slug: 'testosterone-total',
        result: '46.0',
        provider_id: (invalid.code as { coding: { code: string }[] }).coding[2]!.code,
      },
      ...results(id),
    ],
  });
  await fixture.deliverWebhooks();
  expect((await named('Testosterone, Total')).status).toBe('corrected');
});

test('a report has the LOINC code of its request, first', async () => {
  const { coding } = REQUEST.code as { coding: object[] };
  const { id } = await fixture.placeOrder('one', { code: { coding: [...coding, { system: 'http://loinc.org', code: '24331-1' }] } });
  fixture.advanceOrder(id, PARTIAL);
  await fixture.deliverWebhooks();
  expect((await report()).code).toEqual({ coding: [{ system: 'http://loinc.org', code: '24331-1' }, ...coding] });
});

test('a LOINC code that is reported later is the first coding', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL);
  const [first] = results(id);
  fixture.advanceOrder(id, PARTIAL, { results: [{ ...first, loinc: null }] });
  await fixture.deliverWebhooks();
  const codings = async () => ((await named('Testosterone, Total')).code as { coding: { code: string }[] }).coding.map(({ code }) => code);
  expect(await codings()).toEqual(['testosterone-total', first!.provider_id]);
  fixture.advanceOrder(id, COMPLETED, { results: [first!] });
  await fixture.deliverWebhooks();
  expect(await codings()).toEqual(['2986-8', 'testosterone-total', first!.provider_id]);
});

test('a critical result is flagged on the report and on the marker', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { interpretation: 'critical' });
  await fixture.deliverWebhooks();
  expect((await report()).meta).toMatchObject({ tag: [{ code: 'critical' }] });
  expect(await named('Testosterone, Total')).toMatchObject({ interpretation: [{ coding: [{ code: 'HH' }], text: 'High' }] });
  const types = await store.database.query('select distinct type from webhook_inbox order by 1');
  expect(types).toEqual([{ type: 'labtest.order.created' }, { type: 'labtest.order.updated' }, { type: 'labtest.result.critical' }]);
});

test('an expected marker that is missing has an Observation without a value and with the reason', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { missing: true });
  await fixture.deliverWebhooks();
  expect(await named('DHEA Sulfate')).toMatchObject({
    status: 'cancelled',
    dataAbsentReason: { coding: [{ code: 'error' }] },
    note: [{ text: 'quantity_not_sufficient_failure: Quantity not sufficient.' }],
  });
});

test('41: the status is stored although the result cannot be read; the result is polled with growing delays', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED);
  fixture.addFaults({ operation: 'result', kind: 'error', times: 3 });
  await fixture.deliverWebhooks();
  expect([(await fixture.read('ServiceRequest', 'one')).status, await all('DiagnosticReport')]).toEqual(['completed', []]);
  for (let minute = 0; minute < 30 && !(await report()); minute++) {
    fixture.advance(60);
    await fixture.track();
  }
  expect([(await report()).status, fixture.countRequests('result')]).toEqual(['final', 4]);
});

test('41: a completed order with a partial result is polled until it is final', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL);
  const partial = fixture.networkOrder(id).report!;
  fixture.advanceOrder(id, COMPLETED);
  const final = fixture.networkOrder(id).report!;
  fixture.sandbox.state.orders.set(id, { ...fixture.networkOrder(id), report: partial });
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await fixture.tasks('one'))[0]!.status]).toEqual(['partial', 'completed']);
  fixture.sandbox.state.orders.set(id, { ...fixture.networkOrder(id), report: final });
  fixture.advance(300);
  await fixture.track();
  expect((await report()).status).toBe('final');
  expect((await fixture.trackedOrder(id))!.nextAt).toBeNull();
});

test('42: a missing document delays nothing, and is not requested forever', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { noDocument: true });
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await report()).presentedForm]).toEqual(['final', undefined]);
  const result = fixture.countRequests('result');
  for (let hour = 0; hour < 100; hour++) {
    fixture.advance(3600);
    await fixture.track();
  }
  const downloads = fixture.countRequests('document');
  expect([downloads > 10, downloads < 100, (await fixture.trackedOrder(id))!.nextAt, fixture.countRequests('result')]).toEqual([
    true,
    true,
    null,
    result,
  ]);
});

test('42: a document that is available a day later is stored', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, COMPLETED, { noDocument: true });
  await fixture.deliverWebhooks();
  fixture.sandbox.state.orders.set(id, { ...fixture.networkOrder(id), report: { ...fixture.networkOrder(id).report!, hasDocument: true } });
  fixture.advance(24 * 3600);
  await fixture.track();
  expect((await report()).presentedForm).toMatchObject([{ contentType: 'application/pdf' }]);
});

test('a redraw adds the missing markers to the same report', async () => {
  const first = await fixture.placeOrder();
  fixture.advanceOrder(first.id, PARTIAL, { missing: true });
  fixture.advanceOrder(first.id, 'collecting_sample.walk_in_test.redraw_available');
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await all('Observation')).length]).toEqual(['partial', 2]);
  const second = [...fixture.sandbox.state.orders.values()].at(-1)!;
  fixture.advanceOrder(second.id, COMPLETED);
  await fixture.deliverWebhooks();
  expect([(await all('DiagnosticReport')).length, (await report()).status]).toEqual([1, 'final']);
  expect((await all('Specimen')).length).toBe(2);
  const tasks = await Promise.all(
    (await store.store.trackedOrders.listOfRequest((await fixture.trackedOrder(first.id))!)).map((placed) =>
      fixture.read('Task', placed.task),
    ),
  );
  expect(tasks.map(({ status, output }) => [status, (output as unknown[])?.length])).toEqual([
    ['completed', 1],
    ['completed', 1],
  ]);
});

test('the partial report of a failed order is cancelled', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL);
  await fixture.deliverWebhooks();
  fixture.advanceOrder(id, 'failed.walk_in_test.sample_error');
  await fixture.deliverWebhooks();
  expect([(await report()).status, (await all('Observation')).map(({ status }) => status)]).toEqual(['cancelled', ['final', 'final']]);
});

test('47: results reach the patient when the request was deleted, also if another request has its id', async () => {
  const { id } = await fixture.placeOrder();
  const { _status, ...current } = await fixture.read('ServiceRequest', 'one');
  const revoked = { ...current, status: 'revoked' } as typeof current;
  fixture.advanceOrder(id, PARTIAL);
  await update(fixture.context, { type: 'ServiceRequest', id: 'one', draft: { resource: revoked, exact: revoked } });
  await fixture.drain();
  await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
  await remove(fixture.context, { type: 'Patient', id: 'ada' });
  await fixture.put({ ...ADA, id: 'grace' });
  await fixture.put({ ...REQUEST, id: 'one', status: 'draft', subject: { reference: 'Patient/grace' } } as Resource);
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  expect(await report()).toMatchObject({
    status: 'final',
    subject: { reference: 'Patient/ada' },
    basedOn: [{ reference: 'ServiceRequest/one/_history/1' }],
  });
});

test('additions by people stay when the result is applied again', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, PARTIAL);
  await fixture.deliverWebhooks();
  const stands = await report();
  const edited = { ...stands, conclusion: 'Discussed with the patient.' };
  await update(fixture.context, { type: 'DiagnosticReport', id: stands.id!, draft: { resource: edited, exact: edited } });
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  expect(await report()).toMatchObject({ status: 'final', conclusion: 'Discussed with the patient.' });
});
