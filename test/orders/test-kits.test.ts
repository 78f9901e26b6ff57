// Orders whose collection method is a test kit: sent without a method if the catalogue states that the tests are test kits, and refused otherwise.
import { SANDBOX_SINGLE_TEST, SANDBOX_TEST_KIT } from '../../src/junction-sandbox/sandbox-state.ts';
import { parseOrderPayload } from '../../src/orders/place/order-entry.ts';
import { type DecisionFixture, labTest, openDecisionFixture, entry as toEntry } from './decision-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, PANEL_SYSTEM, SYSTEMS, TEST_SYSTEMS } from './order-fixture.ts';

let fixture: DecisionFixture;
openBeforeEach(openDecisionFixture, (opened) => {
  fixture = opened;
});
beforeEach(() => fixture.put(ADA));

const EXTENSION = `ServiceRequest.extension.where(url='${SYSTEMS.collectionMethod}')`;
const method = (valueCode: string) => ({ extension: [{ url: SYSTEMS.collectionMethod, valueCode }] });
const tests = (first: string, ...more: string[]) => ({
  code: { coding: [labTest(first)] },
  ...(more.length && { orderDetail: more.map((id) => ({ coding: [labTest(id)] })) }),
});
const addEntry = (id: string, test: string, valueCode: string, more: object = {}) =>
  fixture.put(toEntry(id, [labTest(test)], { ...method(valueCode), ...more }));
const KIT = { ...tests(SANDBOX_TEST_KIT), ...method('testkit') };
const textOf = async (id: string) => JSON.parse(parseOrderPayload((await fixture.entry(id))!).text);
const refusal = (more: object) => expect(fixture.request('one', more)).rejects;

test('a test kit is sent without a method, and the lab network sends it to the patient', async () => {
  await addEntry('kit', SANDBOX_TEST_KIT, 'testkit');
  await fixture.request('one', KIT);
  const sent = await textOf('one');
  expect([sent.order_set, sent.collection_method]).toEqual([{ lab_test_ids: [SANDBOX_TEST_KIT] }, undefined]);
  await fixture.drainAll();
  const [task] = await fixture.tasksOf('one');
  expect(task!.businessStatus).toEqual({ coding: [{ system: SYSTEMS.status, code: 'received.testkit.ordered' }] });
});

test('the method may be a place, the tests a panel, and the entry retired', async () => {
  await addEntry('kit', SANDBOX_TEST_KIT, 'testkit', { status: 'retired' });
  fixture.panels.home = [SANDBOX_TEST_KIT];
  await fixture.request('one', {
    code: { coding: [{ system: PANEL_SYSTEM, code: 'home' }] },
    locationCode: [{ coding: [{ system: SYSTEMS.collectionMethods, code: 'testkit' }] }],
  });
  expect((await textOf('one')).order_set).toEqual({ lab_test_ids: [SANDBOX_TEST_KIT] });
});

test('a test kit needs no method', async () => {
  await fixture.request('one', tests(SANDBOX_TEST_KIT));
  expect((await textOf('one')).collection_method).toBeUndefined();
});

test('a test of which the catalogue does not state it is refused, with the element and the remedy', async () => {
  const issues = [
    { text: expect.stringMatching(`lab test ${SANDBOX_TEST_KIT} is a test kit: .*facet catalogue sync`), expression: [EXTENSION] },
  ];
  await refusal(KIT).toMatchObject({ kind: 'rule', issues });
  await addEntry('kit', SANDBOX_TEST_KIT, 'walk_in_test');
  await refusal(KIT).toMatchObject({ kind: 'rule', issues });
});

test('every ordered test must be a test kit', async () => {
  await addEntry('kit', SANDBOX_TEST_KIT, 'testkit');
  const both = { ...tests(SANDBOX_TEST_KIT, SANDBOX_SINGLE_TEST), ...method('testkit') };
  await refusal(both).toMatchObject({ issues: [{ text: expect.stringContaining(SANDBOX_SINGLE_TEST) }] });
  const addOn = { ...KIT, orderDetail: [{ coding: [{ system: `${TEST_SYSTEMS.laboratories}sandbox-laboratory`, code: '5081' }] }] };
  await refusal(addOn).toMatchObject({
    issues: [{ text: expect.stringMatching(/codes cannot be ordered as a test kit/), expression: [EXTENSION] }],
  });
});

test('the reason is only the test if the test cannot be ordered', async () => {
  const unknown = { ...KIT, orderDetail: [{ text: 'more' }] };
  await refusal(unknown).toMatchObject({ issues: [{ expression: ['ServiceRequest.orderDetail[0]'] }] });
});
