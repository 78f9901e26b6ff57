// `node scripts/measure-spans.ts [--rounds 15]`: the processor time of the spans of one request (of the server, with two statements), of this process alone: without
// traces, for a trace that is not sampled, and for one that is exported. Other work on the machine blurs it less than scripts/measure-traces.ts, which measures
// servers. docs/decisions/0049-traces.md
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { createTracing } from '../src/observability/tracing.ts';
import type { Database } from '../src/store/database/database.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
/** Fewer spans than wait for the collector at most, so that none is dropped. */
const REQUESTS = 1000;
const TRACEPARENT = `00-${'1'.repeat(32)}-${'2'.repeat(16)}`;

const COLLECTOR = `const s = require('http').createServer((q, r) => q.resume().once('end', () => r.end('{}'))).listen(0, '127.0.0.1',
  () => console.log(s.address().port))`;

const collector = spawn(process.execPath, ['-e', COLLECTOR], { stdio: ['ignore', 'pipe', 'inherit'] });
const [port] = (await once(collector.stdout.setEncoding('utf8'), 'data')) as [string];
const tracing = createTracing(
  { endpoint: `http://127.0.0.1:${port.trim()}/v1/traces`, sampler: 'parentbased_always_on', ratio: 1 },
  (fields) => {
    throw new Error(JSON.stringify(fields));
  },
);

/** A database that responds at once: only what is around it is measured. */
const plain = { query: async () => [] } as unknown as Database;
plain.forRequest = () => plain;
const { database: traced } = tracing.traceDatabases({ database: plain, background: plain });

async function work(database: Database, res: ServerResponse): Promise<void> {
  const own = database.forRequest(1, { safe: true });
  await own.query('select 1', [], 'read');
  await own.query('select 2', [], 'search');
  res.emit('close');
}

const newResponse = (): ServerResponse =>
  Object.assign(new EventEmitter(), {
    statusCode: 200,
    writableFinished: true,
    locals: { route: '/fhir/R4/:type/:id', requestId: 'req_00000000', caller: { tenant: 1 } },
  }) as unknown as ServerResponse;

const sendTraced =
  (flags: string) =>
  (res: ServerResponse): Promise<void> => {
    const req = { method: 'GET', url: '/', httpVersion: '1.1', headers: { traceparent: `${TRACEPARENT}-${flags}` } };
    return new Promise((resolve, reject) =>
      tracing.traceRequest(req as unknown as IncomingMessage, res, () => void work(traced, res).then(resolve, reject)),
    );
  };

const FORMS: Record<string, (res: ServerResponse) => Promise<void>> = {
  off: (res) => work(plain, res),
  'on, not sampled': sendTraced('00'),
  on: sendTraced('01'),
};

/** In microseconds for a request, with the export of its spans. */
async function turn(send: (res: ServerResponse) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < REQUESTS; n++) await send(newResponse());
  // longer than the delay of the export
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

const times = Object.keys(FORMS).map((): number[] => []);
for (let round = -2; round < Number(options.rounds); round++)
  for (const [at, send] of Object.values(FORMS).entries()) {
    const time = await turn(send);
    if (round >= 0) times[at]!.push(time);
  }
for (const [at, name] of Object.keys(FORMS).entries()) {
  const sorted = times[at]!.toSorted((a, b) => a - b);
  console.log(`${name}: ${sorted[sorted.length >> 1]!.toFixed(1)} µs (${sorted[0]!.toFixed(1)} to ${sorted.at(-1)!.toFixed(1)})`);
}
await tracing.close();
collector.kill();
