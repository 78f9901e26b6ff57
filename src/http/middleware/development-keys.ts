// Who may have the development keys: clients on the machine of the server.
import type { Request } from 'express';

/** Reads the development keys: tenant → surface → key. Undefined in production. */
export type ReadDevelopmentKeys = (() => Promise<Record<string, Record<string, string>>>) | undefined;

const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.|^::1$/;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** The keys for this client. The name of the host is checked, too: a page of another host can make its name lead to 127.0.0.1 (DNS rebinding). */
export async function findDevelopmentKeys(read: ReadDevelopmentKeys, { socket, headers }: Request) {
  const isOwnMachine = LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') && LOOPBACK_HOST.test(headers.host ?? '');
  const isDirect = headers['x-forwarded-for'] === undefined && headers['sec-fetch-site'] !== 'cross-site';
  return isOwnMachine && isDirect ? read?.() : undefined;
}
