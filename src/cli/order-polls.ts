// The output of `facet orders` for orders that the laboratory network has accepted: whether the polls of their status succeed, and when the next one is.
import type { Database } from '../store/database/database.ts';
import { listFailedPolls } from '../store/queues/backlogs.ts';
import type { TrackedOrder } from '../store/queues/tracked-orders.ts';
import { timeUntil } from './outbox-output.ts';
import { textTable } from './text-table.ts';

/** The value of --state for accepted orders whose last poll failed. */
export const FAILING_POLLS = 'poll-failing';

/** The orders at the network that one ServiceRequest has led to. */
export function networkOrderLines(trackedOrders: TrackedOrder[], at: Date): string[] {
  const rows = trackedOrders.map((order) => [order.orderId, order.task, pollState(order), nextPoll(order, at), order.lastError ?? '']);
  return rows.length ? ['', ...textTable(['network order', 'task', 'polling', 'next poll', 'reason'], rows)] : [];
}

/** The accepted orders of all tenants, or of one, whose last poll failed. `tenants`: id → name. */
export async function failingPollLines(
  database: Database,
  { tenants, tenant, limit, at }: { tenants: Map<number, string>; tenant: number | undefined; limit: number; at: Date },
): Promise<string[]> {
  const found = await listFailedPolls(database, { ...(tenant !== undefined && { tenant }), limit: limit + 1 });
  if (found.length === 0) return [`no orders in state ${FAILING_POLLS}`];
  const rows = found
    .slice(0, limit)
    .map((order) => [
      tenants.get(order.tenant) ?? String(order.tenant),
      order.request,
      order.orderId,
      String(order.attempts),
      nextPoll(order, at),
      (order.lastError ?? '').slice(0, 60),
    ]);
  const more = found.length > limit ? [`more than ${limit}: --limit shows more of them`] : [];
  return [...textTable(['tenant', 'order', 'network order', 'polls', 'next poll', 'reason'], rows), ...more];
}

/** Polls are counted from the last webhook, or the last successful poll. */
function pollState({ nextAt, lastError, attempts }: TrackedOrder): string {
  if (nextAt === null) return 'finished';
  if (lastError === null) return 'polled';
  return attempts > 1 ? `failing, ${attempts} times in a row` : 'failing';
}

const nextPoll = ({ nextAt }: TrackedOrder, at: Date): string => (nextAt === null ? 'after a webhook' : timeUntil(nextAt, at));
