// Handles errors that are sent before the whole body has arrived. If much of the body is left, it is not read, and the connection is closed in stages: a client
// that still sends would otherwise get a reset instead of the response. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';

/** In bytes. To read the rest of a body up to this size costs less than a new connection. */
const SHORT = 64 * 1024;
/** How long incoming data is discarded before the connection is closed. */
const LINGER_MS = 2000;

/** Must be called before the headers of an error are sent. */
export function closeConnectionAfterLongBody(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || !hasLongBody(req)) return;
  res.setHeader('Connection', 'close');
  closeInStages(req.socket);
}

/** Discards a request that arrives after the last response of its connection, because it cannot get a response (RFC 9112, section 9.6). */
export const discardAfterFinalResponse: RequestHandler = (req, _res, next) => {
  if (req.socket.writableEnded) req.resume();
  else next();
};

const hasLongBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SHORT;

/** Replaces `destroySoon`, which Node calls after the last response of a connection: with unread data in its buffers, the kernel would send a reset. */
function closeInStages(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end();
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(cut));
  };
}
