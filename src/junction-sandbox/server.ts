// The sandbox: an HTTP server on loopback that behaves as Junction does, faults included. For trying, developing and testing; never in production.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { deliverAlways } from './announce.ts';
import { CONTROL } from './control.ts';
import { type Fault, nextFault } from './faults.ts';
import { withAnother } from './mix-up.ts';
import { OPERATIONS, type Operation, type SandboxRequest } from './operations.ts';
import { once, type Worked } from './replay.ts';
import { emptyWorld, type Reply, SANDBOX_PANELS, type World } from './world.ts';

/** A sandbox that listens. `world` is its ground truth, for those in the same process; everybody else asks under `/sandbox`. */
export interface Sandbox {
  url: string;
  apiKey: string;
  teamId: string;
  /** Panel → lab test ids. */
  panels: Record<string, string[]>;
  world: World;
  close(): Promise<void>;
}

/** Starts it; port 0 (default) takes a free one. */
export async function startSandbox({ port = 0, clock = () => new Date() }: { port?: number; clock?: () => Date } = {}): Promise<Sandbox> {
  const world = emptyWorld(clock);
  const stopDelivering = deliverAlways(world);
  const server = createServer((req, res) => {
    serve(world, req, res).catch(() => res.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, apiKey: world.apiKey, teamId: world.teamId, panels: SANDBOX_PANELS, world, close: () => closed(server, stopDelivering) };
}

function closed(server: Server, stopDelivering: () => void): Promise<void> {
  stopDelivering();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(world: World, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://sandbox');
  const found = find(url.pathname.startsWith('/sandbox') ? CONTROL : OPERATIONS, req.method, url.pathname);
  const body = bodyOf(await text(req));
  if (body === undefined)
    return send(res, { status: 422, body: { detail: [{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }] } });
  if (!found) return send(res, { status: 404, body: { detail: 'Not Found' } });
  const request = { path: found.path, query: url.searchParams, body };
  if (CONTROL.includes(found.operation)) return send(res, await found.operation.run(world, request));
  if (req.headers['x-vital-api-key'] !== world.apiKey) return send(res, { status: 401, body: { detail: 'Invalid API key.' } });
  await perform(world, { operation: found.operation, request, req, res });
}

interface Performance {
  operation: Operation;
  request: SandboxRequest;
  req: IncomingMessage;
  res: ServerResponse;
}

/** The operation under the fault that waits for it, if one does. */
async function perform(world: World, { operation, request, req, res }: Performance): Promise<void> {
  const key = operation.keyed ? (req.headers['x-idempotency-key'] as string | undefined) : undefined;
  const { fault, rest } = nextFault(world.faults, operation.name);
  world.faults = rest;
  world.requests.push({ operation: operation.name, key });
  countOpen(world, res);
  if (fault && fault.when !== 'after' && fault.kind === 'reset') return void res.destroy();
  if (fault && fault.when !== 'after' && fault.kind === 'hang') return;
  if (fault?.kind === 'page') return send(res, pageOf(fault));
  const work = () => worked(world, { operation, request, fault });
  const forgotten = fault?.forgotten === true;
  const reply = await (key === undefined ? work().then((done) => done.reply) : once(world, { key, forgotten }, work));
  await answer(res, fault?.kind === 'other' ? withAnother(world, reply) : reply, fault);
}

/** A request is open until it is answered, or its client leaves. */
function countOpen(world: World, res: ServerResponse): void {
  world.mostOpen = Math.max(world.mostOpen, ++world.open);
  res.once('close', () => world.open--);
}

/** Does the work, or not, as the fault says. A slow request is done even when nobody waits for it any more. */
async function worked(
  world: World,
  { operation, request, fault }: Pick<Performance, 'operation' | 'request'> & { fault: Fault | undefined },
): Promise<Worked> {
  const before = fault !== undefined && fault.when !== 'after';
  if (before && fault.kind === 'error') return { reply: errorOf(fault), own: undefined };
  if (before && fault.kind === 'slow') await delay((fault.seconds ?? 1) * 1000, undefined, { ref: false });
  const own = await operation.run(world, request);
  return { own, reply: fault && failsAfter(fault) && own.status < 400 ? errorOf(fault) : own };
}

/** An error, or an answer that is lost on its way and was one. */
const failsAfter = ({ kind, status }: Fault): boolean => kind === 'error' || status !== undefined;

const errorOf = ({ status = 500, retryAfter }: Fault): Reply => ({
  status,
  body: { detail: status >= 500 ? 'Internal Server Error' : 'Refused on request.' },
  ...(retryAfter !== undefined && { headers: { 'retry-after': String(retryAfter) } }),
});

const pageOf = ({ status = 404 }: Fault): Reply => ({
  status,
  body: Buffer.from(`<html><body><h1>${status}</h1></body></html>`),
  headers: { 'content-type': 'text/html' },
});

async function answer(res: ServerResponse, reply: Reply, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'reset') return void res.destroy();
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'slow' && fault.when === 'after') await delay((fault.seconds ?? 1) * 1000, undefined, { ref: false });
  if (fault?.kind === 'cut') return cut(res, reply);
  send(res, reply);
}

function send(res: ServerResponse, { status, body, headers = {} }: Reply): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/** Half of the answer, then the end of the connection. */
function cut(res: ServerResponse, { status, body }: Reply): void {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.write(text.slice(0, text.length / 2), () => res.destroy());
}

function find(operations: Operation[], method: string | undefined, path: string): { operation: Operation; path: string[] } | undefined {
  for (const operation of operations) {
    const groups = operation.method === method && operation.path.exec(path);
    if (groups) return { operation, path: groups.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

/** The body as JSON, an empty object when there is none, undefined when it is not JSON. */
function bodyOf(text: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return undefined;
  }
}
