// An operator's actions on an order: retry, park, release. They change the outbox entry and the Task. The delivery worker sends the order.
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { buildLastModified, buildOnHoldEdit, editResource, type ResourceEdit, withTaskStatus } from '../place/order-edits.ts';
import { formatOrderPayload, parseOrderPayload } from '../place/order-entry.ts';
import { findTransition } from '../state-machine.ts';

export type OperatorAction = 'retry' | 'park' | 'release';

/** Earlier than the due time of every other entry: the order is sent first, also while the circuit breaker is open (delivery-worker.ts). */
export const MANUAL_DUE_TIME = new Date(0).toISOString();

/** The changes of the entry and of its Task. */
const EFFECTS: Record<OperatorAction, (entry: OutboxEntry, at: string) => { nextAt?: string; payload?: string; editTask?: ResourceEdit }> =
  {
    retry: () => ({ nextAt: MANUAL_DUE_TIME }),
    park: (entry, at) => ({
      payload: formatOrderPayload({ ...parseOrderPayload(entry), isParkedByOperator: true }),
      editTask: buildOnHoldEdit('put-aside', at),
    }),
    release: (entry, at) => ({
      nextAt: at,
      payload: formatOrderPayload({ ...parseOrderPayload(entry), isParkedByOperator: false }),
      editTask: buildReleasedEdit(at),
    }),
  };

/** Changes the entry and the order's Task in one transaction. Returns false if the order has changed since it was read, or its state does not allow the action. */
export const applyOperatorAction = (context: Context, operation: OperatorAction, entry: OutboxEntry): Promise<boolean> =>
  context.store.transaction(async (store) => {
    const transition = findTransition(entry, operation);
    if (!transition) return false;
    const at = context.clock().toISOString();
    const { editTask, ...change } = EFFECTS[operation](entry, at);
    if (!(await store.outbox.changeState(entry, { from: [entry.state], to: transition.to, at, what: operation, ...change }))) return false;
    if (editTask) await editResource({ ...context, store }, 'Task', parseOrderPayload(entry).task, editTask);
    return true;
  });

/** Removes the business status: the lab network's status of the order is not known. */
const buildReleasedEdit =
  (at: string) =>
  (task: Resource): Resource => {
    const { businessStatus: _aside, ...rest } = task;
    return task.status === 'on-hold' ? { ...withTaskStatus(rest, 'requested'), ...buildLastModified(task, at) } : task;
  };
