// `npm run bench`: Facet beside the floor, in one run on one PostgreSQL (BENCH_DATABASE_URL, default 127.0.0.1), and the ratios between them.
// Figures are ratios of one run; times of different runs do not compare. Writes docs/benchmarks.md.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Connection, type LoadRequest, type LoadResult, load } from './bench/client.ts';
import { familyOf, patient, practitioner, role } from './bench/data.ts';

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

interface Scenario {
  name: string;
  /** The same work at the floor; undefined where the floor has none of its own. */
  floor: (() => LoadRequest) | undefined;
  facet: () => LoadRequest;
}

await admin(`create database ${NAME}`);
const dataDir = mkdtempSync(join(tmpdir(), 'facet-bench-'));
const children: ChildProcess[] = [];
try {
  const floorIds = await fillFloor();
  const floor = await child('scripts/bench/floor.ts', [], { DATABASE_URL }, (line) => (JSON.parse(line) as { port: number }).port);
  const port = await child(
    'bin/facet.js',
    ['start'],
    { DATABASE_URL, PORT: '0', FACET_DATA_DIR: dataDir, FACET_LOG: 'error', FACET_RATE_LIMITS: '{"clinik":null,"jump":null,"loop":null}' },
    (line) => (line.startsWith('Facet is ready') ? Number(/:(\d+)/.exec(line)![1]) : undefined),
  );
  const keys = (JSON.parse(readFileSync(join(dataDir, 'dev-keys.json'), 'utf8')) as { demo: Record<string, string> }).demo;
  const stored = await fillFacet(port, keys.fhir!);
  const rows = await measure(scenarios(floorIds, stored, keys), { floor, facet: port });
  report(rows);
} finally {
  for (const one of children) one.kill('SIGTERM');
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

/** Starts a program of the project with its own Node; `ready` finds the port in what it prints. */
function child(file: string, args: string[], env: Record<string, string>, ready: (line: string) => number | undefined): Promise<number> {
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
        if (port !== undefined) resolve(port);
      }
    });
  });
}

interface Stored {
  patients: string[];
  practitioners: string[];
  rolesOf: string[];
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

function scenarios(floorIds: string[], { patients, practitioners }: Stored, keys: Record<string, string>): Scenario[] {
  let fresh = PATIENTS;
  const any = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!;
  const get = (path: string, headers: Record<string, string> = {}): LoadRequest => ({ method: 'GET', path, headers, status: 200 });
  const post = (path: string, headers: Record<string, string>, body: object): LoadRequest => ({
    method: 'POST',
    path,
    headers,
    body: JSON.stringify(body),
    status: 201,
  });
  const fhir = { 'x-api-key': keys.fhir! };
  const json = { 'Content-Type': 'application/fhir+json' };
  const readFloor = () => get(`/read/${any(floorIds)}`);
  return [
    { name: 'FHIR read', floor: readFloor, facet: () => get(`/fhir/R4/Patient/${any(patients)}`, fhir) },
    {
      name: 'FHIR search by family, 20 rows',
      floor: () => get(`/search?family=${familyOf(Math.floor(Math.random() * 250))}`),
      facet: () => get(`/fhir/R4/Patient?family=${familyOf(Math.floor(Math.random() * 250))}`, fhir),
    },
    {
      name: 'FHIR create',
      floor: () => post('/create', json, patient(fresh++, `New${fresh}`)),
      facet: () => post('/fhir/R4/Patient', { ...fhir, ...json }, patient(fresh++, `New${fresh}`)),
    },
    {
      name: '/v1 read, no join (Loop patient)',
      floor: readFloor,
      facet: () => get(`/v1/patients/${any(patients)}`, { 'x-api-key': keys.loop! }),
    },
    {
      name: 'FHIR search that fetches the same as the next',
      floor: undefined,
      facet: () => get(`/fhir/R4/Practitioner?_id=${any(practitioners)}&_revinclude=PractitionerRole:practitioner`, fhir),
    },
    {
      name: '/v1 read with its roles (Jump profile)',
      floor: readFloor,
      facet: () => get(`/clinician-profiles/${any(practitioners)}`, { 'x-api-key': keys.jump! }),
    },
    {
      name: '/v1 list, 20 rows (Jump profiles)',
      floor: () => get(`/list?family=${familyOf(Math.floor(Math.random() * 250))}`),
      facet: () => get(`/clinician-profiles?offset=${20 * Math.floor(Math.random() * 20)}`, { 'x-api-key': keys.jump! }),
    },
    {
      name: '/v1 create (Loop patient)',
      floor: () => post('/create', json, patient(fresh++, `New${fresh}`)),
      facet: () =>
        post(
          '/v1/patients',
          { 'x-api-key': keys.loop!, 'Content-Type': 'application/json' },
          {
            brand_id: 'loop',
            first_name: 'Sam',
            last_name: `Bench${fresh++}`,
            email: `sam${fresh}@example.com`,
            date_of_birth: '1990-02-03',
          },
        ),
    },
  ];
}

interface Row {
  name: string;
  clients: number;
  floor: LoadResult | undefined;
  facet: LoadResult;
}

/** Floor and Facet in turn, so that what else the machine does hits both; the median run of each counts. */
async function measure(list: Scenario[], ports: { floor: number; facet: number }): Promise<Row[]> {
  const rows: Row[] = [];
  const seconds = Number(options.seconds);
  for (const { name, floor, facet } of list) {
    for (const clients of options.clients!.split(',').map(Number)) {
      const results: { floor: LoadResult[]; facet: LoadResult[] } = { floor: [], facet: [] };
      if (floor) await load({ port: ports.floor, clients, seconds: 0.5, make: floor });
      await load({ port: ports.facet, clients, seconds: 0.5, make: facet });
      for (let run = 0; run < Number(options.runs); run++) {
        if (floor) results.floor.push(await load({ port: ports.floor, clients, seconds, make: floor }));
        results.facet.push(await load({ port: ports.facet, clients, seconds, make: facet }));
      }
      rows.push({ name, clients, floor: floor && median(results.floor), facet: median(results.facet) });
      console.error(line(rows.at(-1)!));
    }
  }
  return rows;
}

function median(results: LoadResult[]): LoadResult {
  return results.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(results.length / 2)]!;
}

function line({ name, clients, floor, facet }: Row): string {
  const ratio = floor ? (facet.perSecond / floor.perSecond).toFixed(2) : '–';
  const wrong = facet.wrong + (floor?.wrong ?? 0);
  return `| ${name} | ${clients} | ${floor ? Math.round(floor.perSecond) : '–'} | ${Math.round(facet.perSecond)} | ${ratio} | ${facet.p50.toFixed(2)} / ${facet.p95.toFixed(2)} |${wrong ? ` ${wrong} wrong answers |` : ''}`;
}

function report(rows: Row[]): void {
  const head = '| | clients | floor /s | Facet /s | Facet ÷ floor | Facet p50 / p95 ms |\n|---|---|---|---|---|---|';
  const text = `# Benchmarks

\`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores shared by the load, both servers and PostgreSQL; ${PATIENTS} patients, ${PRACTITIONERS} practitioners with a role each;
median of ${options.runs} runs of ${options.seconds} s, floor and Facet in turn. The floor is the same Express and PostgreSQL doing one statement and sending the stored text.
Read the ratios: times of different runs or machines do not compare. Shipped defaults, but for rate limits, which are off.

${head}
${rows.map(line).join('\n')}
`;
  writeFileSync(join(ROOT, 'docs/benchmarks.md'), text);
  console.log(text);
}
