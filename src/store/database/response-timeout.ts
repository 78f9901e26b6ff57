// Closes a connection whose server does not respond, because its host or the network is gone: TCP alone would wait for a quarter of an hour. PostgreSQL cancels a
// statement after its time limit (statement_timeout) and says so, so a longer silence means that no response will come. A commit has no such limit; it takes that
// long only while PostgreSQL waits for a standby.
import type { Socket } from 'node:net';
import type pg from 'pg';

/** How long after the time limit of a statement its response may come, in ms. */
const GRACE_MS = 5000;

/** The number of statements with a time limit that wait for their response. */
const pending = new WeakMap<pg.Client, number>();

/** `statementTimeout`: the time limit of a statement, in ms. The limit applies to each response, not to all that were requested at once. */
export function setResponseTimeout(client: pg.Client, statementTimeout: number): void {
  // a TCP, TLS or unix socket: pg creates no other stream here
  const stream = client.connection.stream as Socket;
  stream.setTimeout(statementTimeout + GRACE_MS, () => {
    const { bytesRead } = stream;
    // a process that was suspended runs its timers before it reads what has arrived
    setImmediate(() => {
      if (pending.get(client) && stream.bytesRead === bytesRead)
        stream.destroy(new Error('Connection terminated: the server did not respond'));
    });
  });
}

/** Waits for the response to a statement with a time limit. */
export async function awaitResponse<T>(client: pg.Client, response: Promise<T>): Promise<T> {
  expectResponse(client);
  try {
    return await response;
  } finally {
    noteResponse(client);
  }
}

/** A statement with a time limit was sent. Each call needs one of `noteResponse`. */
export const expectResponse = (client: pg.Client): void => void pending.set(client, (pending.get(client) ?? 0) + 1);

/** The response to a statement with a time limit arrived. */
export const noteResponse = (client: pg.Client): void => void pending.set(client, pending.get(client)! - 1);
