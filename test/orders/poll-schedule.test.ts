// When an order is polled again without an event: the more is expected, the sooner, and not forever.

import { parseOrderSnapshot } from '../../src/junction/order-snapshot.ts';
import { nextPollAt } from '../../src/orders/poll-order.ts';
import { DOCUMENT_READ_MS, POLL_LEASE_MS, READ_MS } from '../../src/orders/track/order-tracker.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const HOUR = 3_600_000;
const order = (status: string, at = NOW.toISOString(), more: object = {}) =>
  parseOrderSnapshot({ id: 'o', events: [{ id: 1, created_at: at, status }], ...more })!;
const hours = (text: string | null) => text && (Date.parse(text) - NOW.getTime()) / HOUR;
const ago = (count: number) => new Date(NOW.getTime() - count * HOUR).toISOString();
const wait = (...[snapshot, open]: [ReturnType<typeof order>, { result: boolean; transaction: boolean }]) =>
  hours(nextPollAt(snapshot, open, { now: NOW, random: 1 }));
const RUNNING = { result: false, transaction: true };

test.each([
  ['an open order: daily', order('received.walk_in_test.ordered'), RUNNING, 22],
  [
    'one that is expected tomorrow: daily',
    order('collecting_sample.x.y', undefined, { expected_result_by_date: '2026-11-22' }),
    RUNNING,
    22,
  ],
  [
    'one that is overdue: every two hours',
    order('collecting_sample.x.y', undefined, { expected_result_by_date: '2026-11-20' }),
    RUNNING,
    2,
  ],
  ['one at the laboratory: every three hours', order('sample_with_lab.x.y'), RUNNING, 3],
  ['one at the laboratory for a week: every three hours', order('sample_with_lab.x.y', ago(24 * 7)), RUNNING, 3],
  ['one at the laboratory for a month: a tenth of what is over a week', order('sample_with_lab.x.y', ago(24 * 37)), RUNNING, 72],
  [
    'one that is overdue for a month: the same',
    order('collecting_sample.x.y', ago(24 * 37), { expected_result_by_date: '2026-10-21' }),
    RUNNING,
    72,
  ],
  ['one of which nothing was heard for ten days: daily', order('received.x.y', ago(24 * 10)), RUNNING, 22],
  ['one of which nothing was heard for years: weekly', order('received.x.y', ago(24 * 2000)), RUNNING, 24 * 7],
  ['one that tells no time that can be read: as one that has just begun', order('sample_with_lab.x.y', 'soon'), RUNNING, 3],
  ['just completed, the result not final: in two minutes', order('completed.x.y'), { result: true, transaction: false }, 2 / 60],
  ['completed a day ago, the result not final: hourly', order('completed.x.y', ago(24)), { result: true, transaction: false }, 1],
  ['completed a month ago, the result not final: daily', order('completed.x.y', ago(24 * 30)), { result: true, transaction: false }, 22],
  ['completed a year ago: never', order('completed.x.y', ago(24 * 365)), { result: true, transaction: false }, null],
  ['over, its transaction not yet: hourly', order('cancelled.x.y'), RUNNING, 1],
  ['over: never', order('completed.x.y'), { result: false, transaction: false }, null],
])('%s', (_title, snapshot, open, expected) => {
  const found = wait(snapshot, open);
  if (expected === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(expected, 6);
});

test('the lease of an order is longer than all requests of one poll: the order, two results, and a large document', () => {
  expect(3 * READ_MS + DOCUMENT_READ_MS).toBeLessThan(POLL_LEASE_MS);
  expect(DOCUMENT_READ_MS).toBeGreaterThan(READ_MS);
});
