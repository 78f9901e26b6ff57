// A proxy in front of the sandbox that can hold requests about physicians until the test forwards or rejects each of them. Other requests of the server pass,
// and are not counted.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request at the gate. */
export interface Waiting {
  /** Goes on to the sandbox, and its answer comes back. */
  pass(): Promise<void>;
  /** The connection ends without an answer. */
  turn(): void;
}

export interface Gate {
  url: string;
  shut: boolean;
  /** The next request that comes to wait at the gate. */
  next(): Promise<Waiting>;
  /** How many about physicians have come, whether it was shut or not. */
  countArrived(): number;
  close(): Promise<void>;
}

export async function gateTo(target: string): Promise<Gate> {
  const waiting: Waiting[] = [];
  let arrived = 0;
  const gate = { shut: false };
  const server = createServer((req, res) => {
    const pass = () => forward(target, req, res);
    if (!req.url!.includes('/physicians')) return void pass();
    arrived++;
    if (!gate.shut) return void pass();
    waiting.push({ pass, turn: () => void res.destroy() });
    server.emit('waiting');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(gate, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async next(): Promise<Waiting> {
      while (!waiting.length) await once(server, 'waiting');
      return waiting.shift()!;
    },
    countArrived: () => arrived,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

async function forward(target: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { host: _, connection: __, 'content-length': ___, ...headers } = req.headers as Record<string, string>;
  const body = req.method === 'GET' ? null : await buffer(req);
  const response = await fetch(target + req.url, { method: req.method!, headers, body });
  res.writeHead(response.status, { 'content-type': 'application/json' }).end(await response.text());
}
