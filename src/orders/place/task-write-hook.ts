// The Task that tells of an order, when somebody cancels it: the order is taken back, as by its request. https://hl7.org/fhir/R4/task.html#statemachine

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

/** The write hook of writes of Task. */
export const buildTaskWriteHook = (systems: Systems): WriteHook => ({
  isConcerned: ({ resource, previous }) => resource !== undefined && Boolean(previous?.body),
  preserveServerElements: preserveExternalFields(systems),
  async check(context, write) {
    const former = toTyped('Task', JSON.parse(write.previous!.body!));
    const entry = await findCancelledOrder(context, write, former);
    if (!entry) return;
    if (ENDED_TASK_STATUSES.has(former.status)) throw conflict('this order is over: there is nothing to cancel', 'Task.status');
    // the request first, as whoever writes an outcome does: two that want the same rows wait in line
    await context.store.readForUpdate(entry.tenant, [{ type: 'ServiceRequest', id: readRequestId(entry) }]);
  },
  async after(context, write) {
    const former = toTyped('Task', JSON.parse(write.previous!.body!));
    await withdrawOrder(context, await findCancelledOrder(context, write, former));
  },
});

/** The order whose Task is being cancelled by somebody; undefined: it was cancelled before, tells of no order, or the network says so. */
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

/** Whether this Task tells of the order of this entry, or of one that came of it (a redraw): also when its request is gone since. */
async function isTaskOfOrder(store: Store, entry: OutboxEntry, id: string): Promise<boolean> {
  const { task, version } = parseOrderPayload(entry);
  if (task === id) return true;
  const placed = await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version });
  return placed.some((order) => order.task === id);
}
