// `npm run bench`: Facet beside the floor, in one run on one PostgreSQL (BENCH_DATABASE_URL, default 127.0.0.1), and the ratios between them.
// Figures are ratios of one run; times of different runs do not compare. Writes docs/benchmarks.md down to its first section.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Connection, type LoadRequest, type LoadResult, load } from './bench/client.ts';
import { between, usedBy } from './bench/cpu.ts';
import { familyOf, patient, practitioner, role } from './bench/data.ts';
import { type Scenario, type Stored, scenarios } from './bench/scenarios.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    runs: { type: 'string', default: '3' },
    patients: { type: 'string', default: '5000' },
    practitioners: { type: 'string', default: '500' },
    clients: { type: 'string', default: '1,16' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(
    'npm run bench -- [--seconds 3] [--runs 3] [--patients 5000] [--practitioners 500] [--clients 1,16]\nBENCH_DATABASE_URL names the PostgreSQL (databases facet_bench_* are made and dropped there).',
  );
  process.exit(0);
}
const ADMIN_URL = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const NAME = `facet_bench_${process.pid}`;
const DATABASE_URL = Object.assign(new URL(ADMIN_URL), { pathname: `/${NAME}` }).href;
const ROOT = join(import.meta.dirname, '..');
const PATIENTS = Number(options.patients);
const PRACTITIONERS = Number(options.practitioners);

await admin(`create database ${NAME}`);
const dataDir = mkdtempSync(join(tmpdir(), 'facet-bench-'));
const children: ChildProcess[] = [];
try {
  const floorIds = await fillFloor();
  const floor = await child('scripts/bench/floor.ts', [], { DATABASE_URL }, (line) => (JSON.parse(line) as { port: number }).port);
  const port = await child(
    'bin/facet.js',
    ['start'],
    {
      DATABASE_URL,
      PORT: '0',
      FACET_DATA_DIR: dataDir,
      FACET_LOG_LEVEL: 'error',
      FACET_RATE_LIMITS: '{"clinik":null,"jump":null,"loop":null}',
    },
    (line) => (line.startsWith('Facet is ready') ? Number(/:(\d+)/.exec(line)![1]) : undefined),
  );
  const keys = (JSON.parse(readFileSync(join(dataDir, 'dev-keys.json'), 'utf8')) as { demo: Record<string, string> }).demo;
  const stored = await fillFacet(port.port, keys.fhir!);
  await copyToFloor();
  const rows = await measure(scenarios(floorIds, stored, keys), { floor, facet: port });
  report(rows);
} finally {
  for (const child of children) child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 500));
  await admin(`drop database if exists ${NAME} with (force)`);
  rmSync(dataDir, { recursive: true, force: true });
}

async function admin(sql: string, url = ADMIN_URL): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function fillFloor(): Promise<string[]> {
  const client = new pg.Client({ connectionString: DATABASE_URL });
  await client.connect();
  await client.query('create table floor (id uuid primary key, family text, body text not null); create index on floor (family)');
  const ids = Array.from({ length: PATIENTS }, () => crypto.randomUUID());
  const bodies = ids.map((id, n) =>
    JSON.stringify({ ...patient(n), id, meta: { versionId: '1', lastUpdated: '2026-01-01T00:00:00.000Z' } }),
  );
  await client.query('insert into floor select * from unnest($1::uuid[], $2::text[], $3::text[])', [
    ids,
    ids.map((_, n) => familyOf(n)),
    bodies,
  ]);
  await client.query('vacuum analyze floor');
  await client.end();
  return ids;
}

interface Program {
  port: number;
  pid: number;
}

/** Starts a program of the project with its own Node; `ready` finds the port in what it prints. */
function child(file: string, args: string[], env: Record<string, string>, ready: (line: string) => number | undefined): Promise<Program> {
  const program = spawn(process.execPath, [join(ROOT, file), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(program);
  return new Promise((resolve, reject) => {
    program.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter(Boolean)) {
        const port = ready(line);
        if (port !== undefined) resolve({ port, pid: program.pid! });
      }
    });
  });
}

/** The practitioners and roles that Facet stores, as the floor would keep them. */
async function copyToFloor(): Promise<void> {
  await admin(
    `create table floor_practitioner as select id, body, body::jsonb #>> '{name,0,family}' as family, body::jsonb #>> '{name,0,given,0}' as given
       from resource where body::jsonb ->> 'resourceType' = 'Practitioner';
     create index on floor_practitioner (family, given, id);
     create table floor_role as select body, split_part(body::jsonb #>> '{practitioner,reference}', '/', 2) as practitioner
       from resource where body::jsonb ->> 'resourceType' = 'PractitionerRole';
     create index on floor_role (practitioner);`,
    DATABASE_URL,
  );
  await admin('vacuum analyze', DATABASE_URL);
}

async function fillFacet(port: number, key: string): Promise<Stored> {
  const connections = Array.from({ length: 8 }, () => new Connection(port));
  const post = async (type: string, count: number, make: (n: number) => object): Promise<string[]> => {
    const ids: string[] = [];
    let next = 0;
    await Promise.all(
      connections.map(async (connection) => {
        while (next < count) {
          const n = next++;
          const { status, body } = await connection.send({
            method: 'POST',
            path: `/fhir/R4/${type}`,
            headers: { 'x-api-key': key, 'Content-Type': 'application/fhir+json' },
            body: JSON.stringify(make(n)),
            status: 201,
          });
          if (status !== 201) throw new Error(`filling: ${status} ${body.slice(0, 300)}`);
          ids[n] = (JSON.parse(body) as { id: string }).id;
        }
      }),
    );
    return ids;
  };
  const patients = await post('Patient', PATIENTS, (n) => patient(n));
  const practitioners = await post('Practitioner', PRACTITIONERS, practitioner);
  const rolesOf = await post('PractitionerRole', PRACTITIONERS, (n) => role(n, practitioners[n]!));
  for (const connection of connections) connection.close();
  await admin('vacuum analyze', DATABASE_URL);
  return { patients, practitioners, rolesOf };
}

/** A load with the processor time it took, in ms a request; undefined where that cannot be read. */
interface Measured extends LoadResult {
  cpu: { server: number; database: number } | undefined;
}

interface Row {
  name: string;
  clients: number;
  floor: Measured | undefined;
  facet: Measured;
}

async function measured({ port, pid }: Program, clients: number, seconds: number, make: () => LoadRequest): Promise<Measured> {
  const used = () => [usedBy({ pid }), usedBy({ database: NAME })];
  const before = used();
  const result = await load({ port, clients, seconds, make });
  const requests = result.perSecond * seconds;
  const [server, database] = used().map((after, at) => after && before[at] && between(before[at], after) / requests);
  return { ...result, cpu: server !== undefined && database !== undefined ? { server, database } : undefined };
}

/** Floor and Facet in turn, so that what else the machine does hits both; the median run of each counts. */
async function measure(list: Scenario[], programs: { floor: Program; facet: Program }): Promise<Row[]> {
  const rows: Row[] = [];
  const seconds = Number(options.seconds);
  for (const { name, floor, facet } of list) {
    for (const clients of options.clients!.split(',').map(Number)) {
      const results: { floor: Measured[]; facet: Measured[] } = { floor: [], facet: [] };
      if (floor) await measured(programs.floor, clients, 0.5, floor);
      await measured(programs.facet, clients, 0.5, facet);
      for (let run = 0; run < Number(options.runs); run++) {
        if (floor) results.floor.push(await measured(programs.floor, clients, seconds, floor));
        results.facet.push(await measured(programs.facet, clients, seconds, facet));
      }
      rows.push({ name, clients, floor: floor && median(results.floor), facet: median(results.facet) });
      console.error(line(rows.at(-1)!));
    }
  }
  return rows;
}

function median(results: Measured[]): Measured {
  return results.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(results.length / 2)]!;
}

function line({ name, clients, floor, facet }: Row): string {
  const ratio = floor ? (facet.perSecond / floor.perSecond).toFixed(2) : '–';
  const failed = facet.wrong + (floor?.wrong ?? 0);
  return `| ${name} | ${clients} | ${floor ? Math.round(floor.perSecond) : '–'} | ${Math.round(facet.perSecond)} | ${ratio} | ${facet.p50.toFixed(2)} / ${facet.p95.toFixed(2)} | ${spent(floor)} | ${spent(facet)} |${failed ? ` ${failed} wrong answers |` : ''}`;
}

function spent(measured: Measured | undefined): string {
  return measured?.cpu ? `${measured.cpu.server.toFixed(2)} + ${measured.cpu.database.toFixed(2)}` : '–';
}

function report(rows: Row[]): void {
  const head =
    '| | clients | floor /s | Facet /s | Facet ÷ floor | Facet p50 / p95 ms | CPU floor | CPU Facet |\n|---|---|---|---|---|---|---|---|';
  const text = `# Benchmarks

\`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores shared by the load, both servers and PostgreSQL; ${PATIENTS} patients, ${PRACTITIONERS} practitioners with a role each;
median of ${options.runs} runs of ${options.seconds} s, floor and Facet in turn. The floor is the same Express and PostgreSQL with one statement that sends the stored text;
for the /v1 list, two statements and the same rows parsed and stringified. CPU is milliseconds per request, server + database. Read the ratios: times of different
runs or machines do not compare. Default settings, but without rate limits.

${head}
${rows.map(line).join('\n')}

Searches at a million resources: [search-plans.md](search-plans.md).
`;
  const file = join(ROOT, 'docs/benchmarks.md');
  const [, ...others] = readFileSync(file, 'utf8').split(/^(?=## )/m);
  writeFileSync(file, [text, ...others].join(others.length ? '\n' : ''));
  console.log(text);
}
