// Calls for an insurance that fail again and again: when the order waits for a person, and how many records are made until then. Numbers are rows of
// docs/failure-matrix.md.
import type { Resource } from '../../src/fhir/types.ts';
import { applyOperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { openSandboxFixture } from '../junction-sandbox/sandbox-fixture.ts';
import { COVERAGE, countInsurances, dieAt, INSURED, listBilledMembers, PAYOR } from './insurance-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(async () => {
  for (const resource of [ADA, PAYOR, COVERAGE]) await fixture.put(resource);
});

const place = async (id = 'one'): Promise<string> => {
  await fixture.put({ ...INSURED, id } as Resource);
  return (await fixture.entry(id))!.key;
};
const world = () => fixture.sandbox.state;
const count = (operation: string) => fixture.countRequests(operation);
const state = async (id = 'one') => (await fixture.entry(id))!.state;
const MANY = 1000;
/** Attempts that are further apart than any two requests for an insurance. */
const attempt = async (times: number): Promise<void> => {
  for (let n = 0; n < times; n++) {
    fixture.advance(3 * 3600);
    await fixture.drain();
  }
};
const release = async (id = 'one') => applyOperatorAction(fixture.context, 'release', (await fixture.entry(id))!);

describe('53: the calls for one insurance fail always', () => {
  const placeOther = async (id: string): Promise<void> => {
    await fixture.put({ ...INSURED, id, insurance: undefined } as unknown as Resource);
    await fixture.drain();
  };

  test.each([
    ['userInfo', 500],
    ['userInfo', 403],
    ['createInsurance', 500],
    ['createInsurance', 403],
  ])('%s with %i while other orders are accepted: the order waits for a person, who releases it', async (operation, status) => {
    const key = await place();
    fixture.addFaults({ operation, kind: 'error', status, times: MANY });
    await attempt(1);
    for (const id of ['first', 'second', 'third']) {
      expect(await state()).toBe('queued');
      await placeOther(id);
      await attempt(1);
    }
    const failures = count(operation);
    expect(await state()).toBe('parked');
    expect((await fixture.tasks('one'))[0]).toMatchObject({
      status: 'on-hold',
      statusReason: { text: expect.stringContaining('the insurance has failed 3 times') },
    });
    await attempt(3);
    expect(count(operation)).toBe(failures);
    await release();
    await attempt(2);
    expect([await state(), count(operation)]).toEqual(['queued', failures + 2]);
    world().faults = [];
    await release();
    await fixture.drainAll();
    expect([await state(), countInsurances(world()), fixture.countOrders(key)]).toEqual(['done', 1, 1]);
  });

  test('after an outage, with many failures, one more failure does not park the order', async () => {
    await place();
    fixture.addFaults({ operation: 'userInfo', kind: 'error', times: MANY });
    await attempt(5);
    await placeOther('after');
    await attempt(3);
    expect([await state(), count('userInfo') > 5]).toEqual(['queued', true]);
    world().faults = [];
    await fixture.drainAll();
    expect([await state(), countInsurances(world())]).toEqual(['done', 1]);
  });

  test('as long as no order is accepted, it is repeated like any other order', async () => {
    await place();
    fixture.addFaults({ kind: 'error', times: MANY });
    await attempt(6);
    await fixture.put({ ...INSURED, id: 'during', insurance: undefined } as unknown as Resource);
    await attempt(6);
    expect([await state(), await state('during')]).toEqual(['queued', 'queued']);
    world().faults = [];
    await fixture.drainAll();
    expect([await state(), await state('during'), countInsurances(world())]).toEqual(['done', 'done', 1]);
  });

  test('an order that is withdrawn meanwhile is cancelled', async () => {
    await place();
    fixture.addFaults({ operation: 'userInfo', kind: 'error', times: MANY });
    for (const id of ['first', 'second']) {
      await placeOther(id);
      await attempt(1);
    }
    await fixture.put({ ...(await fixture.read('ServiceRequest', 'one')), status: 'revoked' });
    await attempt(1);
    expect([await state(), count('createInsurance'), count('createOrder')]).toEqual(['cancelled', 0, 2]);
  });
});

describe('53: each request for an insurance may make a record, and the latest one cannot be read', () => {
  const hideLatest = () => fixture.addFaults({ operation: 'insurance', kind: 'error', status: 403, times: MANY });
  const reason = 'not confirmed the insurance after 6 requests';

  test.each([
    ['responds with 500', { kind: 'error' }],
    ['does not respond', { kind: 'reset' }],
    ['confirms another member', { kind: 'other' }],
  ] as const)('no other order, and the network %s: after six requests the order waits for a person', async (_title, fault) => {
    await place();
    fixture.addFaults({ operation: 'createInsurance', ...fault, when: 'after', times: MANY });
    hideLatest();
    await attempt(12);
    expect([await state(), count('createInsurance'), countInsurances(world()), count('createOrder')]).toEqual(['parked', 6, 6, 0]);
    const tasks = await fixture.tasks('one');
    expect(tasks).toMatchObject([{ status: 'on-hold', statusReason: { text: expect.stringContaining(reason) } }]);
    expect(JSON.stringify(tasks)).not.toContain('M-1');
  });

  test('the requests are spread over more than two hours: an outage that ends within two needs no person', async () => {
    const key = await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'error', times: MANY });
    for (let minute = 0; minute < 120; minute++) {
      await fixture.drain();
      fixture.advance(60);
    }
    expect([await state(), count('createInsurance')]).toEqual(['queued', 5]);
    world().faults = [];
    await attempt(1);
    expect([await state(), countInsurances(world()), listBilledMembers(world()).get(key)]).toEqual(['done', 1, 'M-1']);
  });

  test('all orders of one user share the count, and a release begins it again', async () => {
    await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'error', when: 'after', times: MANY });
    hideLatest();
    await attempt(3);
    await place('two');
    await attempt(9);
    await place('three');
    await attempt(1);
    const states = async () => [await state(), await state('two'), await state('three')];
    expect([await states(), count('createInsurance')]).toEqual([['parked', 'parked', 'parked'], 6]);
    await release();
    await attempt(9);
    expect([await states(), count('createInsurance')]).toEqual([['parked', 'parked', 'parked'], 12]);
    world().faults = world().faults.filter(({ operation }) => operation !== 'createInsurance');
    for (const id of ['one', 'two', 'three']) await release(id);
    await attempt(3);
    expect([await states(), count('createInsurance')]).toEqual([['done', 'done', 'done'], 13]);
  });

  test('a person releases the order after the cause has gone: one request is enough, or none if the record can be read', async () => {
    const key = await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'reset', when: 'after', times: MANY });
    hideLatest();
    await attempt(8);
    world().faults = [];
    await release();
    await fixture.drain();
    expect([await state(), count('createInsurance'), listBilledMembers(world()).get(key)]).toEqual(['done', 6, 'M-1']);
  });

  test('an operator retries the order before the next request is due: it is sent as after the first request', async () => {
    await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'error', times: 4 });
    await attempt(4);
    fixture.advance(61);
    await fixture.drain();
    expect([await state(), count('createInsurance')]).toEqual(['queued', 4]);
    await applyOperatorAction(fixture.context, 'retry', (await fixture.entry('one'))!);
    await fixture.drain();
    expect([await state(), count('createInsurance'), countInsurances(world())]).toEqual(['done', 5, 1]);
  });

  test.each([
    ['429', { status: 429, retryAfter: 30 }],
    ['503', { status: 503 }],
    ['401', { status: 401 }],
  ])('a response that shows that nothing was made does not count (%s)', async (_title, fault) => {
    await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'error', times: MANY, ...fault });
    hideLatest();
    await attempt(10);
    expect([await state(), count('createInsurance')]).toEqual(['queued', 10]);
    world().faults = [];
    await attempt(1);
    expect([await state(), countInsurances(world())]).toEqual(['done', 1]);
  });

  test('an outage in which no request reaches the network does not count', async () => {
    await place();
    const other = await openSandboxFixture();
    await other.sandbox.close();
    const unreachable = { ...fixture.sender, client: { ...fixture.sender.client, createInsurance: other.client.createInsurance } };
    for (let n = 0; n < 10; n++) {
      fixture.advance(3 * 3600);
      await fixture.drain(unreachable);
    }
    expect([await state(), (await fixture.entry('one'))!.lastError]).toEqual([
      'queued',
      'no response (the connection was refused: ECONNREFUSED)',
    ]);
    await attempt(1);
    expect([await state(), countInsurances(world())]).toEqual(['done', 1]);
  });

  test('two processes die between the count and the request: both requests count, because they may have been sent', async () => {
    await place();
    fixture.addFaults({ operation: 'createInsurance', kind: 'reset', times: MANY });
    hideLatest();
    for (let n = 0; n < 2; n++) {
      await dieAt(fixture, 'createInsurance', 'before');
      fixture.advance(3 * 3600);
    }
    await attempt(12);
    expect([await state(), count('createInsurance')]).toEqual(['parked', 4]);
  });
});
