// Sends the requests of a range of numbers to a running server and collects what must not be: server errors, responses of another form, slow responses, lost
// connections, and memory that grows.
import { readFileSync } from 'node:fs';
import { Agent, request as sendHttp } from 'node:http';
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
  /** Called at regular times, and for each finding. */
  onProgress?(text: string): void;
}

interface FuzzReport {
  findings: string[];
  /** The share of requests that got past the checks of syntax, key, route, media type and structure; and of those with a body. */
  accepted: number;
  acceptedBodies: number;
  statuses: Record<string, number>;
  /** In MiB, at regular times. */
  memory: number[];
  slowestMs: number;
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
  const send = (one: FuzzRequest): Promise<Answer> => sendRequest(target, agent, one);
  await storeExamples(operations, send);
  const build = createRequestBuilder(operations, options.seed);
  const report: FuzzReport = { findings: [], accepted: 0, acceptedBodies: 0, statuses: {}, memory: [], slowestMs: 0, seconds: 0 };
  const checking: Checking = { report, send, options, slow: [] };
  const [began, last] = [performance.now(), options.from + options.requests];
  const step = Math.max(1, Math.floor(options.requests / 20));
  let [next, bodies] = [options.from, 0];
  const work = async (): Promise<void> => {
    while (next < last) {
      const index = next++;
      if ((index - options.from) % step === 0) observe(target, report, options, index);
      const one = build(index);
      if (one.body) bodies++;
      await check(one, index, checking);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, work));
  for (const sendAgain of checking.slow) await sendAgain();
  agent.destroy();
  observe(target, report, options, last);
  if (hasGrown(report.memory)) report.findings.push(`the memory of the server has grown: ${report.memory.join(', ')} MiB`);
  report.accepted /= options.requests;
  report.acceptedBodies /= Math.max(1, bodies);
  report.seconds = (performance.now() - began) / 1000;
  return report;
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
  // a connection that the server has closed after a refused body is not used again
  const answer = await send(one).catch(() => send(one).catch((error: NodeJS.ErrnoException) => error));
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
    checking.slow.push(async () => ((await send(one)).ms > SLOW_MS ? note(`a response took ${Math.round(answer.ms)} ms`) : undefined));
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

function sendRequest({ url, keys }: FuzzTarget, agent: Agent, { door, method, path, headers, body }: FuzzRequest): Promise<Answer> {
  const key = keys[door];
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const options = {
      method,
      agent,
      path,
      headers: { ...headers, ...(key && { Authorization: `Bearer ${key}` }), ...(body && { 'Content-Length': body.length }) },
    };
    const { hostname, port } = new URL(url);
    const sent = sendHttp({ hostname, port, ...options }, (response) => {
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

function observe({ pid }: FuzzTarget, report: FuzzReport, { from, requests, onProgress }: FuzzOptions, index: number): void {
  const memory = readMemory(pid);
  if (memory !== undefined) report.memory.push(memory);
  onProgress?.(`${index - from} of ${requests}: ${report.findings.length} findings, ${memory ?? '?'} MiB`);
}

/** Resident memory in MiB. Undefined where there is no /proc. */
function readMemory(pid: number): number | undefined {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);
  } catch {
    return undefined;
  }
}

/** Whether the last quarter of the run needed half as much again as the second one, after caches were filled. */
function hasGrown(memory: number[]): boolean {
  const middle = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
  const quarter = Math.floor(memory.length / 4);
  const [before, after] = [middle(memory.slice(quarter, 2 * quarter)), middle(memory.slice(-quarter))];
  return quarter > 1 && after > before * 1.5 && after - before > 200;
}

/** The request without its key. The data are made up. */
function toCurl({ method, path, headers, body }: FuzzRequest): string {
  const parts = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  return `curl -X ${method} ${quote(path)} ${parts.join(' ')}${body ? ` --data-raw ${quote(body.toString().slice(0, 2000))}` : ''}`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
