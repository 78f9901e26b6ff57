// Tells when a request is over. The response alone does not: of several requests that were sent at once on a connection, only the response whose turn it is emits
// `close` when the connection is lost (https://nodejs.org/api/http.html#event-close_2 says nothing of the others; seen with Node 24).
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * What is to be done when a request of the socket ends. Arrays: a `Set` with entries that come and go keeps the memory of earlier requests, because V8 links each table of
 * a set to the one that replaces it. docs/decisions/0064-memory-of-requests.md
 */
const open = new WeakMap<Socket, (() => void)[]>();

/** Calls `done` once: when the response has ended, or when the connection is lost; at once if that has happened before. */
export function onClose({ socket }: IncomingMessage, res: ServerResponse, done: () => void): void {
  const waiting = open.get(socket) ?? watch(socket);
  const end = (): void => {
    const at = waiting.indexOf(end);
    if (at < 0) return;
    waiting.splice(at, 1);
    done();
  };
  waiting.push(end);
  if (res.closed || socket.destroyed) end();
  else res.once('close', end);
}

function watch(socket: Socket): (() => void)[] {
  const waiting: (() => void)[] = [];
  open.set(socket, waiting);
  socket.once('close', () => {
    for (const end of [...waiting]) end();
  });
  return waiting;
}
