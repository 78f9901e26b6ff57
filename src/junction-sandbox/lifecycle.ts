// An order's way through the laboratory, step by step: events are appended, the last one says where the order stands, and each is announced.
// https://docs.junction.com/lab/overview/orders-and-results
import { randomUUID } from 'node:crypto';
import { announce, announceCritical } from './announce.ts';
import { corrected, reported, type Wishes } from './report.ts';
import { methodOf, type SandboxOrder, statusOf, type World } from './world.ts';

/** The usual way of an order, by how its sample is taken. */
const WAYS: Record<string, string[]> = {
  walk_in_test: [
    'received.walk_in_test.ordered',
    'received.walk_in_test.requisition_created',
    'collecting_sample.walk_in_test.appointment_pending',
    'sample_with_lab.walk_in_test.partial_results',
    'completed.walk_in_test.completed',
  ],
  at_home_phlebotomy: [
    'received.at_home_phlebotomy.ordered',
    'received.at_home_phlebotomy.requisition_created',
    'collecting_sample.at_home_phlebotomy.appointment_pending',
    'collecting_sample.at_home_phlebotomy.draw_completed',
    'sample_with_lab.at_home_phlebotomy.partial_results',
    'completed.at_home_phlebotomy.completed',
  ],
  on_site_collection: [
    'received.on_site_collection.ordered',
    'received.on_site_collection.requisition_created',
    'sample_with_lab.on_site_collection.draw_completed',
    'sample_with_lab.on_site_collection.partial_results',
    'completed.on_site_collection.completed',
  ],
};

const wayOf = (sent: SandboxOrder['sent']): string[] => WAYS[methodOf(sent)]!;
/** From here on, nothing is cancelled any more. */
const TOO_LATE = /^(sample_with_lab|completed|cancelled|failed)\./;

/** The order's first event. */
export const begun = (world: World, sent: SandboxOrder['sent']): SandboxOrder['events'] => [event(world, 1, wayOf(sent)[0]!)];

/** What a step may bring with it. */
export interface StepWishes extends Wishes {
  /** Why: `sample_hemolyzed`. */
  detail?: string;
  /** The redraw carries the passthrough of the order before it. Whether Junction's do is nowhere said. */
  passthrough?: boolean;
  /** Nobody is told. */
  silent?: boolean;
}

/** What comes next on the order's usual way; undefined: it is at its end, or has left it. */
function nextOf(order: SandboxOrder): string | undefined {
  const way = wayOf(order.sent);
  const at = way.indexOf(statusOf(order));
  return at < 0 ? undefined : way[at + 1];
}

/** Moves the order to `status`, or one step along its usual way. False when that leads nowhere. */
export function step(world: World, order: SandboxOrder, status = nextOf(order), wishes: StepWishes = {}): boolean {
  if (status === undefined) return false;
  append(world, order, status, wishes);
  if (status.endsWith('.redraw_available')) redraw(world, order, wishes);
  return true;
}

/** False when it is too late for that. */
export function cancel(world: World, order: SandboxOrder): boolean {
  if (TOO_LATE.test(statusOf(order))) return false;
  append(world, order, `cancelled.${methodOf(order.sent)}.cancelled`, {});
  return true;
}

function append(world: World, order: SandboxOrder, status: string, wishes: StepWishes): void {
  const events = [...order.events, event(world, order.events.at(-1)!.id + 1, status, wishes.detail)];
  const next = { ...order, events, report: reportAfter(world, order, status, wishes) };
  world.orders.set(order.id, next);
  if (wishes.silent) return;
  announce(world, next, 'labtest.order.updated');
  if (next.report?.interpretation === 'critical' && next.report !== order.report) announceCritical(world, next);
}

/** Reading them does not wait for an announcement. */
function reportAfter(world: World, order: SandboxOrder, status: string, wishes: StepWishes): SandboxOrder['report'] {
  if (status.endsWith('.partial_results')) return reported(world, order, 'partial', wishes);
  if (status.endsWith('.corrected')) return corrected(world, order, wishes);
  return status.startsWith('completed.') ? reported(world, order, 'final', wishes) : order.report;
}

/** A new order of the same journey; the first one ends here. */
function redraw(world: World, before: SandboxOrder, { passthrough, silent }: StepWishes): void {
  const order: SandboxOrder = {
    ...before,
    id: randomUUID(),
    passthrough: passthrough ? before.passthrough : null,
    createdAt: new Date(Math.max(world.now().getTime(), Date.parse(before.createdAt)) + 1).toISOString(),
    events: begun(world, before.sent),
    origin: 'redraw',
    parentId: before.id,
    report: null,
  };
  world.orders.set(order.id, order);
  if (!silent) announce(world, order, 'labtest.order.created');
}

const event = (world: World, id: number, status: string, detail?: string) => ({
  id,
  created_at: world.now().toISOString(),
  status,
  ...(detail !== undefined && { status_detail: detail }),
});
