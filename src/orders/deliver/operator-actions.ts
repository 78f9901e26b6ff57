// An operator's actions on an order. Retry, park and release change the outbox entry and the Task, and the delivery worker sends the order. Drop revokes the request,
// as a user would.

import { toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { TenantStore } from '../../store/store.ts';
import {
  buildLastModified,
  buildOnHoldEdit,
  editResource,
  isOpenRequest,
  type ResourceEdit,
  withTaskStatus,
} from '../place/order-edits.ts';
import { formatOrderPayload, parseOrderPayload, readRequestId } from '../place/order-entry.ts';
import { findTransition } from '../state-machine.ts';
import { asSystemActor } from '../system-actor.ts';

export type OperatorAction = 'retry' | 'park' | 'release';

/** Earlier than the due time of every other entry: the order is sent first, also while the circuit breaker is open (delivery-worker.ts). */
export const MANUAL_DUE_TIME = new Date(0).toISOString();

/** The changes of the entry and of its Task. `dueAt`: when a retried order is due. */
const EFFECTS: Record<
  OperatorAction,
  (entry: OutboxEntry, at: string, dueAt: string) => { nextAt?: string; payload?: string; editTask?: ResourceEdit }
> = {
  retry: (_entry, _at, dueAt) => ({ nextAt: dueAt }),
  park: (entry, at) => ({
    payload: formatOrderPayload({ ...parseOrderPayload(entry), isParkedByOperator: true }),
    editTask: buildOnHoldEdit('put-aside', at),
  }),
  release: (entry, at) => ({
    nextAt: at,
    payload: formatOrderPayload({ ...parseOrderPayload(entry), isParkedByOperator: false, insuranceFailures: undefined }),
    editTask: buildReleasedEdit(at),
  }),
};

/**
 * Changes the entry and the order's Task in one transaction. Returns false if the order has changed since it was read, or its state does not allow the action.
 * `note`: the operator's reason, for the events. `waitsItsTurn`: a retried order waits, like every other order, while the circuit breaker is open.
 */
export const applyOperatorAction = (
  context: Context,
  operation: OperatorAction,
  entry: OutboxEntry,
  { note, waitsItsTurn = false }: { note?: string | undefined; waitsItsTurn?: boolean } = {},
): Promise<boolean> =>
  context.store.transaction(async (store) => {
    const transition = findTransition(entry, operation);
    if (!transition) return false;
    const at = context.clock().toISOString();
    const { editTask, ...change } = EFFECTS[operation](entry, at, waitsItsTurn ? at : MANUAL_DUE_TIME);
    if (
      !(await store.outbox.changeState(entry, {
        from: [entry.state],
        to: transition.to,
        at,
        what: operation,
        ...change,
        ...(note !== undefined && { note }),
      }))
    )
      return false;
    if (operation !== 'park') await allowInsurance(store, entry);
    if (editTask) await editResource({ ...context, store }, 'Task', parseOrderPayload(entry).task, editTask);
    return true;
  });

/** The operator has decided that the insurance may be sent again: its requests are counted from the beginning. */
async function allowInsurance({ networkInsurances }: TenantStore, entry: OutboxEntry): Promise<void> {
  const userId = parseOrderPayload(entry).insuranceFailures?.userId;
  if (userId !== undefined) await networkInsurances.resetRequests({ tenant: entry.tenant, account: entry.account, userId });
}

/** Removes the business status: the lab network's status of the order is not known. */
const buildReleasedEdit =
  (at: string) =>
  (task: Resource): Resource => {
    const { businessStatus: _aside, ...rest } = task;
    return task.status === 'on-hold' ? { ...withTaskStatus(rest, 'requested'), ...buildLastModified(task, at) } : task;
  };

/**
 * Gives an order up: revokes its request. An order that was never sent is cancelled. One that may have reached the lab network is looked up, and cancelled there if it
 * is found. The Task gets the operator's reason as a note. Returns false if the order has changed since it was read, or is not waiting.
 */
export const dropOrder = (context: Context, entry: OutboxEntry, note: string): Promise<boolean> =>
  context.store.transaction(async (store) => {
    const { state } = entry;
    if (!findTransition(entry, 'revoke') || state === 'done' || state === 'sending') return false;
    const inside = { ...context, store };
    const at = context.clock().toISOString();
    if (!(await store.outbox.changeState(entry, { from: [state], to: state, at, what: 'drop', note }))) return false;
    await editResource(inside, 'ServiceRequest', readRequestId(entry), (request) =>
      isOpenRequest(request) ? { ...request, status: 'revoked' } : request,
    );
    await editResource(asSystemActor(inside), 'Task', parseOrderPayload(entry).task, (task) => ({
      ...task,
      note: [...toList(task.note), { time: at, text: `dropped by an operator: ${note}` }],
      ...buildLastModified(task, at),
    }));
    return true;
  });
