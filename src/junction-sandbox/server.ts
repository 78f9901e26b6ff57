// The sandbox: an HTTP server on loopback that behaves as Junction does, faults included. For trying, developing and testing; never in production.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTROL_OPERATIONS } from './control.ts';
import { type Fault, takeFault } from './faults.ts';
import { type ExecutionResult, executeOnce } from './idempotency.ts';
import { JUNCTION_OPERATIONS, type Operation, type SandboxRequest } from './operations.ts';
import { createSandboxState, type Reply, SANDBOX_PANELS, type SandboxState } from './sandbox-state.ts';
import { swapReplySubject } from './swapped-reply.ts';
import { startWebhookSender } from './webhook-sender.ts';

/** A sandbox that listens. `state` is its ground truth, for those in the same process; everybody else asks under `/sandbox`. */
export interface Sandbox {
  url: string;
  apiKey: string;
  teamId: string;
  /** Panel → lab test ids. */
  panels: Record<string, string[]>;
  state: SandboxState;
  close(): Promise<void>;
}

/** Starts it; port 0 (default) takes a free one. */
export async function startSandbox({ port = 0, clock = () => new Date() }: { port?: number; clock?: () => Date } = {}): Promise<Sandbox> {
  const state = createSandboxState(clock);
  const stopDelivering = startWebhookSender(state);
  const server = createServer((req, res) => {
    serve(state, req, res).catch(() => res.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    apiKey: state.apiKey,
    teamId: state.teamId,
    panels: SANDBOX_PANELS,
    state,
    close: () => closeServer(server, stopDelivering),
  };
}

function closeServer(server: Server, stopDelivering: () => void): Promise<void> {
  stopDelivering();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Old spellings, accepted for one release. */
const DEPRECATED_PATHS: Record<string, string> = { '/sandbox/webhooks/mishaps': '/sandbox/webhooks/faults' };

async function serve(state: SandboxState, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://sandbox');
  const path = DEPRECATED_PATHS[url.pathname] ?? url.pathname;
  const found = findOperation(path.startsWith('/sandbox') ? CONTROL_OPERATIONS : JUNCTION_OPERATIONS, req.method, path);
  const body = parseBody(await text(req));
  if (body === undefined)
    return sendReply(res, { status: 422, body: { detail: [{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }] } });
  if (!found) return sendReply(res, { status: 404, body: { detail: 'Not Found' } });
  const request = { path: found.path, query: url.searchParams, body };
  if (CONTROL_OPERATIONS.includes(found.operation)) return sendReply(res, await found.operation.run(state, request));
  if (req.headers['x-vital-api-key'] !== state.apiKey) return sendReply(res, { status: 401, body: { detail: 'Invalid API key.' } });
  await executeWithFault(state, { operation: found.operation, request, req, res });
}

interface Execution {
  operation: Operation;
  request: SandboxRequest;
  req: IncomingMessage;
  res: ServerResponse;
}

/** The operation under the fault that waits for it, if one does. */
async function executeWithFault(state: SandboxState, { operation, request, req, res }: Execution): Promise<void> {
  const key = operation.keyed ? (req.headers['x-idempotency-key'] as string | undefined) : undefined;
  const { fault, rest } = takeFault(state.faults, operation.name);
  state.faults = rest;
  state.requests.push({ operation: operation.name, key });
  countOpenRequest(state, res);
  if (fault && fault.when !== 'after' && fault.kind === 'reset') return void res.destroy();
  if (fault && fault.when !== 'after' && fault.kind === 'hang') return;
  if (fault?.kind === 'page') return sendReply(res, buildPageReply(fault));
  const work = () => execute(state, { operation, request, fault });
  const forgotten = fault?.forgotten === true;
  const reply = await (key === undefined ? work().then((done) => done.reply) : executeOnce(state, { key, forgotten }, work));
  await sendWithFault(res, fault?.kind === 'other' ? swapReplySubject(state, reply) : reply, fault);
}

/** A request is open until it is answered, or its client leaves. */
function countOpenRequest(state: SandboxState, res: ServerResponse): void {
  state.maxOpenRequests = Math.max(state.maxOpenRequests, ++state.openRequests);
  res.once('close', () => state.openRequests--);
}

/** Does the work, or not, as the fault says. A slow request is done even when nobody waits for it any more. */
async function execute(
  state: SandboxState,
  { operation, request, fault }: Pick<Execution, 'operation' | 'request'> & { fault: Fault | undefined },
): Promise<ExecutionResult> {
  const before = fault !== undefined && fault.when !== 'after';
  if (before && fault.kind === 'error') return { reply: buildErrorReply(fault), own: undefined };
  if (before && fault.kind === 'slow') await delay((fault.seconds ?? 1) * 1000, undefined, { ref: false });
  const own = await operation.run(state, request);
  return { own, reply: fault && isErrorAfterWork(fault) && own.status < 400 ? buildErrorReply(fault) : own };
}

/** An error, or an answer that is lost on its way and was one. */
const isErrorAfterWork = ({ kind, status }: Fault): boolean => kind === 'error' || status !== undefined;

const buildErrorReply = ({ status = 500, retryAfter }: Fault): Reply => ({
  status,
  body: { detail: status >= 500 ? 'Internal Server Error' : 'Refused on request.' },
  ...(retryAfter !== undefined && { headers: { 'retry-after': String(retryAfter) } }),
});

const buildPageReply = ({ status = 404 }: Fault): Reply => ({
  status,
  body: Buffer.from(`<html><body><h1>${status}</h1></body></html>`),
  headers: { 'content-type': 'text/html' },
});

async function sendWithFault(res: ServerResponse, reply: Reply, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'reset') return void res.destroy();
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'slow' && fault.when === 'after') await delay((fault.seconds ?? 1) * 1000, undefined, { ref: false });
  if (fault?.kind === 'cut') return sendHalf(res, reply);
  sendReply(res, reply);
}

function sendReply(res: ServerResponse, { status, body, headers = {} }: Reply): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/** Half of the answer, then the end of the connection. */
function sendHalf(res: ServerResponse, { status, body }: Reply): void {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.write(text.slice(0, text.length / 2), () => res.destroy());
}

function findOperation(
  operations: Operation[],
  method: string | undefined,
  path: string,
): { operation: Operation; path: string[] } | undefined {
  for (const operation of operations) {
    const groups = operation.method === method && operation.path.exec(path);
    if (groups) return { operation, path: groups.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

/** The body as JSON, an empty object when there is none, undefined when it is not JSON. */
function parseBody(text: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return undefined;
  }
}
