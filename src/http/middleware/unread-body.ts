// An error that is sent before the whole body has arrived: a long rest is not read, and the connection is closed in stages, so that the client receives the
// response and no reset. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';

/** The rest of a body this short costs less to read than a new connection. In bytes. */
const SHORT = 64 * 1024;
/** How long what still arrives is discarded before the connection is cut. */
const LINGER_MS = 2000;

/** Call it before the headers of an error are sent. */
export function closeConnectionAfterLongBody(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || !hasLongBody(req)) return;
  res.setHeader('Connection', 'close');
  closeInStages(req.socket);
}

/** Discards a request that arrives after the last response of its connection: it could not be answered (RFC 9112, section 9.6). */
export const discardAfterFinalResponse: RequestHandler = (req, _res, next) => {
  if (req.socket.writableEnded) req.resume();
  else next();
};

const hasLongBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SHORT;

/** Node calls `destroySoon` after the last response of a connection: with unread data in its buffers, the kernel would then send a reset. */
function closeInStages(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end();
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(cut));
  };
}
