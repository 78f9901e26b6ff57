// How an order at the network comes under those that are followed: when it is accepted, and when one turns up that belongs to a request of ours (a redraw,
// an order whose acceptance was never heard of).
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../resource/context.ts';
import { create } from '../../resource/create.ts';
import type { OutboxEntry } from '../../store/store.ts';
import { type OrderPayload, requestId } from '../ordering/order-entry.ts';
import { callOffFurther } from '../sending/cancel.ts';
import { type Systems, withIdentifier } from '../sending/record.ts';
import { dateTimeOf } from './moment.ts';
import type { SeenOrder } from './order-seen.ts';

/** An order that was just accepted tells of itself; it is looked at after this time even when it does not, in ms. */
const FIRST_LOOK_MS = 6 * 3_600_000;
const JUST_ORDERED = /^received(?:\.[^.]+\.ordered)?$/;

export const isJustOrdered = (status = ''): boolean => JUST_ORDERED.test(status);

/** What is known of an accepted order: how it stands, and what the network has made of its request before. */
interface Stand {
  status?: string | undefined;
  told?: string | undefined;
}

/** Inside the transaction that learns of the acceptance. An order that is further already is looked at now. */
export async function follow(
  { store, clock }: Context,
  entry: OutboxEntry,
  payload: OrderPayload,
  { status = 'received', told }: Stand,
): Promise<void> {
  const now = clock();
  const first = isJustOrdered(status) ? now.getTime() + FIRST_LOOK_MS : now.getTime();
  await store.placedOrders.add({
    tenant: entry.tenant,
    orderId: payload.orderId!,
    transactionId: payload.transactionId ?? null,
    request: requestId(entry),
    task: payload.task,
    version: payload.version ?? null,
    orderedAt: entry.firstSentAt ?? now.toISOString(),
    seen: JSON.stringify({ told }),
    at: new Date(first).toISOString(),
  });
}

/** Where a further order belongs: the request and its version that was ordered, and the Task of the order before it. */
export interface Origin {
  request: string;
  version: number | null;
  before: string;
}

/** Inside a transaction: a further order of a request, with a Task of its own. Looked at now; called off where the request was. False: it was known. */
export async function followFurther(
  context: Context,
  order: Pick<SeenOrder, 'id' | 'createdAt'> & { transactionId: string | undefined },
  { origin, systems }: { origin: Origin; systems: Systems },
): Promise<boolean> {
  const { store, caller, clock, newId } = context;
  const at = clock().toISOString();
  const task = newId();
  const added = await store.placedOrders.add({
    tenant: caller.tenant,
    orderId: order.id,
    transactionId: order.transactionId ?? null,
    request: origin.request,
    task,
    version: origin.version,
    orderedAt: momentOf(order.createdAt) ?? at,
    seen: '{}',
    at,
  });
  if (!added) return false;
  const draft = await furtherTask(context, order.id, { origin, systems });
  await create(context, { type: 'Task', id: task, draft: { plain: draft, exact: draft } });
  await callOffFurther(context, origin.request, { orderId: order.id, task, transactionId: order.transactionId });
  return true;
}

const momentOf = (told: string | undefined): string | undefined =>
  told === undefined || Number.isNaN(Date.parse(told)) ? undefined : new Date(told).toISOString();

/** Like the Task before it, whose part it is; how it stands is told by the look that follows. https://hl7.org/fhir/R4/task-definitions.html#Task.partOf */
async function furtherTask(
  { store, caller, clock }: Context,
  orderId: string,
  { origin, systems }: { origin: Origin; systems: Systems },
): Promise<Resource> {
  const row = await store.read(caller.tenant, 'Task', origin.before);
  const before = row?.body ? (JSON.parse(row.body) as Resource) : undefined;
  const request = { reference: `ServiceRequest/${origin.request}` };
  const at = dateTimeOf(clock().toISOString());
  const task: Resource = {
    resourceType: 'Task',
    basedOn: before?.basedOn ?? [request],
    partOf: [{ reference: `Task/${origin.before}` }],
    status: 'received',
    intent: 'order',
    code: before?.code ?? { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
    focus: before?.focus ?? request,
    ...(before?.for ? { for: before.for } : {}),
    authoredOn: at,
    lastModified: at,
  };
  return withIdentifier(task, systems.order, orderId);
}
