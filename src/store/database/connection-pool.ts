// A Database on a knex instance: knex owns the pool, statements and transactions run directly on its connections.
// docs/decisions/0002-database-engines.md
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { retrying, translated } from './errors.ts';
import { clientLeft, FairQueue, type Owner, type QueueLoad } from './fair-queue.ts';

/** How an engine runs statements on one of its connections. */
export interface Driver<Connection> {
  engine: Database['engine'];
  distributed(): boolean;
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
  /** Stops what runs on a connection. Nobody may use the connection again: the request to stop may arrive late. */
  cancel?(connection: Connection): void;
  /** Resolves when the database answers. Takes no connection of the pool. */
  ping(): Promise<void>;
  /** Called after the pool is closed. */
  close?(): Promise<void>;
}

/** How the connections are shared. `patience`: how long work waits for one, in ms. */
interface Sharing {
  connections: number;
  patience: number;
}

/** How many requests of one tenant may wait for a connection. */
const LONGEST_QUEUE = 200;

/** Whose statements a handle runs. `begun`: something of the work is done, so that the rest is not refused. */
interface Work {
  owner: Owner;
  begun: boolean;
  safe: boolean;
  signal?: AbortSignal;
}

/** A running transaction. */
interface Scope {
  open: boolean;
  signal: AbortSignal | undefined;
}

/** A driver with its connections. */
interface Lender<Connection> {
  driver: Driver<Connection>;
  load: QueueLoad;
  /** Fails when a transaction of this caller is running. */
  refuseInside(): void;
  /** Runs `work` in the scope of a transaction. */
  within<T>(scope: Scope, work: () => Promise<T>): Promise<T>;
  /** Lends a connection as soon as it is this work's turn. */
  lend<T>(of: Work, run: (connection: Connection, signal?: AbortSignal) => Promise<T>): Promise<T>;
}

/** The Database of a pool. */
export function databaseOf<Connection>(pool: Knex, driver: Driver<Connection>, sharing: Sharing): Database {
  const lender = lenderOf(pool, driver, sharing);
  const close = async () => {
    await pool.destroy();
    await driver.close?.();
  };
  return handleOf({ owner: 'server', begun: true, safe: true }, lender, close);
}

function lenderOf<Connection>(pool: Knex, driver: Driver<Connection>, sharing: Sharing): Lender<Connection> {
  const queue = new FairQueue({ ...sharing, longest: LONGEST_QUEUE });
  const inside = new AsyncLocalStorage<Scope>();
  const refuseInside = () => {
    if (inside.getStore()?.open) throw new Error('inside a transaction every statement goes through the handle of that transaction');
  };
  return {
    driver,
    load: queue.load,
    refuseInside,
    within: (scope, work) => inside.run(scope, work),
    async lend(of, run) {
      refuseInside();
      const signal = of.safe || !of.begun ? of.signal : undefined;
      await queue.enter(of.owner, { signal, bounded: !of.begun });
      try {
        const connection: Connection = await translated(pool.client.acquireConnection());
        const cancel = () => driver.cancel?.(connection);
        try {
          if (signal?.aborted) throw clientLeft();
          signal?.addEventListener('abort', cancel);
          return await translated(run(connection, signal));
        } finally {
          of.begun = true;
          signal?.removeEventListener('abort', cancel);
          await pool.client.releaseConnection(connection);
        }
      } finally {
        queue.leave(of.owner);
      }
    },
  };
}

/** The Database as one owner's work sees it. */
function handleOf<Connection>(of: Work, lender: Lender<Connection>, close: () => Promise<void>): Database {
  const { driver, load, refuseInside, lend } = lender;
  return {
    engine: driver.engine,
    distributed: driver.distributed,
    query: <T extends object>(sql: string, parameters: unknown[] = [], name?: string) =>
      retrying(() =>
        lend(of, (connection) => alone(driver, connection, () => driver.run(connection, sql, parameters, name) as Promise<T[]>)),
      ),
    script: (sql) => lend(of, (connection) => alone(driver, connection, async () => void (await driver.script(connection, sql)))),
    transaction: async (work) => {
      refuseInside();
      return retrying(() => begin(of, lender, work));
    },
    forRequest: (owner, request) => handleOf({ owner, begun: false, ...request }, lender, close),
    ping: () => driver.ping(),
    load,
    close,
  };
}

function begin<T, Connection>(
  of: Work,
  { lend, within, driver, load }: Lender<Connection>,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return lend(of, async (connection, signal) => {
    const scope: Scope = { open: true, signal };
    const takenBack = driver.beginning?.(connection);
    try {
      // what the work asks first waits in line behind it
      const begun = started(driver, connection);
      const working = within(scope, async () => work(transactionOf(scope, connection, { driver, load })));
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
}

const started = <Connection>(driver: Driver<Connection>, connection: Connection): Promise<unknown> =>
  driver.script(connection, driver.begin?.(connection) ?? 'begin');

/** Three messages that are sent together. After a failure, `commit` takes all back. */
async function alone<T, Connection>(driver: Driver<Connection>, connection: Connection, work: () => Promise<T>): Promise<T> {
  if (!driver.perTransaction?.(connection)) return work();
  const sent = [started(driver, connection), work(), driver.script(connection, 'commit')] as const;
  await Promise.allSettled(sent);
  const [, answer] = await Promise.all(sent);
  return answer;
}

/** The handle of one running transaction. It is of no use after the end of it. */
function transactionOf<Connection>(
  scope: Scope,
  connection: Connection,
  { driver, load }: Pick<Lender<Connection>, 'driver' | 'load'>,
): Database {
  const checked = <T>(work: () => Promise<T>): Promise<T> => {
    if (!scope.open) throw new Error('this transaction has ended');
    if (scope.signal?.aborted) throw clientLeft();
    return translated(work());
  };
  const handle: Database = {
    engine: driver.engine,
    distributed: driver.distributed,
    query: async <T extends object>(sql: string, parameters: unknown[] = [], name?: string) =>
      checked(() => driver.run(connection, sql, parameters, name) as Promise<T[]>),
    script: async (sql) => void (await checked(() => driver.script(connection, sql))),
    transaction: async (work) => work(handle),
    forRequest: () => handle,
    ping: () => driver.ping(),
    load,
    close: async () => {
      throw new Error('a transaction is ended by the end of its work');
    },
  };
  return handle;
}
