// Somebody takes an order back, by its request or by its Task: what that means depends on how far the order is. Inside the transaction of that write.
// docs/decisions/0025-order-changes-and-cancellation.md
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { asSystemActor } from '../system-actor.ts';
import { callOff } from './cancellation.ts';
import { letGo, payloadOf, requestId } from './order-entry.ts';
import { calledOff, change } from './record.ts';

type Way = (context: Context, entry: OutboxEntry) => Promise<void>;

/** Whoever is sending it finds out: before it leaves, or when the answer is written down. */
const nothing: Way = async () => {};

/** How far it is → what is done now. */
const WAYS: Record<OutboxState, Way> = {
  queued: drop,
  sending: nothing,
  unknown: findOut,
  parked: (context, entry) => (entry.firstSentAt === null ? drop : findOut)(context, entry),
  done: (context, entry) => callOff(context, entry, payloadOf(entry)),
  refused: nothing,
  cancelled: nothing,
};

/** `entry`: of the request; undefined when it was never an order. */
export const withdrawn = async (context: Context, entry: OutboxEntry | undefined): Promise<void> =>
  entry && WAYS[entry.state](context, entry);

/** It never left: there is nobody to tell. One that a sender has taken at this moment is left to that one. */
async function drop(context: Context, entry: OutboxEntry): Promise<void> {
  const at = context.clock().toISOString();
  const payload = JSON.stringify(letGo(payloadOf(entry)));
  if (!(await context.store.outbox.changeState(entry, { from: ['queued', 'parked'], to: 'cancelled', at, payload, what: 'withdrawn' })))
    return;
  const edit = calledOff(at);
  const inside = asSystemActor(context);
  await change(inside, 'ServiceRequest', requestId(entry), edit.request);
  await change(inside, 'Task', payloadOf(entry).task, edit.task);
}

/** It may be there: looked up now, and called off if it is (send.ts). */
async function findOut({ store, clock }: Context, entry: OutboxEntry): Promise<void> {
  const at = clock().toISOString();
  const payload = JSON.stringify(letGo(payloadOf(entry)));
  await store.outbox.changeState(entry, { from: ['unknown', 'parked'], to: 'unknown', at, nextAt: at, payload, what: 'withdrawn' });
}
