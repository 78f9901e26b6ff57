// Binds a server to its address.
import type { Server } from 'node:http';

/** Connections that the system keeps until they are accepted; it drops those beyond, and their clients wait a second or more before they try again. */
const BACKLOG = 4096;

/** Resolves with the port, which the system chooses for port 0. `remedy`: what the operator can do when the port is in use. */
export function listen(server: Server, { host, port }: { host?: string; port: number }, remedy: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use: ${remedy}`) : error);
    });
    server.listen({ port, host, backlog: BACKLOG }, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound ? bound.port : port);
    });
  });
}
