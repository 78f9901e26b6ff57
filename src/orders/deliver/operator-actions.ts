// What an operator may do with an order: have it tried now, put it aside, let it go on. Nothing here sends: a sender finds what is due.
// Each answers whether it was done; false: the order has gone on since it was looked at.
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { buildLastModified, buildOnHoldEdit, editResource, withTaskStatus } from '../place/order-edits.ts';
import { letGo, parseOrderPayload, waiting } from '../place/order-entry.ts';

export type OperatorAction = 'retry' | 'park' | 'release';

/** In which states each makes sense. */
export const MAY: Record<OperatorAction, OutboxState[]> = {
  retry: ['queued', 'unknown'],
  park: ['queued', 'unknown', 'parked'],
  release: ['parked'],
};

/** Due since ever: goes before all others, and where the circuit breaker holds back the others (delivery-worker.ts). */
export const MANUAL_DUE_TIME = new Date(0).toISOString();

const WAYS: Record<OperatorAction, (context: Context, entry: OutboxEntry, at: string) => Promise<boolean>> = {
  retry: ({ store }, entry, at) =>
    store.outbox.changeState(entry, { from: MAY.retry, to: entry.state, at, nextAt: MANUAL_DUE_TIME, what: 'retry' }),
  async park(context, entry, at) {
    const payload = JSON.stringify({ ...parseOrderPayload(entry), kept: true });
    if (!(await context.store.outbox.changeState(entry, { from: MAY.park, to: 'parked', at, payload, what: 'park' }))) return false;
    await editResource(context, 'Task', parseOrderPayload(entry).task, buildOnHoldEdit('put-aside', at));
    return true;
  },
  async release(context, entry, at) {
    const payload = letGo(parseOrderPayload(entry));
    const move = { from: MAY.release, to: waiting(entry), at, nextAt: at, payload: JSON.stringify(payload), what: 'release' };
    if (!(await context.store.outbox.changeState(entry, move))) return false;
    await editResource(context, 'Task', payload.task, onItsWay(at));
    return true;
  },
};

/** In one transaction with what the order's Task says of it. */
export const applyOperatorAction = (context: Context, operation: OperatorAction, entry: OutboxEntry): Promise<boolean> =>
  context.store.transaction((store) => WAYS[operation]({ ...context, store }, entry, context.clock().toISOString()));

/** As before it was sent: what the network says of it is not known yet. */
const onItsWay =
  (at: string) =>
  (task: Resource): Resource => {
    const { businessStatus: _aside, ...rest } = task;
    return task.status === 'on-hold' ? { ...withTaskStatus(rest as Resource, 'requested'), ...buildLastModified(task, at) } : task;
  };
