// Requests over a unix socket: the client sends one JSON line. The server replies with any number of parts, and then with the reply, each a JSON line.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Sends a part before the reply. Resolves when there is room for the next one; rejects when the client has disconnected. */
type SendPart = (part: unknown) => Promise<void>;

/** Returns the reply to a request. If the handler throws, the client receives the message of the error. */
export type RequestHandler = (request: unknown, sendPart: SendPart) => unknown;

interface Listening {
  close(): Promise<void>;
}

/** In characters. The largest request is a package of profiles. */
const MAX_REQUEST = 256 * 1024 * 1024;

/** The listener does not keep the process alive. Rejects when the path is already in use. */
export function listenOnSocket(path: string, handleRequest: RequestHandler): Promise<Listening> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
    serve(socket, handleRequest).catch(() => socket.destroy());
  });
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      for (const socket of open) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, () => resolve({ close }));
    server.unref();
  });
}

async function serve(socket: Socket, handleRequest: RequestHandler): Promise<void> {
  const request = await readLine(socket);
  if (request === undefined) return void socket.end();
  const reply = await Promise.resolve()
    .then(() => handleRequest(JSON.parse(request), createPartSender(socket)))
    .then(
      (value) => ({ value: value ?? null }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : 'the command failed' }),
    );
  socket.end(`${JSON.stringify(reply)}\n`);
}

function createPartSender(socket: Socket): SendPart {
  const disconnected = new AbortController();
  socket.once('close', () => disconnected.abort());
  return async (part) => {
    if (socket.destroyed) throw new Error('the client has disconnected');
    if (!socket.write(`${JSON.stringify({ part })}\n`)) await once(socket, 'drain', { signal: disconnected.signal });
  };
}

/** The first line; undefined when the client closes before the end of the line, or when the line is longer than MAX_REQUEST. */
async function readLine(socket: Socket): Promise<string | undefined> {
  socket.setEncoding('utf8');
  const pieces: string[] = [];
  let length = 0;
  // the iterator is typed as `any`; after `setEncoding` its pieces are texts
  for await (const piece of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    const end = piece.indexOf('\n');
    if (end >= 0) return [...pieces, piece.slice(0, end)].join('');
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_REQUEST) return undefined;
  }
  return undefined;
}

/** Whether a process listens on the path. Only a refused connection or a missing file counts as "no process". */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true) ?? socket.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

interface SendOptions {
  /** The longest time without an answer, in ms. Absent: no limit. */
  patience?: number;
  /** Receives the parts of the reply, one after the other. */
  onPart?: (part: unknown) => Promise<void> | void;
}

/** Sends one request and returns the reply. Rejects with the server's message if the handler throws. */
export async function sendRequest(path: string, request: unknown, { patience, onPart }: SendOptions = {}): Promise<unknown> {
  const socket = connect(path);
  if (patience !== undefined) socket.setTimeout(patience, () => socket.destroy(new Error('no answer in time')));
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of readLines(socket)) {
    // the format that `serve` writes
    const reply = JSON.parse(line) as { part?: unknown; value?: unknown; error?: string };
    if (reply.error !== undefined) throw new Error(reply.error);
    if (!('part' in reply)) return reply.value;
    await onPart?.(reply.part);
  }
  throw new Error('the process that uses the data directory ended before it replied');
}

async function* readLines(socket: Socket): AsyncGenerator<string> {
  socket.setEncoding('utf8');
  let rest = '';
  for await (const piece of socket as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}
