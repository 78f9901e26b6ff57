// Accepted orders stay unchanged when the table of tests changes: a panel is renamed or retired, or the table is lost in a deployment.
import type { Resource } from '../../src/fhir/types.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, PANEL_SYSTEM, REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});
const request = () => fixture.read('ServiceRequest', 'one');
const change = async (more: object) => fixture.put({ ...(await request()), ...more } as Resource);
const coded = (code: string, system = PANEL_SYSTEM) => ({ code: { coding: [{ system, code }] } });
const lost = () => {
  for (const name of Object.keys(fixture.panels)) delete fixture.panels[name];
};
const renamed = () => {
  fixture.panels['pcos-2027'] = fixture.panels.pcos!;
  delete fixture.panels.pcos;
};

describe.each([
  ['lost', lost],
  ['given another name for its panel', renamed],
])('when the table of panels is %s', (_what, happens) => {
  test.each<[string, string, object]>([
    ['another patient', 'subject', { subject: { reference: 'Patient/grace' } }],
    ['another code', 'code', coded('fertility')],
    ['the new name of its panel', 'code', coded('pcos-2027')],
    ['a detail more', 'code', { orderDetail: [coded('fertility').code] }],
    ['a kind of request that is no order', 'code', { intent: 'plan' }],
    ['that it is completed', 'status', { status: 'completed' }],
    ['that it is a draft', 'status', { status: 'draft' }],
  ])('a change of an accepted order to %s is 409 and names ServiceRequest.%s', async (_change, element, more) => {
    await fixture.put({ ...ADA, id: 'grace', name: [{ given: ['Grace'], family: 'Hopper' }] });
    await fixture.placeOrder();
    happens();
    await expect(change(more)).rejects.toMatchObject({ kind: 'conflict', issues: [{ expression: [`ServiceRequest.${element}`] }] });
  });

  test('it can be written unchanged, with another note or another display, and can be revoked', async () => {
    await fixture.placeOrder();
    happens();
    await change({ note: [{ text: 'called' }], code: { coding: [{ system: PANEL_SYSTEM, code: 'pcos', display: 'PCOS' }] } });
    await change({ status: 'revoked' });
    await fixture.drainAll();
    expect((await fixture.tasks('one'))[0]).toMatchObject({ status: 'cancelled' });
  });

  test('an order that has ended cannot become active again', async () => {
    await fixture.placeOrder();
    happens();
    await change({ status: 'revoked' });
    await expect(change({ status: 'active' })).rejects.toMatchObject({ kind: 'conflict' });
    await fixture.drainAll();
    await expect(change({ status: 'active' })).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('a waiting order is sent once, as it was accepted', async () => {
    await fixture.put({ ...REQUEST, id: 'one' } as Resource);
    happens();
    await fixture.drainAll();
    expect(await fixture.entry('one')).toMatchObject({ state: 'done', lastError: null });
    expect([...fixture.sandbox.state.orders.values()].map(({ sent }) => sent.order_set)).toEqual([
      { lab_test_ids: fixture.sandbox.panels.pcos },
    ]);
  });

  test('an order with an unknown outcome is looked up, and sent as it was accepted', async () => {
    fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
    await fixture.put({ ...REQUEST, id: 'one' } as Resource);
    await fixture.drain();
    expect(await fixture.entry('one')).toMatchObject({ state: 'unknown' });
    happens();
    await fixture.drainAll();
    expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
    expect(fixture.sandbox.state.orders.size).toBe(1);
  });

  test('an order that was on hold is resumed when it is active again', async () => {
    await fixture.put({ ...REQUEST, id: 'one' } as Resource);
    await change({ status: 'on-hold' });
    await fixture.drain();
    happens();
    await change({ status: 'active' });
    await fixture.drain();
    expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
  });
});

test('the network refuses a test that it has retired, and the Task has the reason', async () => {
  await fixture.put({ ...REQUEST, id: 'one' } as Resource);
  lost();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 422 });
  await fixture.drainAll();
  expect(await fixture.entry('one')).toMatchObject({ state: 'refused', lastError: expect.any(String) });
  expect((await fixture.tasks('one'))[0]).toMatchObject({ status: 'rejected', statusReason: { text: expect.any(String) } });
});
