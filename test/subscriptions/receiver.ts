// A subscriber's server on loopback: it records requests and responds as configured.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { verifySignature } from '../../src/orders/webhooks/signature.ts';

export interface Received {
  method: string;
  path: string;
  headers: Record<string, string | undefined>;
  body: string;
}

export interface Receiver {
  url: string;
  got: Received[];
  /** How the next messages are answered: a status, with headers, or not at all. The last one stays. */
  answer: (message: Received) => number | [status: number, headers: Record<string, string>] | 'never';
  /** Answers those that were not answered. */
  release(status: number): void;
  /** Resolves when so many have come. */
  has(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const waiting: (() => void)[] = [];
  const silent: ServerResponse[] = [];
  const server = createServer(async (req, res) => {
    const headers = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
    const message = { method: req.method!, path: req.url!, headers, body: await text(req) };
    receiver.got.push(message);
    for (const wake of waiting.splice(0)) wake();
    const response = receiver.answer(message);
    if (response === 'never') return void silent.push(res);
    const [status, more] = typeof response === 'number' ? [response, {}] : response;
    res.writeHead(status, more).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got: [],
    answer: () => 200,
    release: (status) => {
      for (const res of silent.splice(0)) res.writeHead(status).end();
    },
    async has(count) {
      while (receiver.got.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

/** Whether who knows the secret has signed it by that time. */
export const isSigned = ({ headers, body }: Received, secret: string, now: Date): boolean =>
  verifySignature(
    { id: headers['webhook-id'], timestamp: headers['webhook-timestamp'], signature: headers['webhook-signature'] },
    Buffer.from(body),
    { secrets: [secret], now },
  ) === 'good';
