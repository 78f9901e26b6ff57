// Sending orders that are billed to an insurance: the user's insurance first, once, then the order. Numbers are rows of docs/failure-matrix.md.

import type { Resource } from '../../src/fhir/types.ts';
import { COVERAGE, countInsurances, dieAt, INSURED, listBilledMembers, PAYOR } from './insurance-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(async () => {
  for (const resource of [ADA, PAYOR, COVERAGE, OTHER_COVERAGE]) await fixture.put(resource);
});

const OTHER_COVERAGE: Resource = { ...COVERAGE, id: 'other', subscriberId: 'M-2' };
const place = async (id = 'one', coverage = 'c'): Promise<string> => {
  await fixture.put({ ...INSURED, id, insurance: [{ reference: `Coverage/${coverage}` }] } as Resource);
  return (await fixture.entry(id))!.key;
};
const world = () => fixture.sandbox.state;
const count = (operation: string) => fixture.countRequests(operation);
const state = async (id = 'one') => (await fixture.entry(id))!.state;

test('the demographics and the insurance are sent before the order, which is billed to them', async () => {
  const key = await place();
  await fixture.drain();
  expect(world().requests.map(({ operation }) => operation)).toEqual(['user', 'userInfo', 'createInsurance', 'createOrder']);
  expect([await state(), listBilledMembers(world()).get(key)]).toEqual(['done', 'M-1']);
});

test('a later order for the same insurance does not send the insurance again', async () => {
  const first = await place();
  await fixture.drain();
  const second = await place('two');
  await fixture.drain();
  expect([count('userInfo'), count('createInsurance'), count('insurance'), count('createOrder')]).toEqual([1, 1, 0, 2]);
  expect([first, second].map((key) => listBilledMembers(world()).get(key))).toEqual(['M-1', 'M-1']);
});

test('an order without an insurance is for another user, and is billed as before', async () => {
  const insured = await place();
  await fixture.put({ ...INSURED, id: 'plain', insurance: undefined } as unknown as Resource);
  await fixture.drain();
  const plain = (await fixture.entry('plain'))!.key;
  expect([insured, plain].map((key) => listBilledMembers(world()).get(key))).toEqual(['M-1', undefined]);
  expect(world().users.size).toBe(2);
});

test('a changed insurance counts for new orders only', async () => {
  const first = await place();
  await fixture.put({ ...COVERAGE, subscriberId: 'M-3' } as Resource);
  const second = await place('two');
  await fixture.drain();
  expect([first, second].map((key) => listBilledMembers(world()).get(key))).toEqual(['M-1', 'M-3']);
});

describe('51: the response to the insurance is lost', () => {
  test.each(['reset', 'cut', 'error', 'hang'] as const)('after the work (%s): it is found, and not sent again', async (kind) => {
    const key = await place();
    fixture.addFaults({ operation: 'createInsurance', kind, when: 'after' });
    await fixture.drain(fixture.sender, kind === 'hang' ? 1000 : undefined);
    expect([await state(), (await fixture.entry('one'))!.firstSentAt]).toEqual(['queued', null]);
    fixture.advance(5);
    await fixture.drain();
    expect([await state(), countInsurances(world()), listBilledMembers(world()).get(key)]).toEqual(['done', 1, 'M-1']);
  });

  test('before the work: it is looked up for half a minute, and then sent again', async () => {
    await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'reset' });
    for (let n = 0; n < 4; n++) {
      await fixture.drain();
      fixture.advance(7);
    }
    expect([await state(), count('createInsurance'), count('createOrder')]).toEqual(['queued', 1, 0]);
    await fixture.drainAll();
    expect([await state(), count('createInsurance'), countInsurances(world())]).toEqual(['done', 2, 1]);
  });

  test('the latest insurance cannot be read: nothing is sent', async () => {
    await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'reset' }, { operation: 'insurance', kind: 'error', times: 3 });
    await fixture.drain();
    for (let n = 0; n < 3; n++) {
      fixture.advance(61);
      await fixture.drain();
    }
    expect([await state(), count('createInsurance')]).toEqual(['queued', 1]);
    await fixture.drainAll();
    expect([await state(), countInsurances(world())]).toEqual(['done', 1]);
  });

  test('the team may not read insurances: half a minute later the same insurance is sent again, and the order is billed to it', async () => {
    const key = await place();
    fixture.addFaults(
      { operation: 'createInsurance', kind: 'reset', when: 'after' },
      { operation: 'insurance', kind: 'error', status: 403, times: 1000 },
    );
    await fixture.drain();
    fixture.advance(40);
    await fixture.drainAll();
    expect([await state(), countInsurances(world()), listBilledMembers(world()).get(key)]).toEqual(['done', 2, 'M-1']);
  });

  test('a latest insurance of another member says nothing about this one: no second record is made', async () => {
    const key = await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'reset', when: 'after' });
    fixture.addFaults({ operation: 'insurance', kind: 'other' });
    await fixture.drain();
    fixture.advance(40);
    await fixture.drain();
    expect([await state(), count('insurance'), count('createInsurance')]).toEqual(['queued', 1, 1]);
    fixture.advance(40);
    await fixture.drainAll();
    expect([await state(), countInsurances(world()), listBilledMembers(world()).get(key)]).toEqual(['done', 1, 'M-1']);
  });

  test('a response about another member is no confirmation', async () => {
    const key = await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'other' });
    await fixture.drain();
    expect([await state(), count('createOrder')]).toEqual(['queued', 0]);
    fixture.advance(5);
    await fixture.drain();
    expect([await state(), countInsurances(world()), listBilledMembers(world()).get(key)]).toEqual(['done', 1, 'M-1']);
  });
});

test.each([
  ['userInfo', 422],
  ['createInsurance', 400],
  ['createInsurance', 404],
])('52: the network refuses the %s: the order is refused, and nothing of the member is shown', async (operation, status) => {
  await place();
  fixture.addFaults({ operation, kind: 'error', status });
  await fixture.drain();
  expect([await state(), count('createOrder')]).toEqual(['refused', 0]);
  expect(await fixture.read('ServiceRequest', 'one')).toMatchObject({ status: 'revoked' });
  const [task] = await fixture.tasks('one');
  expect(task).toMatchObject({ status: 'rejected', statusReason: { text: expect.stringContaining(String(status)) } });
  expect(JSON.stringify(task)).not.toContain('M-1');
});

describe('53: the network throttles or fails', () => {
  test.each(['userInfo', 'createInsurance'])(
    '%s with 429: all orders of the account wait, and the order is sent later, once',
    async (operation) => {
      const key = await place();
      fixture.addFaults({ operation, kind: 'error', status: 429, retryAfter: 90 });
      await fixture.drain();
      expect([await state(), (await fixture.entry('one'))!.nextAt]).toEqual([
        'queued',
        new Date(fixture.sender.clock().getTime() + 90_000).toISOString(),
      ]);
      fixture.advance(91);
      await fixture.drainAll();
      expect([await state(), countInsurances(world()), listBilledMembers(world()).get(key)]).toEqual(['done', 1, 'M-1']);
    },
  );

  test.each([
    ['userInfo', [500, 502, 404]],
    ['createInsurance', [500, 502]],
  ])('%s with %j: the order is sent later, once', async (operation, failures) => {
    const key = await place();
    for (const status of failures) fixture.addFaults({ operation, kind: 'error', status });
    await fixture.drainAll();
    expect([await state(), countInsurances(world()), fixture.countOrders(key)]).toEqual(['done', 1, 1]);
  });
});

describe('54: the process dies', () => {
  test.each(
    (['updateUserInfo', 'createInsurance', 'createOrder'] as const).flatMap((call) =>
      (['before', 'after'] as const).map((when) => [when, call] as const),
    ),
  )('%s %s: another process continues, with one insurance and one order', async (when, call) => {
    const key = await place();
    await dieAt(fixture, call, when);
    fixture.advance(21);
    await fixture.drainAll();
    expect([await state(), countInsurances(world()), fixture.countOrders(key)]).toEqual(['done', 1, 1]);
    expect(listBilledMembers(world()).get(key)).toBe('M-1');
  });
});

describe('55: orders of one patient at once', () => {
  test('two processes, one insurance: it is sent once, and all orders are billed to it', async () => {
    const keys = await Promise.all(Array.from({ length: 4 }, (_, index) => place(`o${index}`)));
    fixture.addFaults({ operation: 'createInsurance', kind: 'slow', seconds: 0.3 });
    await Promise.all([fixture.drain(fixture.createSender()), fixture.drain(fixture.createSender())]);
    await fixture.drainAll();
    expect([countInsurances(world()), count('createInsurance')]).toEqual([1, 1]);
    expect(keys.map((key) => listBilledMembers(world()).get(key))).toEqual(keys.map(() => 'M-1'));
  });

  test('two processes, two insurances: each order is billed to its own, also if a lost request arrives late', async () => {
    const keys = await Promise.all(Array.from({ length: 6 }, (_, index) => place(`o${index}`, index % 2 ? 'other' : 'c')));
    fixture.addFaults({ operation: 'createInsurance', kind: 'slow', seconds: 0.5, when: 'before' });
    await Promise.all([fixture.drain(fixture.createSender(), 400), fixture.drain(fixture.createSender())]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await fixture.drainAll();
    expect(keys.map((key) => listBilledMembers(world()).get(key))).toEqual(keys.map((_, index) => (index % 2 ? 'M-2' : 'M-1')));
    expect(countInsurances(world())).toBe(2);
  });
});

test('13: the user does not exist any more: another user gets the insurance, and the order', async () => {
  await place();
  await fixture.drain();
  const [first] = [...world().users.values()];
  const key = await place('two');
  world().users.set(first!.client_user_id, { ...first!, deletedAt: 0 });
  await fixture.drainAll();
  expect([await state('two'), count('createInsurance'), listBilledMembers(world()).get(key)]).toEqual(['done', 2, 'M-1']);
});
