// An order's way through the laboratory, step by step: events are appended, the last one says where the order stands.
// https://docs.junction.com/lab/overview/orders-and-results
import type { SandboxOrder, World } from './world.ts';

/** The usual way of a walk-in order. */
const WAY = [
  'received.walk_in_test.ordered',
  'received.walk_in_test.requisition_created',
  'collecting_sample.walk_in_test.appointment_pending',
  'sample_with_lab.walk_in_test.partial_results',
  'completed.walk_in_test.completed',
];
/** From here on, nothing is cancelled any more. */
const TOO_LATE = /^(sample_with_lab|completed|cancelled|failed)\./;

export const statusOf = (order: SandboxOrder): string => order.events.at(-1)!.status;

/** The order's first event. */
export const begun = (world: World): SandboxOrder['events'] => [event(world, 1, WAY[0]!)];

/** Moves the order to `status`, or one step along its usual way. False when it has come to its end. */
export function step(world: World, order: SandboxOrder, status?: string): boolean {
  const next = status ?? WAY[WAY.indexOf(statusOf(order)) + 1];
  if (next === undefined) return false;
  append(world, order, next);
  return true;
}

/** False when it is too late for that. */
export function cancel(world: World, order: SandboxOrder): boolean {
  if (TOO_LATE.test(statusOf(order))) return false;
  append(world, order, 'cancelled.walk_in_test.cancelled');
  return true;
}

function append(world: World, order: SandboxOrder, status: string): void {
  world.orders.set(order.id, { ...order, events: [...order.events, event(world, order.events.at(-1)!.id + 1, status)] });
}

const event = (world: World, id: number, status: string) => ({ id, created_at: world.now().toISOString(), status });
