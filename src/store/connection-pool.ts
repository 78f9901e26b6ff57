// A Database on a knex instance: knex owns the pool and the transactions, statements run directly on its connections.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { retrying, translated } from './failure.ts';

/** How an engine runs statements on one of its connections. */
export interface Driver<Connection> {
  engine: Database['engine'];
  run(connection: Connection, sql: string, parameters: unknown[], name?: string): Promise<object[]>;
  script(connection: Connection, sql: string): Promise<unknown>;
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
  const begin = <T>(work: (database: Database) => Promise<T>): Promise<T> =>
    pool.transaction(async (transaction) => {
      const scope = { open: true };
      try {
        return await inside.run(scope, async () => work(await transactionOf(transaction, driver)));
      } finally {
        scope.open = false;
      }
    });
  return {
    engine: driver.engine,
    query: <T extends object>(sql: string, parameters: unknown[] = [], name?: string) =>
      retrying(() => onConnection((connection) => driver.run(connection, sql, parameters, name) as Promise<T[]>)),
    script: (sql) => onConnection(async (connection) => void (await driver.script(connection, sql))),
    transaction: async (work) => {
      refuseInside();
      return retrying(() => translated(begin(work)));
    },
    close: async () => {
      await pool.destroy();
      await driver.close?.();
    },
  };
}

/** The handle of one running transaction. It is of no use after the end of it. */
async function transactionOf<Connection>(transaction: Knex.Transaction, driver: Driver<Connection>): Promise<Database> {
  const connection: Connection = await transaction.client.acquireConnection();
  const checked = <T>(work: () => Promise<T>): Promise<T> => {
    if (transaction.isCompleted()) throw new Error('this transaction has ended');
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
