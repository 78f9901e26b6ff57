// The write hook of Task: a user who cancels the Task of an order withdraws the order, as by revoking its request. https://hl7.org/fhir/R4/task.html#statemachine

import { conflict } from '../../fhir/outcome.ts';
import { normalizeReference } from '../../fhir/reference.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context, PendingWrite, WriteHook } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
import { ORDER_TOPIC, readRequestId } from './order-entry.ts';
import { parseOrderPayload } from './order-payload.ts';
import { preserveExternalFields } from './preserved-external-fields.ts';
import { withdrawOrder } from './withdraw.ts';

const ENDED_TASK_STATUSES = new Set<unknown>(['completed', 'failed', 'rejected', 'entered-in-error']);

export const buildTaskWriteHook = (systems: Systems): WriteHook => ({
  isConcerned: ({ resource, previous }) => resource !== undefined && Boolean(previous?.body),
  preserveServerElements: preserveExternalFields(systems),
  async check(context, write) {
    const former = toTyped('Task', JSON.parse(write.previous!.body!));
    const entry = await findCancelledOrder(context, write, former);
    if (!entry) return;
    if (ENDED_TASK_STATUSES.has(former.status)) throw conflict('this order has ended and cannot be cancelled', 'Task.status');
    // the request is locked before the Task, in the order of all other writers: this prevents deadlocks
    await context.store.readForUpdate(entry.tenant, [{ type: 'ServiceRequest', id: readRequestId(entry) }]);
  },
  async after(context, write) {
    const former = toTyped('Task', JSON.parse(write.previous!.body!));
    await withdrawOrder(context, await findCancelledOrder(context, write, former));
  },
});

/** The order whose Task a user is cancelling. Undefined: the Task was cancelled before, it belongs to no order, or the server writes. */
async function findCancelledOrder(
  { store, caller, baseUrl }: Context,
  { id, resource }: PendingWrite,
  former: Resource,
): Promise<OutboxEntry | undefined> {
  if (resource!.status !== 'cancelled' || former.status === 'cancelled' || caller.actor === SYSTEM_ACTOR) return undefined;
  const { reference } = toTyped('Task', former).focus ?? {};
  const focus = reference === undefined ? undefined : normalizeReference(reference, baseUrl);
  if (!focus?.startsWith('ServiceRequest/')) return undefined;
  for (const entry of await store.outbox.findAll(caller.tenant, ORDER_TOPIC, focus))
    if (await isTaskOfOrder(store, entry, id)) return entry;
  return undefined;
}

/** Whether this Task belongs to the order of this entry, or to a redraw of it. The request may have been deleted since. */
async function isTaskOfOrder(store: Store, entry: OutboxEntry, id: string): Promise<boolean> {
  const { task, version } = parseOrderPayload(entry);
  if (task === id) return true;
  const placed = await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version });
  return placed.some((order) => order.task === id);
}
