// The inbox of webhooks as people look at it: how many are still to be worked through.
import type { Database } from '../database/database.ts';

const OPEN = "select state, count(*)::int as count from webhook_inbox where state in ('new', 'retry') group by state";

/** `new`: nobody has looked yet; `retry`: again later, because their order is not known or not to be read. */
export async function countOpenWebhooks(database: Database): Promise<{ new: number; retry: number }> {
  const counts = await database.query<{ state: 'new' | 'retry'; count: number }>(OPEN);
  return { new: 0, retry: 0, ...Object.fromEntries(counts.map(({ state, count }) => [state, count])) };
}
