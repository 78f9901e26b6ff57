// The Task of a laboratory request: its content, its update when a request is rejected or ordered, and its write hook: a user who cancels the Task of an order withdraws
// the order, as by revoking its request. https://hl7.org/fhir/R4/task.html#statemachine

import { isDeepStrictEqual } from 'node:util';
import { v5 } from 'uuid';
import { conflict } from '../../fhir/outcome.ts';
import { normalizeReference } from '../../fhir/reference.ts';
import { parseStored, toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context, CreateLater, PendingWrite, WriteHook } from '../../interactions/context.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { TenantStore } from '../../store/store.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
import { withdrawOrder } from './cancellation.ts';
import type { OrderContent, OrderPhysician } from './junction-order.ts';
import { buildLastModified, withTaskStatus } from './order-edits.ts';
import { findOrderEntry, ORDER_TOPIC, parseOrderPayload, readRequestId, toSubject } from './order-entry.ts';
import { NPI_SYSTEM } from './practitioner.ts';
import { preserveExternalFields } from './preserved-external-fields.ts';

/** What is sent with an order and may differ from its request later: the notes, and the physician who signs. */
type SentInput = Pick<OrderContent, 'notes' | 'physician'>;

/** The Task of a request. `sent`: absent for a request that is not ordered. `system`: the code system of the types of inputs. */
export function buildTask(request: Resource, { at, sent, system }: { at: string; sent?: SentInput; system: string }): Resource {
  const input = sent ? buildInputs(sent, system) : [];
  const reference = { reference: toSubject(request.id!) };
  return {
    resourceType: 'Task',
    basedOn: [reference],
    status: 'requested',
    intent: 'order',
    code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
    focus: reference,
    for: request.subject,
    authoredOn: at,
    lastModified: at,
    ...(input.length && { input }),
  };
}

function buildInputs({ notes, physician }: SentInput, system: string): object[] {
  const type = (code: string) => ({ coding: [{ system, code }] });
  return [
    ...(notes ? [{ type: type('clinical-notes'), valueString: notes }] : []),
    ...(physician ? [{ type: type('physician'), valueReference: buildPhysicianReference(physician) }] : []),
  ];
}

const buildPhysicianReference = ({ id, npi, firstName, lastName }: OrderPhysician): object => ({
  ...(id !== undefined && { reference: `Practitioner/${id}` }),
  type: 'Practitioner',
  identifier: { system: NPI_SYSTEM, value: npi },
  display: `${firstName} ${lastName}`,
});

/** The UUID namespace of the ids of Tasks of rejections, generated for this project. */
const TASK_ID_NAMESPACE = '3c1a6e0d-6f0b-4a51-9a3f-7be2f1c8d904';

/**
 * A request that is not ordered has one Task with the status `rejected`, however often it is written. A derived id, so that two concurrent writes create one Task.
 * `order`: the key of an earlier order with the same request id, which has its own Task.
 */
const deriveTaskId = ({ caller }: Context, request: string, order = ''): string =>
  v5([caller.tenant, toSubject(request), order].join('/'), TASK_ID_NAMESPACE);

async function findTaskId(context: Context, request: string): Promise<string> {
  const previous = await findOrderEntry(context.store, context.caller.tenant, request);
  return deriveTaskId(context, request, previous?.key);
}

/** The Task of a rejection; undefined: the request has no such Task, or a user has changed its status. */
export async function findRejectedTask(context: Context, request: string): Promise<ResourceRow | undefined> {
  const row = await context.store.read(context.caller.tenant, 'Task', await findTaskId(context, request));
  return parseStored('Task', row)?.status === 'rejected' ? row : undefined;
}

/** Stores the rejection, or updates its reason and patient. A Task that a user has changed or deleted is not updated. `task`: the Task of an order. */
export async function storeRejection(
  context: Context,
  { id: request, previous, change }: PendingWrite,
  { task, reason, create }: { task: Resource; reason: string; create: CreateLater },
): Promise<void> {
  const rejected = withTaskStatus(task, 'rejected', reason);
  // a request with an id that a client chose may have been stored before, and been erased
  const isNew = !previous && change.method === 'POST';
  if (isNew) return create({ type: 'Task', id: deriveTaskId(context, request), resource: rejected });
  const id = await findTaskId(context, request);
  const stands = await context.store.read(context.caller.tenant, 'Task', id);
  if (!stands) create({ type: 'Task', id, resource: rejected });
  else if (parseStored('Task', stands)?.status === 'rejected')
    await readModifyWrite(context, { type: 'Task', id, edit: (current) => updateRejection(current, task, reason) });
}

function updateRejection(current: Resource, { for: patient, lastModified }: Resource, reason: string): Resource {
  const next = { ...withTaskStatus(current, 'rejected', reason), for: patient };
  return isDeepStrictEqual(next, current) ? current : { ...next, ...buildLastModified(current, String(lastModified)) };
}

/** Creates the Task of an order, or updates the Task of a former rejection. Returns its id. */
export async function createOrderTask(
  context: Context,
  { id: request, previous }: PendingWrite,
  { task, create }: { task: Resource; create: CreateLater },
): Promise<string> {
  const rejected = previous && (await findRejectedTask(context, request));
  if (!rejected) {
    const id = context.newId();
    create({ type: 'Task', id, resource: task });
    return id;
  }
  const { authoredOn: _now, lastModified, ...rest } = task;
  const edit = (current: Resource): Resource => ({
    ...withTaskStatus(current, 'requested'),
    ...rest,
    ...buildLastModified(current, String(lastModified)),
  });
  await readModifyWrite(context, { type: 'Task', id: rejected.id, edit });
  return rejected.id;
}

const ENDED_TASK_STATUSES = new Set<unknown>(['completed', 'failed', 'rejected', 'entered-in-error']);

export const buildTaskWriteHook = (systems: Systems): WriteHook => ({
  isConcerned: ({ resource, previous }) => resource !== undefined && Boolean(previous?.body),
  preserveServerElements: preserveExternalFields(systems),
  async check(context, write) {
    const previous = toTyped('Task', JSON.parse(write.previous!.body!));
    const entry = await findCancelledOrder(context, write, previous);
    if (!entry) return;
    if (ENDED_TASK_STATUSES.has(previous.status)) throw conflict('this order has ended and cannot be cancelled', 'Task.status');
    // the request is locked before the Task, in the order of all other writers: this prevents deadlocks
    await context.store.readForUpdate(entry.tenant, [{ type: 'ServiceRequest', id: readRequestId(entry) }]);
  },
  async after(context, write) {
    const previous = toTyped('Task', JSON.parse(write.previous!.body!));
    const entry = await findCancelledOrder(context, write, previous);
    if (entry) await withdrawOrder(context, entry);
  },
});

/** The order whose Task a user is cancelling. Undefined: the Task was cancelled before, it belongs to no order, or the server writes. */
async function findCancelledOrder(
  { store, caller, baseUrl }: Context,
  { id, resource }: PendingWrite,
  previous: Resource,
): Promise<OutboxEntry | undefined> {
  if (resource!.status !== 'cancelled' || previous.status === 'cancelled' || caller.actor === SYSTEM_ACTOR) return undefined;
  const { reference } = toTyped('Task', previous).focus ?? {};
  const focus = reference === undefined ? undefined : normalizeReference(reference, baseUrl);
  if (!focus?.startsWith('ServiceRequest/')) return undefined;
  for (const entry of await store.outbox.findAll(caller.tenant, ORDER_TOPIC, focus))
    if (await isTaskOfOrder(store, entry, id)) return entry;
  return undefined;
}

/** Whether this Task belongs to the order of this entry, or to a redraw of it. The request may have been deleted since. */
async function isTaskOfOrder(store: TenantStore, entry: OutboxEntry, id: string): Promise<boolean> {
  const { task, version } = parseOrderPayload(entry);
  if (task === id) return true;
  const trackedOrders = await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version });
  return trackedOrders.some((order) => order.task === id);
}
