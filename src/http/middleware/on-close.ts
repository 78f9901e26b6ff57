// Tells when a request is over. The response alone does not: of several requests that were sent at once on a connection, only the response whose turn it is emits
// `close` when the connection is lost (https://nodejs.org/api/http.html#event-close_2 says nothing of the others; seen with Node 24).
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface OpenRequest {
  isOver: boolean;
  /** What is to be done when it ends. */
  steps: (() => void)[];
}

// What belongs to a request is a property of its response and socket: a `WeakMap` would keep it until the next collection of the old generation.
// docs/decisions/0064-memory-of-requests.md
const OPEN_REQUEST = Symbol('open request');
type WatchedResponse = ServerResponse & { [OPEN_REQUEST]?: OpenRequest };

const OPEN_REQUESTS = Symbol('open requests');
/** The list is an array: a `Set` with entries that come and go keeps earlier ones in memory, because V8 links each of its tables to the one that replaces it. */
type WatchedSocket = Socket & { [OPEN_REQUESTS]?: OpenRequest[] };

/** Calls `step` once: when the response has ended, or when the connection is lost; at once if that has happened before. */
export function onClose(req: IncomingMessage, res: WatchedResponse, step: () => void): void {
  const request = res[OPEN_REQUEST] ?? watchRequest(req, res);
  if (request.isOver) step();
  else request.steps.push(step);
}

function watchRequest({ socket }: IncomingMessage, res: WatchedResponse): OpenRequest {
  const request: OpenRequest = { isOver: res.closed || socket.destroyed, steps: [] };
  res[OPEN_REQUEST] = request;
  if (request.isOver) return request;
  const others = (socket as WatchedSocket)[OPEN_REQUESTS] ?? watchSocket(socket);
  others.push(request);
  res.once('close', () => {
    const at = others.indexOf(request);
    if (at >= 0) others.splice(at, 1);
    end(request);
  });
  return request;
}

function watchSocket(socket: WatchedSocket): OpenRequest[] {
  const all: OpenRequest[] = [];
  socket[OPEN_REQUESTS] = all;
  socket.once('close', () => {
    for (const request of all.splice(0)) end(request);
  });
  return all;
}

function end(request: OpenRequest): void {
  if (request.isOver) return;
  request.isOver = true;
  for (const step of request.steps) step();
}
