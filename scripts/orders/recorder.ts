// A proxy between a client and a server that records every request and response unchanged.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Exchange {
  method: string;
  url: URL;
  /** Parsed; undefined: there was none. */
  requestBody: unknown;
  /** It carried a key that tells repeats. */
  keyed: boolean;
  status: number;
  type: string;
  /** Parsed when it is JSON. */
  answered: unknown;
}

export interface Recorder {
  url: string;
  exchanges: Exchange[];
  close(): void;
}

const parsed = (body: string): unknown => (body === '' ? undefined : JSON.parse(body));

export async function recorderBefore(target: string): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const pass = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = await text(req);
    const url = new URL(req.url!, target);
    const headers = Object.fromEntries(['x-vital-api-key', 'x-idempotency-key', 'content-type'].map((name) => [name, req.headers[name]]));
    const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string>;
    const response = await fetch(url, { method: req.method!, headers: sent, ...(body && { body }) });
    const bytes = Buffer.from(await response.arrayBuffer());
    const type = response.headers.get('content-type') ?? '';
    const answered = type.includes('json') ? parsed(bytes.toString()) : bytes;
    const keyed = req.headers['x-idempotency-key'] !== undefined;
    exchanges.push({ method: req.method!, url, requestBody: parsed(body), keyed, status: response.status, type, answered });
    res.writeHead(response.status, { 'content-type': type }).end(bytes);
  };
  // what breaks off on one side breaks off on the other
  const server = createServer((req, res) => void pass(req, res).catch(() => res.destroy()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
