// A withdrawn order with an unknown outcome that is parked, or would be: it is never sent again, whoever releases it, and it is cancelled if it arrived.
// Numbers are rows of docs/failure-matrix.md.

import { OPERATOR } from '../../src/interactions/context.ts';
import { applyOperatorAction, type OperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { parseOrderPayload } from '../../src/orders/place/order-entry.ts';
import { runSweep } from '../../src/orders/track/reconciliation-sweep.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';
import { buildWithdrawal, CANCELLED } from './withdrawal.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const { request, ways, networkStatuses, readStatuses, settle } = buildWithdrawal(() => fixture);
const entry = async () => (await fixture.entry('one'))!;
const state = async () => (await entry()).state;
const byHand = async (operation: OperatorAction) => {
  const caller = { ...fixture.context.caller, actor: OPERATOR, scopes: [] };
  expect(await applyOperatorAction({ ...fixture.context, caller }, operation, await entry())).toBe(true);
};
const rewritten = async () => fixture.put({ ...(await request()), note: [{ text: 'please' }] });

/** What the first attempt came to, of which nobody heard, and what is at the network when all is quiet. */
const OUTCOMES = [
  ['had arrived', { kind: 'cut', when: 'after' }, [CANCELLED]],
  ['never arrived', { kind: 'reset' }, []],
] as const;

describe.each(ways)('%s', (_title, withdraw) => {
  describe.each(OUTCOMES)('and it %s', (_outcome, fault, inTheEnd) => {
    beforeEach(async () => {
      await fixture.put({ ...REQUEST, id: 'one' });
      fixture.addFaults({ operation: 'createOrder', ...fault });
      await fixture.drain();
      expect(await state()).toBe('unknown');
    });

    const over = async () => {
      await settle();
      expect([networkStatuses(), ...(await readStatuses())]).toEqual([inTheEnd, 'revoked', 'cancelled']);
      expect(fixture.countRequests('createOrder')).toBe(1);
    };

    test('38: is still looked up during an outage of days', async () => {
      fixture.advance(73 * 3600);
      await withdraw();
      fixture.addFaults({ operation: 'orders', kind: 'error' });
      await fixture.drain();
      expect(await state()).toBe('unknown');
      await rewritten();
      await over();
    });

    test('38: is still looked up if it is parked at the same moment', async () => {
      fixture.advance(73 * 3600);
      fixture.addFaults({ operation: 'orders', kind: 'error' });
      const { client } = fixture.sender;
      const findOrder: typeof client.findOrder = async (sought, signal) => {
        await withdraw();
        return client.findOrder(sought, signal);
      };
      await fixture.drain({ ...fixture.createSender(), client: { ...client, findOrder } });
      expect(await state()).toBe('unknown');
      await rewritten();
      await over();
    });

    test('38: stays withdrawn after an operator has parked and released it', async () => {
      await withdraw();
      await byHand('park');
      expect(await state()).toBe('parked');
      await byHand('release');
      await over();
    });

    test('is looked up and no longer parked, after an operator had parked it', async () => {
      await byHand('park');
      await withdraw();
      expect(parseOrderPayload(await entry()).isParkedByOperator).toBe(false);
      await over();
    });
  });
});

test('a parked order that is found at the network is no longer parked', async () => {
  await fixture.put({ ...REQUEST, id: 'one' });
  fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await fixture.drain();
  await byHand('park');
  await runSweep(fixture.tracker);
  expect([await state(), parseOrderPayload(await entry()).isParkedByOperator]).toEqual(['done', false]);
});

test('a parked order that is withdrawn before it was sent has ended', async () => {
  await fixture.put({ ...REQUEST, id: 'one' });
  await byHand('park');
  await ways[0]![1]();
  expect([await state(), parseOrderPayload(await entry()).isParkedByOperator, ...(await readStatuses())]).toEqual([
    'cancelled',
    false,
    'revoked',
    'cancelled',
  ]);
});

test('an order on hold that an operator parks shows this, keeps its notes, and continues when it is released', async () => {
  await fixture.put({ ...REQUEST, id: 'one', note: [{ text: 'fasting' }] });
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
  await fixture.drain();
  fixture.advance(73 * 3600);
  fixture.addFaults({ operation: 'orders', kind: 'error' });
  await fixture.drain();
  const task = async () => (await fixture.tasks('one'))[0];
  expect(await task()).toMatchObject({ status: 'on-hold', businessStatus: { text: 'submission-unconfirmed' } });
  await byHand('park');
  expect(await task()).toMatchObject({ status: 'on-hold', businessStatus: { text: 'put-aside' }, input: [{ valueString: 'fasting' }] });
  await byHand('release');
  expect(await task()).toMatchObject({ status: 'requested', input: [{ valueString: 'fasting' }] });
  expect(await task()).not.toHaveProperty('businessStatus');
});
