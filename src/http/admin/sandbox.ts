// /admin/orders/{id}/sandbox, in development only: what the sandbox that stands in for the laboratory does next with an order.
import { findOrder, readOrderDetails } from '../../administration/orders/order-details.ts';
import { conflict, notFound } from '../../fhir/outcome.ts';
import { type AdminCall, type AdminHandler, findTenantOf, readFields } from './admin-call.ts';

/** An order in the sandbox. `steps`: the names of the steps that are possible now. */
interface SandboxOrder {
  id: string;
  status: string;
  steps: string[];
}

/** The sandbox, by ids of its orders. */
export interface SandboxControl {
  /** Undefined: the sandbox does not have the order. */
  readOrder(id: string): Promise<SandboxOrder | undefined>;
  /** Throws 400 with the possible steps if this one is not possible. */
  stepOrder(id: string, fields: { step?: string; interpretation?: string }): Promise<void>;
}

export const buildReadSandboxHandler =
  (sandbox: SandboxControl): AdminHandler =>
  async (call) => ({ status: 200, body: await readSandboxOrder(sandbox, call) });

export const buildStepHandler =
  (sandbox: SandboxControl): AdminHandler =>
  async (call) => {
    const fields = await readFields(call, ['step', 'interpretation']);
    const { id } = await readSandboxOrder(sandbox, call);
    await sandbox.stepOrder(id, fields);
    return { status: 200, body: await readSandboxOrder(sandbox, call) };
  };

/** The newest order at the sandbox that the request has led to. */
async function readSandboxOrder(sandbox: SandboxControl, call: AdminCall): Promise<SandboxOrder> {
  const tenant = await findTenantOf(call);
  const { entry, context } = await findOrder(call.administration, tenant, call.path.id ?? '');
  const { trackedOrders } = await readOrderDetails(call.administration.database, context, entry);
  const newest = trackedOrders.at(-1);
  if (!newest) throw conflict('the order is not at the laboratory yet: wait until its state is done');
  // the sandbox has the account of the environment only
  const order = newest.account === 0 ? await sandbox.readOrder(newest.orderId) : undefined;
  if (!order) throw notFound('the sandbox does not have this order: it forgets its orders when it stops. Place a new one');
  return order;
}
