// A Database on a knex instance: knex owns the pool, statements and transactions run directly on its connections.
// docs/decisions/2026-11-22-statements-sent-together.md
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { retrying, translated } from './failure.ts';

/** How an engine runs statements on one of its connections. */
interface Driver<Connection> {
  engine: Database['engine'];
  run(connection: Connection, sql: string, parameters: unknown[], name?: string): Promise<object[]>;
  script(connection: Connection, sql: string): Promise<unknown>;
  /** What begins a transaction, where that is more than `begin`. */
  begin?(connection: Connection): string;
  /** Whether a statement alone needs a transaction of its own too, because settings last no longer. */
  perTransaction?(connection: Connection): boolean;
  /** Told that a transaction begins on a connection; what it answers is told when all of it is taken back. */
  beginning?(connection: Connection): () => void;
  /** A connection that nobody may use again: what it is in the middle of is not known. */
  discard?(connection: Connection, error: unknown): void;
  /** Called after the pool is closed. */
  close?(): Promise<void>;
}

/** The Database of a pool. */
export function databaseOf<Connection>(pool: Knex, driver: Driver<Connection>): Database {
  const inside = new AsyncLocalStorage<{ open: boolean }>();
  const refuseInside = () => {
    if (inside.getStore()?.open) throw new Error('inside a transaction every statement goes through the handle of that transaction');
  };
  const onConnection = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    refuseInside();
    const connection: Connection = await translated(pool.client.acquireConnection());
    try {
      return await translated(work(connection));
    } finally {
      await pool.client.releaseConnection(connection);
    }
  };
  const started = (connection: Connection): Promise<unknown> => driver.script(connection, driver.begin?.(connection) ?? 'begin');
  /** Three messages that are sent together. After a failure, `commit` takes all back. */
  const alone = async <T>(connection: Connection, work: () => Promise<T>): Promise<T> => {
    if (!driver.perTransaction?.(connection)) return work();
    const sent = [started(connection), work(), driver.script(connection, 'commit')] as const;
    await Promise.allSettled(sent);
    const [, answer] = await Promise.all(sent);
    return answer;
  };
  const begin = <T>(work: (database: Database) => Promise<T>): Promise<T> =>
    onConnection(async (connection) => {
      const scope = { open: true };
      const takenBack = driver.beginning?.(connection);
      try {
        // what the work asks first waits in line behind it
        const begun = started(connection);
        const working = inside.run(scope, async () => work(transactionOf(scope, connection, driver)));
        const [, answer] = await Promise.all([begun, working]);
        scope.open = false;
        await driver.script(connection, 'commit');
        return answer;
      } catch (error) {
        scope.open = false;
        await driver.script(connection, 'rollback').catch((broken) => driver.discard?.(connection, broken));
        takenBack?.();
        throw error;
      }
    });
  return {
    engine: driver.engine,
    query: <T extends object>(sql: string, parameters: unknown[] = [], name?: string) =>
      retrying(() => onConnection((connection) => alone(connection, () => driver.run(connection, sql, parameters, name) as Promise<T[]>))),
    script: (sql) => onConnection((connection) => alone(connection, async () => void (await driver.script(connection, sql)))),
    transaction: async (work) => {
      refuseInside();
      return retrying(() => begin(work));
    },
    close: async () => {
      await pool.destroy();
      await driver.close?.();
    },
  };
}

/** The handle of one running transaction. It is of no use after the end of it. */
function transactionOf<Connection>(scope: { open: boolean }, connection: Connection, driver: Driver<Connection>): Database {
  const checked = <T>(work: () => Promise<T>): Promise<T> => {
    if (!scope.open) throw new Error('this transaction has ended');
    return translated(work());
  };
  const handle: Database = {
    engine: driver.engine,
    query: async <T extends object>(sql: string, parameters: unknown[] = [], name?: string) =>
      checked(() => driver.run(connection, sql, parameters, name) as Promise<T[]>),
    script: async (sql) => void (await checked(() => driver.script(connection, sql))),
    transaction: async (work) => work(handle),
    close: async () => {
      throw new Error('a transaction is ended by the end of its work');
    },
  };
  return handle;
}
