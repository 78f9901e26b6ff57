// `node scripts/measure-traces.ts [--rounds 7] [--patients 2000]`: what traces cost on PostgreSQL (BENCH_DATABASE_URL): two servers without traces, whose difference
// is that of equal processes, and one with traces, whose client asks for a recorded trace or one that is not. They take turns in one run; only ratios mean anything. docs/decisions/0049-traces.md
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { buildEnvironment } from '../test/journeys/program-environment.ts';
import { Connection, type LoadRequest, load } from './bench/client.ts';
import { between, usedBy } from './bench/cpu.ts';
import { familyOf, patient } from './bench/data.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, patients: { type: 'string', default: '3000' } },
});
const ADMIN_URL = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const NAME = `facet_traces_${process.pid}`;
const PATIENTS = Number(options.patients);
/** How long a form runs before the next one's turn, in seconds. */
const TURN_SECONDS = 0.6;
const CLIENTS = [1, 8];
const WARM_UP_ROUNDS = 2;

interface Program {
  port: number;
  process: ChildProcess;
}

/** What is compared: a server, and the headers that its client sends besides. */
interface Form extends Program {
  headers?: Record<string, string>;
}

interface Measured {
  perSecond: number[];
  p50: number[];
  /** Processor time of the server for a request, in ms. */
  processor: number[];
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
const any = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!;

async function start(dataDir: string, settings: Record<string, string>): Promise<Program> {
  const DATABASE_URL = Object.assign(new URL(ADMIN_URL), { pathname: `/${NAME}` }).href;
  const env = buildEnvironment({ DATABASE_URL, FACET_DATA_DIR: dataDir, FACET_LOG_LEVEL: 'error', PORT: '0', ...settings });
  const server = spawn(process.execPath, [join(import.meta.dirname, '../bin/facet.js'), 'start'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const ready = /^Facet is ready: .*\(port (\d+)/.exec(line);
    if (ready) return { port: Number(ready[1]), process: server };
  }
  throw new Error('a server ended before it was ready');
}

/** A collector that accepts everything. */
async function startCollector(): Promise<{ url: string; exports: () => number; close(): void }> {
  let count = 0;
  const server = createServer((req, res) => {
    req.resume().once('end', () => {
      count++;
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => void server.close().closeAllConnections();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, exports: () => count, close };
}

/** Each server stores its share, so that all of them are equally warm. */
async function fill(ports: number[], headers: Record<string, string>): Promise<string[]> {
  const connections = ports.map((port) => new Connection(port));
  const ids: string[] = [];
  for (let n = 0; n < PATIENTS; n++) {
    const request = { method: 'POST', path: '/fhir/R4/Patient', headers, body: JSON.stringify(patient(n)), status: 201 };
    ids.push((JSON.parse((await connections[n % ports.length]!.send(request)).body) as { id: string }).id);
  }
  for (const connection of connections) connection.close();
  return ids;
}

function buildWork(ids: string[], headers: Record<string, string>): Record<string, () => LoadRequest> {
  const get = (path: string): LoadRequest => ({ method: 'GET', path: `/fhir/R4/${path}`, headers, status: 200 });
  let next = PATIENTS;
  return {
    read: () => get(`Patient/${any(ids)}`),
    'search by family': () => get(`Patient?family=${familyOf(Math.floor(Math.random() * 250))}&_count=20`),
    create: () => ({ method: 'POST', path: '/fhir/R4/Patient', headers, body: JSON.stringify(patient(next++, `New${next}`)), status: 201 }),
  };
}

async function measure({ port, process: { pid }, headers }: Form, clients: number, work: () => LoadRequest, into: Measured): Promise<void> {
  const make = (): LoadRequest => {
    const request = work();
    return { ...request, headers: { ...request.headers, ...headers } };
  };
  const before = usedBy({ pid: pid! })!;
  const { perSecond, p50, wrong } = await load({ port, clients, seconds: TURN_SECONDS, make });
  if (wrong) throw new Error(`${wrong} responses had another status`);
  into.perSecond.push(perSecond);
  into.p50.push(p50);
  into.processor.push(between(before, usedBy({ pid: pid! })!) / (perSecond * TURN_SECONDS));
}

async function compare(forms: Record<string, Form>, work: Record<string, () => LoadRequest>): Promise<void> {
  console.log(`| | clients | ${Object.keys(forms).join(' | ')} |\n|---|---${'|---'.repeat(Object.keys(forms).length)}|`);
  const programs = Object.values(forms);
  for (const [name, make] of Object.entries(work))
    for (const clients of CLIENTS) {
      const results = Object.keys(forms).map((): Measured => ({ perSecond: [], p50: [], processor: [] }));
      // the first rounds warm up; the turns go in both directions
      for (let round = -WARM_UP_ROUNDS; round < Number(options.rounds); round++)
        for (const [at, program] of round % 2 ? [...programs.entries()].reverse() : programs.entries())
          await measure(program, clients, make, round < 0 ? { perSecond: [], p50: [], processor: [] } : results[at]!);
      const [off] = results;
      const show = (result: Measured): string => {
        const ratio = (key: keyof Measured): string => (median(result[key]) / median(off![key])).toFixed(2);
        const [rate, p50, processor] = [
          median(result.perSecond).toFixed(0),
          median(result.p50).toFixed(2),
          median(result.processor).toFixed(2),
        ];
        return `${rate}/s (${ratio('perSecond')}), p50 ${p50} ms, processor ${processor} ms (${ratio('processor')})`;
      };
      console.log(`| ${name} | ${clients} | ${results.map(show).join(' | ')} |`);
    }
}

const admin = new pg.Client(ADMIN_URL);
await admin.connect();
await admin.query(`create database ${NAME}`);
const dataDir = mkdtempSync(join(tmpdir(), 'facet-traces-'));
const collector = await startCollector();
const programs: Program[] = [];
try {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  for (const settings of [{}, {}, endpoint]) programs.push(await start(dataDir, settings));
  const [off, again, on] = programs as [Program, Program, Program];
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}`;
  const forms = {
    off,
    'off, another process': again,
    'on, not sampled': { ...on, headers: { traceparent: `${traceparent}-00` } },
    on: { ...on, headers: { traceparent: `${traceparent}-01` } },
  };
  const { demo } = JSON.parse(readFileSync(join(dataDir, 'dev-keys.json'), 'utf8')) as { demo: { fhir: string } };
  const headers = { 'x-api-key': demo.fhir, 'Content-Type': 'application/fhir+json' };
  const ids = await fill(
    programs.map(({ port }) => port),
    headers,
  );
  console.log(`${PATIENTS} patients, PostgreSQL ${(await admin.query('show server_version')).rows[0].server_version}`);
  await compare(forms, buildWork(ids, headers));
  console.log(`${collector.exports()} exports`);
} finally {
  for (const { process: server } of programs) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  collector.close();
  rmSync(dataDir, { recursive: true });
  await admin.query(`drop database if exists ${NAME} with (force)`);
  await admin.end();
}
