// The interface for running SQL, on a PostgreSQL server (postgres-pool.ts) or on the embedded engine (embedded.ts).
import type { DirectoryLock } from './data-directory.ts';
import type { QueueLoad, QueueOwner } from './fair-queue.ts';

/** A resource that a request read or wrote. A row of a list may have no id of its own. */
export interface AccessedRow {
  type: string;
  id?: string;
  body: string | null;
}

/** A client's request. `safe`: it only reads (RFC 9110, section 9.2.1). `signal`: aborted when the client disconnects before the response. */
export interface ClientRequest {
  safe: boolean;
  signal?: AbortSignal;
  /** A part of its work is done, so the rest is not refused. */
  hasBegun?: boolean;
  /** Called for every resource that the request reads or writes. */
  onAccess?: ((row: AccessedRow) => void) | undefined;
}

/** Statements on the connection pool, or on the one connection of a transaction. */
export interface Database {
  readonly engine: 'server' | 'embedded';
  /** Whether a statement without a tenant runs on every shard (Citus). False until the first connection. */
  isDistributed(): boolean;
  /**
   * Runs one statement with `$1`-style parameters. int8 and numeric are returned as decimal texts, timestamptz as ISO 8601 in UTC with milliseconds
   * (or `infinity`), json as parsed values. `name`: a statement that is prepared once per connection, unless there is a transaction pooler or Citus.
   */
  query<T extends object>(sql: string, parameters?: unknown[], name?: string): Promise<T[]>;
  /** Runs a text of several statements without parameters. */
  script(sql: string): Promise<void>;
  /** Runs commands in sequence, outside a transaction and without a time limit (`create index concurrently`). */
  runOutsideTransaction(commands: string[]): Promise<void>;
  /**
   * Runs `work` in one READ COMMITTED transaction. `work` must use the handle that it receives. On the handle of a transaction, `work` joins that transaction.
   * `work` is repeated a few times after a serialization failure or a deadlock. Using the outer handle inside `work` fails at once, because on a pool of one
   * connection it would wait forever.
   */
  transaction<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /**
   * A handle for one request. Its statements wait in the queue of the owner. With the wall between tenants, the statements of a tenant's handle see no rows of
   * other tenants. When the queue is full, the first one is refused (503). When the client
   * disconnects, a safe request is cancelled. Any other request is cancelled only before its first statement or transaction has ended; after that, the
   * request is finished.
   */
  forRequest(owner: QueueOwner, request: ClientRequest): Database;
  /**
   * Runs work whose statements are those of several requests. For this handle it counts as a statement, also if it fails: it fails inside a transaction, and `signal` is
   * that of the client, unless the request must be finished without it.
   */
  share<T>(work: (signal: AbortSignal | undefined) => Promise<T>): Promise<T>;
  /** How long work waits for a connection, in ms. */
  readonly maxWaitMs: number;
  /** Resolves when the database responds. Does not wait for other work. */
  ping(): Promise<void>;
  /** The load of the connections. */
  readonly queueLoad: Readonly<QueueLoad>;
  close(): Promise<void>;
}

/**
 * A PostgreSQL server. `statementTimeout`: in ms; a longer statement is cancelled and the response is 503. `preparedStatements: false`: treat the connection
 * as one through a transaction pooler, even if none is detected. `tenantWall`: the statements of a tenant's requests run as a role that sees the rows of that
 * tenant only (tenant-views.ts).
 */
export interface ServerOptions {
  url: string;
  poolSize?: number;
  statementTimeout?: number;
  preparedStatements?: boolean;
  tenantWall?: boolean;
}

/** The embedded engine: in memory, or in a locked data directory. `snapshot`: a dumped data directory to start from (memory only). */
export type EmbeddedOptions = ({ embedded: DirectoryLock } | { embedded: 'memory'; snapshot?: Blob }) & { tenantWall?: boolean };
