// One way to run SQL, whichever PostgreSQL stands behind it: a server (postgres.ts) or the embedded engine (embedded.ts).
import type { DirectoryLock } from './data-directory.ts';
import type { QueueLoad, QueueOwner } from './fair-queue.ts';

/** A client's request. `safe`: it only reads (RFC 9110, section 9.2.1). `signal`: aborted when the client leaves before the answer. */
export interface ClientRequest {
  safe: boolean;
  signal?: AbortSignal;
}

/** Statements on the connection pool, or on the one connection of a transaction. */
export interface Database {
  readonly engine: 'server' | 'embedded';
  /** Whether a statement that names no tenant is run once for every shard (Citus); false until there is a connection. */
  isDistributed(): boolean;
  /**
   * Runs one statement with `$1`-style parameters. int8 and numeric come back as decimal texts, timestamptz as ISO 8601 in UTC with milliseconds
   * (or `infinity`), json as parsed. `name`: a hot statement, parsed once per connection where the way to the database allows it.
   */
  query<T extends object>(sql: string, parameters?: unknown[], name?: string): Promise<T[]>;
  /** Runs a text of several statements without parameters. */
  script(sql: string): Promise<void>;
  /** Runs commands one after the other, outside a transaction and without a time limit: for `create index concurrently`. */
  runOutsideTransaction(commands: string[]): Promise<void>;
  /**
   * All of `work` in one READ COMMITTED transaction, on the handle it is given; on a transaction's handle it joins that transaction.
   * Run again, a few times, when the database asks for it. Using the outer handle inside `work` fails at once: on one connection it could never be answered.
   */
  transaction<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /**
   * The same database for one request: it waits in the queue of its owner, and is refused (503) when that is full and nothing of it is done. When the client
   * leaves, a safe request is stopped; any other one is stopped until its first statement or transaction is done, and finished after that.
   */
  forRequest(owner: QueueOwner, request: ClientRequest): Database;
  /** Resolves when the database answers. Waits for no other work. */
  ping(): Promise<void>;
  /** How the connections are used. */
  readonly queueLoad: Readonly<QueueLoad>;
  close(): Promise<void>;
}

/** A PostgreSQL server. `statementTimeout` in ms (a longer statement is a 503). `preparedStatements: false`: there is a transaction pooler, also where none is found. */
export interface ServerOptions {
  url: string;
  poolSize?: number;
  statementTimeout?: number;
  preparedStatements?: boolean;
}

/** The embedded engine: in memory, or in a data directory whose lock is held. `snapshot`: a dumped data directory to start from (memory only). */
export type EmbeddedOptions = { embedded: DirectoryLock } | { embedded: 'memory'; snapshot?: Blob };
