// What each word of the network means for the Task and for the ServiceRequest.
import { type OrderSnapshot, parseOrderSnapshot } from '../../src/junction/order-snapshot.ts';
import { findCompletionTime, toRequestStatus, toTaskStatus } from '../../src/junction/order-status.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
/** An order with these events, a minute apart, in a journey of this status. */
const order = (statuses: string[], journey: string | null = 'active', at = '2026-11-21T11:0'): OrderSnapshot =>
  parseOrderSnapshot({
    id: 'o',
    events: statuses.map((status, index) => ({ id: index + 1, created_at: `${at}${index}:00Z`, status })),
    order_transaction: journey && { id: 't', status: journey, orders: [{ id: 'o' }] },
  })!;

test.each([
  ['received.walk_in_test.ordered', 'received'],
  ['received.testkit.ordered', 'received'],
  ['received.walk_in_test.requisition_created', 'accepted'],
  ['received.at_home_phlebotomy.requisition_bypassed', 'accepted'],
  ['received.testkit.awaiting_registration', 'accepted'],
  ['received.testkit.registered', 'accepted'],
  ['received.testkit.testkit_registered', 'accepted'],
  ['collecting_sample.walk_in_test.appointment_pending', 'in-progress'],
  ['collecting_sample.at_home_phlebotomy.appointment_scheduled', 'in-progress'],
  ['collecting_sample.walk_in_test.appointment_cancelled', 'on-hold'],
  ['collecting_sample.testkit.problem_in_transit_customer', 'on-hold'],
  ['collecting_sample.testkit.problem_in_transit_lab', 'on-hold'],
  ['collecting_sample.testkit.transit_lab', 'in-progress'],
  ['collecting_sample.walk_in_test.redraw_available', 'completed'],
  ['collecting_sample.on_site_collection.draw_completed', 'in-progress'],
  ['sample_with_lab.on_site_collection.draw_completed', 'in-progress'],
  ['sample_with_lab.walk_in_test.partial_results', 'in-progress'],
  ['sample_with_lab.testkit.lab_processing_blocked', 'on-hold'],
  ['completed.walk_in_test.completed', 'completed'],
  ['completed.testkit.corrected', 'completed'],
  ['cancelled.testkit.do_not_process', 'cancelled'],
  ['failed.testkit.lost', 'failed'],
  ['failed.walk_in_test.sample_error', 'failed'],
  ['collecting_sample.teleport.sample_beamed', 'in-progress'],
  ['completed.teleport.done', 'completed'],
  ['levitating.walk_in_test.whatever', 'in-progress'],
  ['received', 'received'],
])('%s: the Task is %s', (word, status) => {
  expect(toTaskStatus(word)).toBe(status);
});

test.each([
  ['ordered', order(['received.walk_in_test.ordered']), 'active', 'received'],
  [
    'at the laboratory',
    order(['received.walk_in_test.ordered', 'sample_with_lab.walk_in_test.partial_results']),
    'active',
    'sample_with_lab',
  ],
  ['completed, the journey too', order(['completed.walk_in_test.completed'], 'completed'), 'completed', undefined],
  ['completed, the journey not yet', order(['completed.walk_in_test.completed']), 'active', undefined],
  [
    'completed, the journey forgotten for days',
    order(['completed.walk_in_test.completed'], 'active', '2026-11-17T11:0'),
    'completed',
    undefined,
  ],
  ['completed, without a word of a journey', order(['completed.walk_in_test.completed'], null), 'completed', undefined],
  ['corrected', order(['completed.walk_in_test.completed', 'completed.walk_in_test.corrected']), 'completed', undefined],
  ['cancelled, the journey too', order(['cancelled.walk_in_test.cancelled'], 'cancelled'), 'revoked', undefined],
  ['cancelled, the journey goes on', order(['cancelled.walk_in_test.cancelled']), 'active', undefined],
  ['failed', order(['failed.testkit.lost']), 'revoked', 'failed'],
  ['waiting for a redraw', order(['collecting_sample.walk_in_test.redraw_available']), 'active', 'collecting_sample'],
  ['of a phase that is new', order(['levitating.walk_in_test.whatever']), 'active', 'levitating'],
])('%s: the status of the request follows the order transaction', (_title, snapshot, status, word) => {
  expect(toRequestStatus(snapshot, NOW)).toEqual({ status, phase: word });
});

test('the completion time is that of the first completed status, also after a correction', () => {
  expect(findCompletionTime(order(['completed.walk_in_test.completed', 'completed.walk_in_test.corrected']))).toBe('2026-11-21T11:00:00Z');
  expect(findCompletionTime(order(['received.walk_in_test.ordered']))).toBeUndefined();
});

test('the newest event is the one with the highest id, in any position', () => {
  const events = [
    { id: 7, created_at: '2026-11-21T10:00:00Z', status: 'completed.walk_in_test.completed' },
    { id: 3, created_at: '2026-11-21T11:00:00Z', status: 'received.walk_in_test.ordered' },
  ];
  expect(parseOrderSnapshot({ id: 'o', events, last_event: events[1] })!.events.map(({ id }) => id)).toEqual([3, 7]);
  expect(parseOrderSnapshot({ id: 'o', status: 'received' })!.events).toEqual([
    { id: 0, at: undefined, status: 'received', detail: undefined },
  ]);
  expect(parseOrderSnapshot({ status: 'received' })).toBeUndefined();
});
