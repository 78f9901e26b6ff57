// Runs one of Junction's operations as Junction would: counted, once per idempotency key, and with the fault that a person or test has requested.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isObject } from '../fhir/json-values.ts';
import { type Fault, takeFault } from './faults.ts';
import type { Operation } from './operations.ts';
import { toOrderJson } from './order-json.ts';
import { checkRequestBody } from './request-schema.ts';
import { type Reply, refuse, type SandboxRequest, type SandboxState } from './sandbox-state.ts';

interface Execution {
  operation: Operation;
  request: SandboxRequest;
  req: IncomingMessage;
  res: ServerResponse;
}

export async function execute(state: SandboxState, { operation, request, req, res }: Execution): Promise<void> {
  const header = req.headers['x-idempotency-key'];
  const key = operation.keyed && typeof header === 'string' ? header : undefined;
  const { fault, rest } = takeFault(state.faults, operation.name);
  state.faults = rest;
  state.requests.push({ operation: operation.name, path: request.path, key, fault });
  countOpenRequest(state, res);
  if (fault && fault.when !== 'after' && fault.kind === 'reset') return void res.destroy();
  if (fault && fault.when !== 'after' && fault.kind === 'hang') return;
  if (fault?.kind === 'page') return sendReply(res, buildPageReply(fault));
  const work = () => runWithFault(state, { operation, request, fault });
  const forgotten = fault?.forgotten === true;
  const reply = key === undefined ? (await work()).reply : await runOnce(state, { key, forgotten }, work);
  await sendWithFault(res, fault?.kind === 'other' ? swapSubject(state, reply) : reply, fault);
}

/** A request is open until it has its response, or its client disconnects. */
function countOpenRequest(state: SandboxState, res: ServerResponse): void {
  state.maxOpenRequests = Math.max(state.maxOpenRequests, ++state.openRequests);
  res.once('close', () => state.openRequests--);
}

/** `own`: the reply of the operation itself, if it ran. */
interface ExecutionResult {
  reply: Reply;
  own: Reply | undefined;
}

/** These replies are not stored: the operation did not run, or checked only the structure of the request. */
const NEVER_STORED_STATUSES = new Set([401, 403, 409, 422, 429, 503]);

/**
 * The stored reply of this key, or that of `work`. As documented, the first reply of an operation is stored for a day, success or failure, but not for a malformed
 * request or while another one with the key is in progress; `forgotten` contradicts the documentation and stores nothing. A failure before the operation is
 * stored if `storesFailures` says so. https://docs.junction.com/lab/overview/idempotency
 */
async function runOnce(
  state: SandboxState,
  { key, forgotten }: { key: string; forgotten: boolean },
  work: () => Promise<ExecutionResult>,
): Promise<Reply> {
  const stored = state.storedReplies.get(key);
  if (stored && state.now().getTime() - stored.at < state.keyLifetimeSeconds * 1000) return stored.reply;
  if (state.keysInProgress.has(key))
    return { status: state.inProgressStatus, body: { detail: 'A request with this idempotency key is in progress.' } };
  state.keysInProgress.add(key);
  try {
    const { reply, own } = await work();
    const isStored = own ? !forgotten : state.storesFailures;
    if (isStored && !NEVER_STORED_STATUSES.has((own ?? reply).status)) state.storedReplies.set(key, { at: state.now().getTime(), reply });
    return reply;
  } finally {
    state.keysInProgress.delete(key);
  }
}

/** A slow operation runs even if its client has disconnected. */
async function runWithFault(
  state: SandboxState,
  { operation, request, fault }: Pick<Execution, 'operation' | 'request'> & { fault: Fault | undefined },
): Promise<ExecutionResult> {
  const before = fault !== undefined && fault.when !== 'after';
  if (before && fault.kind === 'error') return { reply: buildErrorReply(fault), own: undefined };
  if (before && fault.kind === 'slow') await delay((fault.seconds ?? 1) * 1000, undefined, { ref: false });
  const malformed = checkRequestBody(operation.endpoint, request.body);
  const own = malformed.length ? refuse(422, malformed) : await operation.run(state, request);
  return { own, reply: fault && isErrorAfterWork(fault) && own.status < 400 ? buildErrorReply(fault) : own };
}

/** An error, or a response that gets lost and was an error. */
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

/** The reply of another request, as from a cache or gateway that mixes up two clients. If there is no other order: without its `passthrough`. An insurance of another member. */
function swapSubject(state: SandboxState, reply: Reply): Reply {
  const { status, body } = reply;
  if (status >= 300 || !isObject(body)) return reply;
  if (typeof body.client_user_id === 'string') return { ...reply, body: { ...body, ...pickOtherUser(state, body.client_user_id) } };
  if (typeof body.member_id === 'string') return { ...reply, body: { ...body, member_id: randomUUID() } };
  if (isObject(body.order)) return { ...reply, body: { ...body, order: pickOtherOrder(state, body.order) } };
  if ('results' in body) return { ...reply, body: { ...body, order_transaction: { id: randomUUID(), status: 'active', orders: [] } } };
  return 'passthrough' in body ? { ...reply, body: pickOtherOrder(state, body) } : reply;
}

function pickOtherUser(state: SandboxState, name: string): object {
  const other = [...state.users.values()].find((user) => user.client_user_id !== name);
  return { user_id: other?.user_id ?? randomUUID(), client_user_id: other?.client_user_id ?? 'another-user' };
}

function pickOtherOrder(state: SandboxState, own: Record<string, unknown>): object {
  const other = [...state.orders.values()].find((order) => order.id !== own.id);
  return other ? toOrderJson(state, other) : { ...own, id: randomUUID(), passthrough: null };
}

async function sendWithFault(res: ServerResponse, reply: Reply, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'reset') return void res.destroy();
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'slow' && fault.when === 'after') await delay((fault.seconds ?? 1) * 1000, undefined, { ref: false });
  if (fault?.kind === 'cut') return sendHalf(res, reply);
  sendReply(res, reply);
}

export function sendReply(res: ServerResponse, { status, body, headers = {} }: Reply): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/** Half of the body, then closes the connection. */
function sendHalf(res: ServerResponse, { status, body }: Reply): void {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.write(text.slice(0, text.length / 2), () => res.destroy());
}
