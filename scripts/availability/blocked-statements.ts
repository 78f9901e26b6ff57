// Makes statements of the servers wait for a lock, so that they are under way when PostgreSQL stops. Most statements are too short to be met by chance.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const WAITING = 5;
const POLL_MS = 20;

/** Resolves when several statements wait. The lock lasts until PostgreSQL ends the connection. */
export async function blockStatements(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query('begin');
  await client.query('lock table resource in access exclusive mode');
  for (let waiting = 0; waiting < WAITING; await delay(POLL_MS)) {
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from pg_locks where not granted');
    waiting = rows[0]!.count;
  }
}
