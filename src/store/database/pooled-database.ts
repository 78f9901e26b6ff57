// A Database on a knex instance. knex manages the pool; statements and transactions run directly on its connections.
// docs/decisions/0002-database-engines.md
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import type { ClientRequest, Database } from './database.ts';
import { retrySerializationFailures, toProgramError, translateErrors } from './errors.ts';
import { clientDisconnected, FairQueue, type QueueLoad, type QueueOwner } from './fair-queue.ts';
import { LentConnections } from './lent-connections.ts';
import { buildEnterTenant } from './tenant-views.ts';

/** What an engine implements: running statements on one connection. */
export interface Driver<Connection> {
  engine: Database['engine'];
  isDistributed(): boolean;
  run<T extends object>(connection: Connection, sql: string, parameters: unknown[], name?: string): Promise<T[]>;
  script(connection: Connection, sql: string): Promise<unknown>;
  /** Runs `begin`, `commit` or `rollback`, with the settings that follow `begin`. Unlike a script, it has a time limit. */
  control(connection: Connection, command: string): Promise<unknown>;
  /** The command that begins a transaction. Default: `begin`. */
  begin?(connection: Connection): string;
  /** Whether a single statement also needs a transaction, because settings last only as long as a transaction. */
  needsTransaction?(connection: Connection): boolean;
  /** Called when a transaction begins on a connection. The returned function is called when the transaction is rolled back. */
  onBegin?(connection: Connection): () => void;
  /** Marks a connection as unusable, because its state is unknown. */
  discard?(connection: Connection, error: unknown): void;
  /** Cancels the statement that runs on a connection. The connection must not be used again, because the cancel request may arrive late. */
  cancel?(connection: Connection): void;
  /** Resolves when the database responds. Does not use the pool. */
  ping(): Promise<void>;
  /** Called after the pool is closed. */
  close?(): Promise<void>;
}

/**
 * `maxWaitMs`: how long work waits for a connection. PostgreSQL's limits are in postgres-pool.ts. `tenantWall`: the statements of a tenant's requests see the rows
 * of that tenant only.
 */
interface PoolOptions {
  connections: number;
  maxWaitMs: number;
  tenantWall: boolean;
}

/** How many requests of one tenant may wait for a connection. */
const MAX_QUEUED_PER_TENANT = 200;

/** The work of one handle. `hasStarted`: a part of the work is done, so the rest is not refused. */
interface HandleState {
  owner: QueueOwner;
  hasStarted: boolean;
  isSafe: boolean;
  signal?: AbortSignal;
  /** The commands that follow each `begin`, so that the transaction sees one tenant only. */
  enterTenant?: string;
}

/** A running transaction. */
interface TransactionScope {
  isOpen: boolean;
  signal: AbortSignal | undefined;
}

/** Lends the connections of a driver. */
interface ConnectionLender<Connection> {
  driver: Driver<Connection>;
  load: QueueLoad;
  maxWaitMs: number;
  tenantWall: boolean;
  /** Throws when the caller is inside a transaction. */
  refuseInsideTransaction(): void;
  /** The transaction in which the caller runs. */
  scope: AsyncLocalStorage<TransactionScope>;
  /** Lends a connection when it is this owner's turn. */
  withConnection<T>(of: HandleState, run: (connection: Connection, signal?: AbortSignal) => Promise<T>): Promise<T>;
}

export function createDatabase<Connection extends object>(pool: Knex, driver: Driver<Connection>, sharing: PoolOptions): Database {
  const connections = new LentConnections<Connection>(pool);
  const lender = createConnectionLender(connections, driver, sharing);
  const close = async () => {
    await connections.close();
    await driver.close?.();
  };
  return createHandle({ owner: 'server', hasStarted: true, isSafe: true }, lender, close);
}

function createConnectionLender<Connection extends object>(
  connections: LentConnections<Connection>,
  driver: Driver<Connection>,
  sharing: PoolOptions,
): ConnectionLender<Connection> {
  const queue = new FairQueue({ connections: sharing.connections, maxWaitMs: sharing.maxWaitMs, maxQueued: MAX_QUEUED_PER_TENANT });
  const inside = new AsyncLocalStorage<TransactionScope>();
  const refuseInsideTransaction = () => {
    if (inside.getStore()?.isOpen) throw new Error('inside a transaction, every statement must use the handle of that transaction');
  };
  return {
    driver,
    load: queue.load,
    maxWaitMs: sharing.maxWaitMs,
    tenantWall: sharing.tenantWall,
    refuseInsideTransaction,
    scope: inside,
    async withConnection(of, run) {
      refuseInsideTransaction();
      const signal = findSignal(of);
      if (!queue.tryEnter(of.owner, signal)) await queue.enter(of.owner, { signal, isBounded: !of.hasStarted });
      try {
        const lent = connections.borrow();
        const connection = lent instanceof Promise ? await lent : lent;
        const cancel = () => driver.cancel?.(connection);
        try {
          if (signal?.aborted) throw clientDisconnected();
          signal?.addEventListener('abort', cancel);
          return await run(connection, signal);
        } finally {
          of.hasStarted = true;
          signal?.removeEventListener('abort', cancel);
          connections.giveBack(connection);
        }
      } catch (error) {
        throw toProgramError(error);
      } finally {
        queue.leave(of.owner);
      }
    },
  };
}

/** The Database for the work of one owner. */
function createHandle<Connection>(of: HandleState, lender: ConnectionLender<Connection>, close: () => Promise<void>): Database {
  const { driver, load, refuseInsideTransaction, withConnection } = lender;
  return {
    engine: driver.engine,
    isDistributed: driver.isDistributed,
    query: <T extends object>(sql: string, parameters: unknown[] = [], name?: string) =>
      retrySerializationFailures(() =>
        withConnection(of, (connection) =>
          runStatement(of, { driver, connection }, () => driver.run<T>(connection, sql, parameters, nameStatement(name, of))),
        ),
      ),
    script: (sql) =>
      withConnection(of, (connection) => runStatement(of, { driver, connection }, async () => void (await driver.script(connection, sql)))),
    runOutsideTransaction: (commands) => {
      if (of.enterTenant) throw new Error('the commands of a tenant run in a transaction');
      return withConnection(of, (connection) => runCommands(driver, connection, commands));
    },
    transaction: async (work) => {
      refuseInsideTransaction();
      return retrySerializationFailures(() => runTransaction(of, lender, work));
    },
    forRequest: (owner, request) => createHandle(describeRequest(owner, request, lender.tenantWall), lender, close),
    share: async (work) => {
      refuseInsideTransaction();
      return work(findSignal(of)).finally(() => {
        of.hasStarted = true;
      });
    },
    maxWaitMs: lender.maxWaitMs,
    ping: () => driver.ping(),
    queueLoad: load,
    close,
  };
}

const describeRequest = (owner: QueueOwner, { safe, signal, hasBegun = false }: ClientRequest, wall: boolean): HandleState => ({
  owner,
  hasStarted: hasBegun,
  isSafe: safe,
  ...(signal && { signal }),
  ...(wall && typeof owner === 'number' && { enterTenant: buildEnterTenant(owner) }),
});

/** A statement of a tenant's request reads views, and another one with the same text reads tables: each has its own name. A name has at most 63 characters. */
const nameStatement = (name: string | undefined, { enterTenant }: HandleState): string | undefined =>
  name && enterTenant ? `t-${name}` : name;

function runTransaction<T, Connection>(
  of: HandleState,
  { withConnection, scope: inside, driver, load, maxWaitMs }: ConnectionLender<Connection>,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return withConnection(of, async (connection, signal) => {
    const scope: TransactionScope = { isOpen: true, signal };
    const takenBack = driver.onBegin?.(connection);
    try {
      // the first statement of `work` is queued behind `begin`
      const begin = sendBegin(of, { driver, connection });
      const working = inside.run(scope, async () => work(createTransactionHandle(scope, connection, { driver, load, maxWaitMs, of })));
      const [, result] = await Promise.all([begin, working]);
      scope.isOpen = false;
      await driver.control(connection, 'commit');
      return result;
    } catch (error) {
      scope.isOpen = false;
      await driver.control(connection, 'rollback').catch((broken) => driver.discard?.(connection, broken));
      takenBack?.();
      throw error;
    }
  });
}

/** A driver and one of its connections. */
interface Lent<Connection> {
  driver: Driver<Connection>;
  connection: Connection;
}

function sendBegin<Connection>({ enterTenant }: HandleState, { driver, connection }: Lent<Connection>): Promise<unknown> {
  const begin = driver.begin?.(connection) ?? 'begin';
  return driver.control(connection, enterTenant ? `${begin}; ${enterTenant}` : begin);
}

/** Undefined: the request is finished also without its client. */
const findSignal = ({ isSafe, hasStarted, signal }: HandleState): AbortSignal | undefined => (isSafe || !hasStarted ? signal : undefined);

/** Runs one statement, in a transaction if its settings last only as long. */
function runStatement<T, Connection>(of: HandleState, lent: Lent<Connection>, work: () => Promise<T>): Promise<T> {
  const needsTransaction = of.enterTenant !== undefined || lent.driver.needsTransaction?.(lent.connection);
  return needsTransaction ? runInTransaction(of, lent, work) : work();
}

/** Sends three messages together: begin, statement, commit. After a failure, `commit` rolls back. */
async function runInTransaction<T, Connection>(of: HandleState, lent: Lent<Connection>, work: () => Promise<T>): Promise<T> {
  const { driver, connection } = lent;
  const takenBack = driver.onBegin?.(connection);
  const sent = [sendBegin(of, lent), work(), driver.control(connection, 'commit')] as const;
  const outcomes = await Promise.allSettled(sent);
  if (outcomes.some(({ status }) => status === 'rejected')) takenBack?.();
  const [, result] = await Promise.all(sent);
  return result;
}

/** The connection is discarded afterwards, because its time limit was removed. Behind a pooler the limit lasts one transaction, so there is none to remove. */
async function runCommands<Connection>(driver: Driver<Connection>, connection: Connection, commands: string[]): Promise<void> {
  if (!driver.needsTransaction?.(connection)) await driver.script(connection, 'set statement_timeout = 0');
  try {
    for (const command of commands) await driver.script(connection, command);
  } finally {
    driver.discard?.(connection, 'its settings were changed');
  }
}

/** The handle of one running transaction. Its statements fail after the transaction has ended. */
function createTransactionHandle<Connection>(
  scope: TransactionScope,
  connection: Connection,
  { driver, load, maxWaitMs, of }: Pick<ConnectionLender<Connection>, 'driver' | 'load' | 'maxWaitMs'> & { of: HandleState },
): Database {
  const checked = <T>(work: () => Promise<T>): Promise<T> => {
    if (!scope.isOpen) throw new Error('this transaction has ended');
    if (scope.signal?.aborted) throw clientDisconnected();
    return translateErrors(work());
  };
  const handle: Database = {
    engine: driver.engine,
    isDistributed: driver.isDistributed,
    query: async <T extends object>(sql: string, parameters: unknown[] = [], name?: string) =>
      checked(() => driver.run<T>(connection, sql, parameters, nameStatement(name, of))),
    script: async (sql) => void (await checked(() => driver.script(connection, sql))),
    runOutsideTransaction: async () => {
      throw new Error('this handle is inside a transaction');
    },
    transaction: async (work) => work(handle),
    forRequest: () => handle,
    share: async () => {
      throw new Error('the statements of a transaction are its own');
    },
    maxWaitMs,
    ping: () => driver.ping(),
    queueLoad: load,
    close: async () => {
      throw new Error('a transaction cannot be closed: it ends when its callback returns');
    },
  };
  return handle;
}
