// The names in log lines about orders: the request, and the order at the lab network. account-directory.ts adds the name of the tenant.
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';
import type { TrackedOrder } from '../store/queues/tracked-orders.ts';

/** Receives ids and reasons, no patient data. */
type Log = (fields: Record<string, unknown>, text: string) => void;

export const toEntryFields = ({ tenant, subject }: OutboxEntry, order?: string) => ({ tenant, subject, order });

export const toOrderFields = ({ tenant, request, orderId }: Pick<TrackedOrder, 'tenant' | 'request' | 'orderId'>) => ({
  tenant,
  subject: `ServiceRequest/${request}`,
  order: orderId,
});

/** Log lines name tenants as commands do. The number of a tenant that was created in the last second may not have a name yet. */
export const withTenantNames =
  (findName: (tenant: number) => string | undefined, log: Log): Log =>
  ({ tenant, ...fields }, text) =>
    log({ ...(typeof tenant === 'number' && { tenant: findName(tenant) ?? tenant }), ...fields }, text);
