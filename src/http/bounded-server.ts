// The HTTP server with its bounds on clients: how many may be connected, and how long one may take to send a request. Whoever takes longer is answered 408 by
// Node and disconnected. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9, https://nodejs.org/api/http.html#serverrequesttimeout
import { createServer, type RequestListener, type Server } from 'node:http';

interface ServerBounds {
  maxConnections: number;
  /** From the first byte of a request to the last one of its body. */
  requestSeconds: number;
}

/** A request line and header fields are a few kilobytes: they need no more time than this. */
const HEAD_SECONDS = 15;
const CHECK_EVERY_MS = 1000;
/** Longer than the 60 seconds after which balancers let an idle connection go: whoever closes first must not be the server, whose end may cross a request. */
const IDLE_MS = 65_000;

export function createBoundedServer({ maxConnections, requestSeconds }: ServerBounds, listener: RequestListener): Server {
  const timeouts = {
    headersTimeout: Math.min(HEAD_SECONDS, requestSeconds) * 1000,
    requestTimeout: requestSeconds * 1000,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const server = createServer(timeouts, listener);
  server.maxConnections = maxConnections;
  return server;
}
