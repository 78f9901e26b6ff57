// Lends the connections of a knex pool. A returned connection stays at hand for the next statement, because the way through the pool takes several timers and promises
// (5 % of a read's processor time in the server).
import type { Knex } from 'knex';

/** A connection that was not used for this long returns to the pool, which closes it when it stays idle. In ms. */
const IDLE_MS = 1000;

export class LentConnections<Connection extends object> {
  private readonly pool: Knex;
  /** The one used last is at the end. */
  private readonly atHand: Connection[] = [];
  /** How many at the beginning of `atHand` were not used since the last sweep. */
  private unused = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(pool: Knex) {
    this.pool = pool;
  }

  borrow(): Connection | Promise<Connection> {
    const connection = this.atHand.pop();
    this.unused = Math.min(this.unused, this.atHand.length);
    if (connection === undefined) return this.pool.client.acquireConnection();
    if (!hasEnded(connection)) return connection;
    this.release(connection);
    return this.borrow();
  }

  giveBack(connection: Connection): void {
    if (this.isClosed || hasEnded(connection)) this.release(connection);
    else {
      this.atHand.push(connection);
      this.timer ??= setInterval(() => this.sweep(), IDLE_MS).unref();
    }
  }

  /** Closes the pool, once all connections were given back. */
  close(): Promise<void> {
    this.isClosed = true;
    this.unused = this.atHand.length;
    this.sweep();
    return this.pool.destroy();
  }

  private sweep(): void {
    for (const connection of this.atHand.splice(0, this.unused)) this.release(connection);
    this.unused = this.atHand.length;
    if (this.atHand.length > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** The pool destroys a connection that has ended. */
  private release(connection: Connection): void {
    void this.pool.client.releaseConnection(connection);
  }
}

/** knex, and the driver of this server, mark a connection that has ended or must not be used again. */
const hasEnded = (connection: { __knex__disposed?: unknown }): boolean => connection.__knex__disposed !== undefined;
