// Starts to track a further order of a request (a redraw), with its own Task.
import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { create } from '../../interactions/create.ts';
import { toFhirDateTime } from '../../junction/fhir-date-time.ts';
import type { OrderSnapshot } from '../../junction/order-snapshot.ts';
import { cancelFurtherOrder } from '../place/cancellation.ts';
import { withIdentifier } from '../place/order-edits.ts';
import type { Systems } from '../systems.ts';

/** The origin of a further order: the request, its ordered version, and the Task of the order before it. */
export interface OrderOrigin {
  request: string;
  version: number | null;
  before: string;
}

/** Called inside a transaction. `account`: the account whose network has the order. The order is polled now, and cancelled if the request was revoked. Returns false if the order was already tracked. */
export async function trackFurtherOrder(
  context: Context,
  order: Pick<OrderSnapshot, 'id' | 'createdAt'> & { transactionId: string | undefined },
  { origin, account, systems }: { origin: OrderOrigin; account: number; systems: Systems },
): Promise<boolean> {
  const { store, caller, clock, newId } = context;
  const at = clock().toISOString();
  const task = newId();
  const tracked = {
    tenant: caller.tenant,
    account,
    orderId: order.id,
    transactionId: order.transactionId ?? null,
    request: origin.request,
    task,
    version: origin.version,
    orderedAt: toInstant(order.createdAt) ?? at,
    snapshot: '{}',
    at,
  };
  if ((await store.trackedOrders.add([tracked])).size === 0) return false;
  const draft = await buildFurtherTask(context, order.id, { origin, systems });
  await create(context, { type: 'Task', id: task, draft: { resource: draft, exact: draft } });
  await cancelFurtherOrder(context, origin.request, { orderId: order.id, task, transactionId: order.transactionId });
  return true;
}

const toInstant = (text: string | undefined): string | undefined =>
  text === undefined || Number.isNaN(Date.parse(text)) ? undefined : new Date(text).toISOString();

/** Like the Task before it, to which `partOf` refers. The next poll sets its status. https://hl7.org/fhir/R4/task-definitions.html#Task.partOf */
async function buildFurtherTask(
  { store, caller, clock }: Context,
  orderId: string,
  { origin, systems }: { origin: OrderOrigin; systems: Systems },
): Promise<Resource> {
  const row = await store.read(caller.tenant, 'Task', origin.before);
  const before = parseStored('Task', row);
  const request = { reference: `ServiceRequest/${origin.request}` };
  const at = toFhirDateTime(clock().toISOString());
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
