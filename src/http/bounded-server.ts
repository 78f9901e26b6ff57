// The HTTP server with limits on the number of connections and on the time in which a client must send a request. A slower client gets 408 from Node and is
// disconnected. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9, https://nodejs.org/api/http.html#serverrequesttimeout
import { createServer, type RequestListener, type Server } from 'node:http';

interface ServerBounds {
  maxConnections: number;
  /** From the first byte of a request to the last byte of its body. */
  requestSeconds: number;
}

/** The time for the request line and the headers, which are a few kilobytes. */
const HEAD_SECONDS = 15;
const CHECK_EVERY_MS = 1000;
/** Load balancers close an idle connection after 60 seconds. If the server closed it first, a request that the load balancer has just sent could be lost. */
const IDLE_MS = 65_000;

export function createBoundedServer({ maxConnections, requestSeconds }: ServerBounds, listener: RequestListener): Server {
  const timeouts = {
    headersTimeout: Math.min(HEAD_SECONDS, requestSeconds) * 1000,
    requestTimeout: requestSeconds * 1000,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const server = createServer(timeouts, listener);
  // A worker that is full closes the connection. By default workers that are all full would pass it around without end.
  // https://nodejs.org/api/net.html#serverdropmaxconnection (not in the types of Node yet)
  return Object.assign(server, { maxConnections, dropMaxConnection: true });
}
