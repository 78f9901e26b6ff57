// Sends the requests of a range of numbers to a running server and collects what must not be: server errors, responses of another form, slow responses, lost
// connections, and memory that grows.
import { Agent, request as sendHttp } from 'node:http';
import { FEWEST_JUDGED_REQUESTS, hasGrown, MEMORY_READINGS, readMemory } from './memory.ts';
import { type FuzzOperation, readOperations } from './operations.ts';
import { createRequestBuilder, type FuzzRequest } from './requests.ts';

export interface FuzzTarget {
  url: string;
  /** Of the server. Its memory is read from /proc. */
  pid: number;
  /** Door → its API key. */
  keys: Record<string, string>;
}

interface FuzzOptions {
  seed: number;
  from: number;
  requests: number;
  clients: number;
  /** Ends the run early. */
  signal?: AbortSignal;
  /** Called at regular times, and for each finding. */
  onProgress?(text: string): void;
}

interface FuzzReport {
  findings: string[];
  /** How many requests were sent. */
  sent: number;
  /** The share of requests that got past the checks of syntax, key, route, media type and structure; and of those with a body. */
  accepted: number;
  acceptedBodies: number;
  statuses: Record<string, number>;
  /** In MiB, at regular times. */
  memory: number[];
  slowestMs: number;
  /** Responses that took too long while other requests ran. Only those that take too long alone too are findings. */
  slow: number;
  seconds: number;
}

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
  ms: number;
}

const SLOW_MS = 2000;
/** Responses of a request that was refused before its content was looked at. */
const REFUSED_AT_ONCE = new Set([400, 401, 403, 405, 406, 413, 414, 415, 431]);

/** Sends the requests. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const operations = await readOperations(target.url);
  const agent = new Agent({ keepAlive: true, maxSockets: options.clients });
  const { hostname, port } = new URL(target.url);
  const sendOnce = (one: FuzzRequest): Promise<Answer> => sendRequest({ hostname, port, agent }, target.keys[one.door], one);
  // a connection that the server has closed after a refused body is not used again
  const send = (one: FuzzRequest): Promise<Answer> => sendOnce(one).catch(() => sendOnce(one));
  await storeExamples(operations, send);
  const report: FuzzReport = {
    findings: [],
    sent: 0,
    accepted: 0,
    acceptedBodies: 0,
    statuses: {},
    memory: [],
    slowestMs: 0,
    slow: 0,
    seconds: 0,
  };
  const checking: Checking = { report, began: performance.now(), send, options, slow: [] };
  const bodies = await sendRange(target, createRequestBuilder(operations, options.seed), checking);
  for (const sendAgain of checking.slow) await sendAgain();
  agent.destroy();
  observe(target, checking);
  if (report.sent >= FEWEST_JUDGED_REQUESTS && hasGrown(report.memory))
    report.findings.push(`the memory of the server has grown: ${report.memory.join(', ')} MiB`);
  report.accepted /= report.sent;
  report.acceptedBodies /= Math.max(1, bodies);
  report.slow = checking.slow.length;
  return report;
}

/** Sends and checks the requests, so many at the same time. Returns the number of those with a body. */
async function sendRange(target: FuzzTarget, build: (index: number) => FuzzRequest, checking: Checking): Promise<number> {
  const { report, options } = checking;
  const step = Math.max(1, Math.floor(options.requests / MEMORY_READINGS));
  let bodies = 0;
  const work = async (): Promise<void> => {
    while (report.sent < options.requests && !options.signal?.aborted) {
      if (report.sent % step === 0) observe(target, checking);
      const index = options.from + report.sent++;
      const one = build(index);
      if (one.body) bodies++;
      await check(one, index, checking);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, work));
  return bodies;
}

/** Stores a resource of each type under the id that the requests name. */
async function storeExamples(operations: FuzzOperation[], send: (one: FuzzRequest) => Promise<Answer>): Promise<void> {
  const creates = operations.filter(({ door, method, path }) => door === 'fhir' && method === 'post' && /^\/[A-Z]\w+$/.test(path));
  for (const { path, prefix, examples } of creates) {
    const body = Buffer.from(JSON.stringify({ ...(examples[0]!.value as object), id: 'example' }));
    const headers = { 'Content-Type': 'application/fhir+json' };
    await send({ door: 'fhir', method: 'PUT', path: `${prefix}${path}/example`, headers, body });
  }
}

interface Checking {
  report: FuzzReport;
  began: number;
  send(one: FuzzRequest): Promise<Answer>;
  options: FuzzOptions;
  /** Slow requests may have waited for others, so they are sent again alone, at the end. */
  slow: (() => Promise<void>)[];
}

async function check(one: FuzzRequest, index: number, checking: Checking): Promise<void> {
  const { report, send, options } = checking;
  const note = (what: string): void => {
    const finding = `${what}\n  --seed ${options.seed} --from ${index} --requests 1\n  ${toCurl(one)}`;
    report.findings.push(finding);
    options.onProgress?.(finding);
  };
  const answer = await send(one).catch((error: NodeJS.ErrnoException) => error);
  if (answer instanceof Error) return note(`no response: ${answer.message}`);
  report.statuses[answer.status] = (report.statuses[answer.status] ?? 0) + 1;
  if (!REFUSED_AT_ONCE.has(answer.status)) {
    report.accepted++;
    if (one.body) report.acceptedBodies++;
  }
  report.slowestMs = Math.max(report.slowestMs, Math.round(answer.ms));
  const wrong = findFault(one, answer);
  if (wrong !== undefined) note(wrong);
  if (answer.ms > SLOW_MS)
    checking.slow.push(async () => {
      const again = await send(one).catch(() => undefined);
      if (!again || again.ms > SLOW_MS) note(`a response took ${Math.round(answer.ms)} ms`);
    });
}

/** What must not be in a response; undefined: nothing. */
function findFault({ door, method }: FuzzRequest, { status, headers, text }: Answer): string | undefined {
  if (status >= 500 && !(status === 503 && headers['retry-after'] !== undefined) && !(status === 501))
    return `${status}: ${text.slice(0, 300)}`;
  const type = String(headers['content-type'] ?? '');
  if (text === '' || method === 'HEAD') return undefined;
  if (door === 'fhir' && status >= 400 && type.startsWith('application/fhir+xml'))
    return text.includes('<OperationOutcome') ? undefined : `an error without an OperationOutcome: ${text.slice(0, 200)}`;
  if (!/json/.test(type)) return status >= 400 && door !== 'other' ? `an error of type ${type}` : undefined;
  const body = parse(text);
  if (body === undefined) return `a body that is not JSON: ${text.slice(0, 200)}`;
  if (door === 'fhir' && status >= 400 && body.resourceType !== 'OperationOutcome' && !Array.isArray(body.errors))
    return `an error without an OperationOutcome: ${text.slice(0, 200)}`;
  return status >= 400 && ERROR_MEMBERS.every((name) => !(name in body)) ? `an error of an unknown form: ${text.slice(0, 200)}` : undefined;
}

/** Each form of an error has one of these members. */
const ERROR_MEMBERS = ['resourceType', 'errors', 'error', 'code', 'message', 'detail'];

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

interface Connection {
  hostname: string;
  port: string;
  agent: Agent;
}

function sendRequest(connection: Connection, key: string | undefined, { method, path, headers, body }: FuzzRequest): Promise<Answer> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const options = {
      ...connection,
      method,
      path,
      headers: { ...headers, ...(key && { Authorization: `Bearer ${key}` }), ...(body && { 'Content-Length': body.length }) },
    };
    const sent = sendHttp(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          ms: performance.now() - began,
        }),
      );
    });
    sent.setTimeout(30_000, () => sent.destroy(new Error('no response within 30 s')));
    sent.on('error', reject);
    sent.end(body);
  });
}

function observe({ pid }: FuzzTarget, { report, began, options: { requests, onProgress } }: Checking): void {
  const memory = readMemory(pid);
  if (memory !== undefined) report.memory.push(memory);
  report.seconds = (performance.now() - began) / 1000;
  onProgress?.(
    `${report.sent} of ${requests} in ${Math.round(report.seconds)} s: ${report.findings.length} findings, ${memory ?? '?'} MiB`,
  );
}

/** The request without its key. The data are made up. */
function toCurl({ method, path, headers, body }: FuzzRequest): string {
  const parts = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  return `curl -X ${method} ${quote(path)} ${parts.join(' ')}${body ? ` --data-raw ${quote(body.toString().slice(0, 2000))}` : ''}`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
