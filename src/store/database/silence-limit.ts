// Closes a connection whose server does not respond, because its host or the network is gone. PostgreSQL cancels a statement after its time limit
// (statement_timeout) and says so; after a longer silence, no response will come. TCP alone would wait for a quarter of an hour.
import type { Socket } from 'node:net';
import type pg from 'pg';

/** What a connection waits for. */
interface Wait {
  /** The number of statements without a response. */
  pending: number;
  /** Statements may take any time (migrations). */
  isUnlimited: boolean;
}

/** How long after the time limit of a statement its response may come, in ms. */
const GRACE_MS = 5000;
const REMOVES_LIMIT = /\bset (?:local )?statement_timeout = 0\b/;
const ENDS_TRANSACTION = /^(?:commit|rollback)$/;

const waits = new WeakMap<pg.Client, Wait>();

/** `statementTimeout`: the time limit of a statement, in ms. The limit applies to each response, not to all that were requested at once. */
export function limitSilence(client: pg.Client, statementTimeout: number): void {
  const wait: Wait = { pending: 0, isUnlimited: false };
  waits.set(client, wait);
  // a TCP, TLS or unix socket: pg creates no other stream here
  const stream = client.connection.stream as Socket;
  stream.setTimeout(statementTimeout + GRACE_MS, () => {
    if (wait.pending > 0 && !wait.isUnlimited) stream.destroy(new Error('Connection terminated: the server did not respond'));
  });
}

/** A statement waits for its response. Call the result when it has come. */
export function beginWait(client: pg.Client): () => void {
  const wait = waits.get(client);
  if (!wait) return () => {};
  wait.pending++;
  return () => void wait.pending--;
}

/** Reads from the text of a script whether the following statements have a time limit. */
export function followTimeLimit(client: pg.Client, script: string): void {
  const wait = waits.get(client);
  if (!wait) return;
  if (REMOVES_LIMIT.test(script)) wait.isUnlimited = true;
  else if (ENDS_TRANSACTION.test(script)) wait.isUnlimited = false;
}
