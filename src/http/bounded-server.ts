// The HTTP server with its limits: how many clients may be connected, and how long one may take to send a request. Node answers 408 to a slower one and
// disconnects it. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9, https://nodejs.org/api/http.html#serverrequesttimeout
import { createServer, type RequestListener, type Server } from 'node:http';

interface ServerBounds {
  maxConnections: number;
  /** From the first byte of a request to the last one of its body. */
  requestSeconds: number;
}

/** For the request line and the header fields, which are a few kilobytes. */
const HEAD_SECONDS = 15;
const CHECK_EVERY_MS = 1000;
/** Longer than the 60 seconds after which load balancers close an idle connection. If the server closed first, a request could be lost on its way. */
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
