// A lean HTTP/1.1 load client on loopback: keep-alive sockets, one request at a time on each, so that the server is what is measured.
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface LoadRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** The status that counts as right. */
  status: number;
}

/** Requests per second, and latencies in ms. `wrong`: answers with another status. */
export interface LoadResult {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  wrong: number;
}

export interface Load {
  port: number;
  clients: number;
  seconds: number;
  make: () => LoadRequest;
  /** Requests per second of all clients together. Absent: each client sends as soon as it has a response. */
  rate?: number | undefined;
}

/** Runs so many clients for so long, bounded by `seconds`. */
export async function load({ port, clients, seconds, make, rate }: Load): Promise<LoadResult> {
  const until = performance.now() + seconds * 1000;
  const times: number[] = [];
  let failed = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const connection = new Connection(port);
      for (let sent = 0; performance.now() < until; sent++) {
        if (rate !== undefined) await delay(Math.max(0, began + ((sent * clients + client) / rate) * 1000 - performance.now()));
        const request = make();
        const from = performance.now();
        if ((await connection.send(request)).status !== request.status) failed++;
        times.push(performance.now() - from);
      }
      connection.close();
    }),
  );
  const took = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0;
  return { perSecond: times.length / took, p50: at(0.5), p95: at(0.95), p99: at(0.99), wrong: failed };
}

interface Received {
  status: number;
  body: string;
}

/** One keep-alive connection. */
export class Connection {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve: (received: Received) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.socket.on('data', (bytes) => this.take(bytes));
    this.socket.on('error', (error) => this.waiting?.reject(error));
    this.socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')));
  }

  send({ method, path, headers, body = '' }: LoadRequest): Promise<Received> {
    if (this.socket.destroyed) return Promise.reject(new Error('the server has closed the connection'));
    const lines = Object.entries({ Host: 'localhost', ...headers, 'Content-Length': String(Buffer.byteLength(body)) }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    this.received = this.received.length ? Buffer.concat([this.received, bytes]) : bytes;
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.received.toString('latin1', 0, end);
    const body = bodyOf(this.received, end + 4, head);
    if (body === undefined) return;
    this.received = Buffer.alloc(0);
    const waiting = this.waiting;
    this.waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}

/** The body once it is all there: by Content-Length, or chunked. */
function bodyOf(received: Buffer, from: number, head: string): string | undefined {
  const length = /content-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined)
    return received.length >= from + Number(length) ? received.toString('utf8', from, from + Number(length)) : undefined;
  if (!/transfer-encoding: *chunked/i.test(head)) return '';
  const end = received.indexOf('0\r\n\r\n', from);
  return end < 0 ? undefined : received.toString('utf8', from, end);
}
