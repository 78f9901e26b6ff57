// How many connections the server accepts from this role.
import type { Database } from './database.ts';

/** https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS */
const LIMIT = `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as "limit"`;

export async function readConnectionLimit(database: Database): Promise<number> {
  const [row] = await database.query<{ limit: number }>(LIMIT);
  return row!.limit;
}
