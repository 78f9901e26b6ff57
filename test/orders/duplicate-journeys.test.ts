// Two orders of one request in separate journeys, which should not exist: the request follows the last one that is not cancelled, and neither waits for the
// other.
import { v7 } from 'uuid';
import { runSweep } from '../../src/orders/track/reconciliation-sweep.ts';
import { openBeforeEach } from './open-before-each.ts';
import { COMPLETED, openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';
import { buildWithdrawal, CANCELLED } from './withdrawal.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const { request } = buildWithdrawal(() => fixture);

let first: string;
let second: string;
beforeEach(async () => {
  const order = await fixture.placeOrder();
  first = order.id;
  second = v7();
  fixture.advance(60);
  const createdAt = fixture.tracker.clock().toISOString();
  fixture.sandbox.state.orders.set(second, { ...order, id: second, transactionId: v7(), createdAt });
  await runSweep(fixture.tracker);
  await fixture.track();
  expect((await fixture.trackedOrder(second))!.request).toBe('one');
});

/** These things happen one after the other, and each is told at once. */
const happens = async (...steps: [order: string, status: string][]) => {
  for (const [order, status] of steps) {
    fixture.advance(60);
    fixture.advanceOrder(order, status);
    await fixture.pollOrder(order);
  }
};

test.each([
  ['the later one is completed', () => [[second, COMPLETED]], 'completed'],
  ['the earlier one alone is completed', () => [[first, COMPLETED]], 'active'],
  ['the earlier one is cancelled, and the later one goes on', () => [[first, CANCELLED]], 'active'],
  ['the later one is cancelled, and the earlier one goes on', () => [[second, CANCELLED]], 'active'],
  [
    'the later one is cancelled, and the earlier one completed',
    () => [
      [second, CANCELLED],
      [first, COMPLETED],
    ],
    'completed',
  ],
  [
    'the earlier one is completed, and then the later one cancelled',
    () => [
      [first, COMPLETED],
      [second, CANCELLED],
    ],
    'completed',
  ],
  [
    'both are cancelled',
    () => [
      [second, CANCELLED],
      [first, CANCELLED],
    ],
    'revoked',
  ],
] as [string, () => [string, string][], string][])('%s: the request says so', async (_title, steps, status) => {
  await happens(...steps());
  expect((await request()).status).toBe(status);
});
