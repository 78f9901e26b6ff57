// Graceful shutdown: /readyz returns 503, so that load balancers send no more requests, and each further response closes its connection.
// docs/decisions/0014-fair-queues-and-shutdown.md
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Drain {
  /** Handles requests, also after the drain has begun. */
  listener: RequestListener;
  begin(): void;
}

/** `handler` handles the requests. If a connection has several requests, the response to the newest closes the connection. */
export function createDrain(handler: RequestListener): Drain {
  const newest = new Map<Socket, ServerResponse>();
  let isDraining = false;
  return {
    listener(req, res) {
      const { socket } = req;
      if (!newest.has(socket)) socket.once('close', () => newest.delete(socket));
      newest.set(socket, res);
      if (isDraining) endConnectionAfter(res);
      if (isDraining && req.url?.split('?')[0] === '/readyz') return void sendStopping(res);
      handler(req, res);
    },
    begin() {
      isDraining = true;
      for (const res of newest.values()) endConnectionAfter(res);
    },
  };
}

function endConnectionAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

function sendStopping(res: ServerResponse): void {
  res.writeHead(503, { 'Content-Type': 'application/json' }).end('{"error":"unavailable","message":"the server is stopping"}');
}
