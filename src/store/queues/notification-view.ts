// The messages to subscribers as people look at them: how many wait, and for how long.
import type { Database } from '../database/database.ts';

const WAITING = 'select count(*)::int as count, min(created_at) as oldest from notification';

/** `oldest`: since when the first of them has waited; null: none waits. */
export const readNotificationBacklog = async (database: Database): Promise<{ count: number; oldest: string | null }> =>
  (await database.query<{ count: number; oldest: string | null }>(WAITING))[0]!;
