// One JSON line in, one JSON line out, over a unix socket.
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** Answers a request; what it throws is told to the other side by its message. */
export type RequestHandler = (request: unknown) => unknown;

interface Listening {
  close(): Promise<void>;
}

/** A package of profiles is one request. */
const MAX_REQUEST = 256 * 1024 * 1024;

/** Listens; does not keep the process alive by itself. Fails when the path is taken. */
export function listenOnSocket(path: string, answer: RequestHandler): Promise<Listening> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
    serve(socket, answer).catch(() => socket.destroy());
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

async function serve(socket: Socket, answer: RequestHandler): Promise<void> {
  const request = await readLine(socket);
  if (request === undefined) return void socket.end();
  const reply = await Promise.resolve()
    .then(() => answer(JSON.parse(request)))
    .then(
      (value) => ({ value: value ?? null }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : 'the command failed' }),
    );
  socket.end(`${JSON.stringify(reply)}\n`);
}

/** The first line; undefined when the other side ends before it, or it is longer than a command can be. */
async function readLine(socket: Socket): Promise<string | undefined> {
  socket.setEncoding('utf8');
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    const end = piece.indexOf('\n');
    if (end >= 0) return [...pieces, piece.slice(0, end)].join('');
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_REQUEST) return undefined;
  }
  return undefined;
}

/** Whether a process listens there. Anything but a plain "nobody" counts as somebody. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true) ?? socket.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

/** Sends one request and waits for its answer, `patience` ms at most (default: as long as it takes). Rejects with the other side's message when it refuses. */
export async function sendRequest(path: string, request: unknown, patience?: number): Promise<unknown> {
  const socket = connect(path);
  if (patience !== undefined) socket.setTimeout(patience, () => socket.destroy(new Error('no answer in time')));
  socket.write(`${JSON.stringify(request)}\n`);
  const line = await text(socket);
  if (line === '') throw new Error('the process that holds the data directory ended before it answered');
  const reply = JSON.parse(line) as { value?: unknown; error?: string };
  if (reply.error !== undefined) throw new Error(reply.error);
  return reply.value;
}
