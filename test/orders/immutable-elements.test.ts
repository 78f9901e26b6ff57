// Elements of an order that clients cannot change once it is placed: the patient, the test, and the data of the network.
import type { Resource } from '../../src/fhir/types.ts';
import type { TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, REQUEST, SYSTEMS } from './order-fixture.ts';
import { COMPLETED, openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
let store: TestStore;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});
const request = () => fixture.read('ServiceRequest', 'one');
const change = async (more: object) => fixture.put({ ...(await request()), ...more } as Resource);
const orderId = ({ identifier }: Resource): string | undefined =>
  (identifier as { system: string; value: string }[] | undefined)?.find(({ system }) => system === SYSTEMS.order)?.value;
const subjects = async (): Promise<string[]> => {
  const rows = await store.database.query<{ body: string }>(
    `select body from resource where tenant_id = $1 and body like '{"resourceType":"DiagnosticReport"%'`,
    [fixture.tenant],
  );
  return rows.map(({ body }) => JSON.parse(body).subject.reference);
};

const SNAPSHOT = { resourceType: 'Patient', id: 'order-time-patient', name: [{ given: ['Augusta'], family: 'King' }] };
const CHANGES: [what: string, element: string, more: object][] = [
  ['another patient', 'subject', { subject: { reference: 'Patient/grace' } }],
  ['another requester', 'requester', { requester: { reference: 'Practitioner/somebody' } }],
  ['another panel', 'code', { code: { text: 'something else' } }],
  ['a kind of request that is no order', 'code', { intent: 'plan' }],
  ['that it shall not be done', 'code', { doNotPerform: true }],
  ['another day', 'occurrence', { occurrenceDateTime: '2027-01-01' }],
  ['a time that begins later', 'occurrence.start', { occurrencePeriod: { start: '2027-01-01' } }],
  ['that it is done if needed', 'asNeeded', { asNeededBoolean: true }],
  ['another haste', 'priority', { priority: 'stat' }],
  ['another diagnosis', 'reasonCode', { reasonCode: [{ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E28.2' }] }] }],
  ['another condition as its reason', 'reasonReference', { reasonReference: [{ reference: 'Condition/c' }] }],
  ['more answers', 'supportingInfo', { supportingInfo: [{ reference: '#order-time-patient' }, { reference: 'QuestionnaireResponse/q' }] }],
  ['another laboratory', 'performer', { performer: [{ reference: 'Organization/o' }] }],
  ['another way of taking the sample', 'extension', { extension: [{ url: SYSTEMS.collectionMethod, valueCode: 'walk_in_test' }] }],
  ['another name of its patient', 'contained', { contained: [{ ...SNAPSHOT, birthDate: '1985-12-11' }] }],
  ['an insurance', 'insurance', { insurance: [{ reference: 'Coverage/c' }] }],
  ['another note than the laboratory has', 'note', { note: [{ text: 'eats as usual' }] }],
  ['a note in front of what the laboratory has', 'note', { note: [{ text: 'new' }, { text: 'fasting' }] }],
  ['no note, where the laboratory has one', 'note', { note: undefined }],
  ['that it is a draft', 'status', { status: 'draft' }],
  ['that it is completed', 'status', { status: 'completed' }],
];

const NOTED = { note: [{ text: 'fasting' }], contained: [SNAPSHOT], supportingInfo: [{ reference: '#order-time-patient' }] };
describe.each([
  ['before it is sent', async () => void (await fixture.put({ ...REQUEST, id: 'one', ...NOTED } as Resource))],
  ['when it is out', async () => void (await fixture.placeOrder('one', NOTED))],
])('%s', (_when, placed) => {
  test.each(CHANGES)('an order cannot change to %s: 409, naming ServiceRequest.%s', async (_what, element, more) => {
    await fixture.put({ ...ADA, id: 'grace', name: [{ given: ['Grace'], family: 'Hopper' }] });
    await placed();
    await expect(change(more)).rejects.toMatchObject({
      kind: 'conflict',
      issues: [{ expression: [`ServiceRequest.${element}`], text: expect.stringContaining('revoke this request') }],
    });
  });

  test('notes and unsent reasons can be added, and the patient can be named by an absolute URL', async () => {
    await placed();
    await change({
      note: [{ text: 'fasting' }, { text: 'called' }],
      reasonCode: [{ text: 'fatigue' }],
      reasonReference: [{ reference: 'Observation/o' }],
      subject: { reference: `${fixture.context.baseUrl}/Patient/ada` },
    });
    expect(await request()).toMatchObject({ note: [{ text: 'fasting' }, { text: 'called' }], status: 'active' });
    await change(NOTED);
  });
});

describe('a client that writes an order back', () => {
  const WRITTEN = { reasonReference: [{ reference: 'Condition/a' }, { reference: 'Condition/b' }] };
  beforeEach(async () => {
    for (const id of ['a', 'b']) await fixture.put({ resourceType: 'Condition', id, subject: { reference: 'Patient/ada' } });
    await fixture.placeOrder('one', { ...NOTED, ...WRITTEN });
  });

  test('may revoke it with a note, and omit or change everything except the test and the patient', async () => {
    await fixture.put({
      ...REQUEST,
      id: 'one',
      status: 'revoked',
      note: [{ text: 'declined' }],
      specimen: [{ reference: 'Specimen/s' }],
    } as Resource);
    await fixture.put({ ...(await request()), note: [{ text: 'declined by phone' }] } as Resource);
    expect(await request()).toMatchObject({ status: 'revoked', note: [{ text: 'declined by phone' }] });
    expect((await fixture.tasks('one'))[0]!.input).toMatchObject([{ valueString: 'fasting' }]);
  });

  test.each([
    ['subject', { subject: { reference: 'Patient/grace' } }],
    ['code', { code: { text: 'something else' } }],
  ])('cannot change %s when it revokes the order', async (element, more) => {
    await expect(change({ status: 'revoked', ...more })).rejects.toMatchObject({
      kind: 'conflict',
      issues: [{ expression: [`ServiceRequest.${element}`], text: expect.stringContaining('cannot change its subject or its tests') }],
    });
  });

  test('may reorder a list, and may change the end of the occurrence', async () => {
    await change({ reasonReference: WRITTEN.reasonReference.toReversed() });
    await fixture.put({ ...REQUEST, id: 'period', occurrencePeriod: { start: '2026-12-01', end: '2026-12-05' } } as Resource);
    await fixture.put({ ...REQUEST, id: 'period', occurrencePeriod: { start: '2026-12-01', end: '2026-12-24' } } as Resource);
    expect(await fixture.read('ServiceRequest', 'period')).toMatchObject({ occurrencePeriod: { end: '2026-12-24' } });
  });
});

test('the result belongs to the patient of the order', async () => {
  const { id } = await fixture.placeOrder();
  await fixture.put({ ...ADA, id: 'grace', name: [{ given: ['Grace'], family: 'Hopper' }] });
  await expect(change({ subject: { reference: 'Patient/grace' } })).rejects.toMatchObject({ kind: 'conflict' });
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  expect(await subjects()).toEqual(['Patient/ada']);
});

test('a client that writes back its first version removes no data of the network', async () => {
  const { id } = await fixture.placeOrder();
  const accepted = await request();
  await fixture.put({ ...REQUEST, id: 'one', note: [{ text: 'x' }] } as Resource);
  expect(await request()).toEqual({ ...accepted, note: [{ text: 'x' }], meta: expect.anything() });
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  const completed = await request();
  expect(orderId(completed)).toBe(id);
  await fixture.put({ ...REQUEST, id: 'one', status: 'completed', note: [{ text: 'y' }] } as Resource);
  expect(await request()).toEqual({ ...completed, note: [{ text: 'y' }], meta: expect.anything() });
});

test('the order id cannot be changed', async () => {
  const { id } = await fixture.placeOrder();
  await change({
    identifier: [
      { system: SYSTEMS.order, value: 'forged' },
      { system: 'urn:own', value: '7' },
    ],
  });
  expect((await request()).identifier).toEqual([
    { system: 'urn:own', value: '7' },
    { system: SYSTEMS.order, value: id },
  ]);
});

test('referenced resources may change: every attempt sends their content at the time of the order', async () => {
  const condition = (code: string) => ({
    resourceType: 'Condition',
    id: 'why',
    subject: { reference: 'Patient/ada' },
    code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }] },
  });
  await fixture.put(condition('E28.2'));
  await fixture.put({ ...REQUEST, id: 'one', reasonReference: [{ reference: 'Condition/why' }] } as Resource);
  await fixture.put(condition('E03.9'));
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
  await fixture.drain();
  await fixture.put({ ...(await request()), note: [{ text: 'still waiting' }] } as Resource);
  await fixture.drainAll();
  const [sent] = [...fixture.sandbox.state.orders.values()];
  expect([fixture.countRequests('createOrder') > 1, sent?.sent.icd_codes, sent?.sent.clinical_notes]).toEqual([true, ['E28.2'], undefined]);
});

test('the sent content cannot be changed, before and after it is sent', async () => {
  await fixture.put({ ...REQUEST, id: 'one', ...NOTED } as Resource);
  const [{ input, ...rest }] = (await fixture.tasks('one')) as [Resource & { input: { valueString: string }[] }];
  expect(input).toMatchObject([{ valueString: 'fasting' }]);
  await fixture.put({
    ...rest,
    input: [
      { ...input[0], valueString: 'eats as usual' },
      { type: { text: 'own' }, valueString: 'x' },
    ],
  } as Resource);
  const both = [{ type: { text: 'own' }, valueString: 'x' }, ...input];
  expect((await fixture.tasks('one'))[0]!.input).toEqual(both);
  await fixture.drain();
  const { input: _left, ...task } = (await fixture.tasks('one'))[0]!;
  await fixture.put(task as Resource);
  expect((await fixture.tasks('one'))[0]!.input).toEqual(input);
});

test('the Task keeps the data of the network', async () => {
  const { id } = await fixture.placeOrder();
  const [task] = await fixture.tasks('one');
  const { identifier: _identifier, businessStatus, ...rest } = task!;
  await fixture.put({ ...rest, note: [{ text: 'x' }] } as Resource);
  const [after] = await fixture.tasks('one');
  expect([orderId(after!), after!.businessStatus, after!.note]).toEqual([id, businessStatus, [{ text: 'x' }]]);
  fixture.advanceOrder(id, COMPLETED);
  await fixture.deliverWebhooks();
  const { output, ...storedTask } = (await fixture.tasks('one'))[0]!;
  expect(output).toHaveLength(1);
  await fixture.put({ ...storedTask, note: [{ text: 'y' }] } as Resource);
  expect((await fixture.tasks('one'))[0]).toMatchObject({ output, note: [{ text: 'y' }] });
});
