// `npm run bench`: Facet beside the floor, in one run on one PostgreSQL (BENCH_DATABASE_URL), at one or several sizes of the corpus. Only the ratios mean anything:
// times of different runs do not compare. Writes the first part of docs/benchmarks.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../src/root.ts';
import { Connection, type Load, type LoadRequest, load } from './bench/client.ts';
import { buildCorpus, buildTransactions, type Corpus } from './bench/corpus.ts';
import { between, usedBy } from './bench/cpu.ts';
import { type BenchDatabase, createBenchDatabase, createEmptyDatabase, vacuum } from './bench/databases.ts';
import { profileScenarios } from './bench/profile.ts';
import { type FacetProgram, type FacetToStart, type Program, type Programs, startPrograms } from './bench/programs.ts';
import { buildGrowth, buildLine, buildProfileTable, buildTable, type Measured, type Row, type Size } from './bench/report.ts';
import { buildScenarios, type Scenario } from './bench/scenarios.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1' },
    warmup: { type: 'string', default: '1' },
    runs: { type: 'string', default: '8' },
    resources: { type: 'string', default: '10000,1000000' },
    clients: { type: 'string', default: '1,16' },
    workers: { type: 'string', default: '1' },
    rate: { type: 'string' },
    beside: { type: 'string' },
    profile: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`npm run bench -- [options]: Facet beside the smallest program that could respond (the floor), on PostgreSQL (BENCH_DATABASE_URL, default
postgres://postgres@127.0.0.1:5432/postgres; a database facet_bench_* is created and dropped). Writes the first part of docs/benchmarks.md, unless --only is given.
  --resources N,…  sizes of the corpus (10000,1000000; a million takes about a quarter of an hour to load)
  --clients N,…    clients at once (1,16)
  --workers N,…    workers of Facet: 1,auto compares one process with one on each core; CPU is that of all of them (1)
  --rate N         so many requests per second to each worker, and to the floor, instead of as many as they take. The processor time of one and of
                   several workers then compares: requests rarely wait for a core, and each worker has as many as the one worker has
  --beside DIR     also measures the Facet of another tree whose dependencies are installed, for example the last release. It has a database
                   of its own, which is loaded over HTTP, and one worker. Only with the smallest corpus
  --profile        also writes where the server spends its time, with the smallest corpus
  --seconds N      duration of a run (1)
  --warmup N       seconds of load before the first run, for each worker (1)
  --runs N         runs of each program in turn; the one counts that a quarter of them beat (8)
  --keep           keeps the databases (facet_bench_<resources>), and uses those that an earlier run kept
  --only TEXT      measure only the requests whose name contains the text`);
  process.exit();
}

const SERVER = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const SECONDS = Number(options.seconds);
const RUNS = Number(options.runs);
/** A worker that has had few requests needs twice the processor time for each. */
const WARM_UP_SECONDS = Number(options.warmup);
const RATE = options.rate === undefined ? undefined : Number(options.rate);
const parseNumbers = (text: string): number[] => text.split(',').map(Number);
const SMALLEST = Math.min(...parseNumbers(options.resources));

/** A loaded corpus with its programs, ready to be measured. */
interface Loaded {
  corpus: Corpus;
  database: BenchDatabase;
  programs: Programs;
  size: Size;
  close(): Promise<void>;
}

/** Loads a corpus and starts the programs on it. */
async function loadSize(resources: number): Promise<Loaded> {
  const corpus = buildCorpus(resources);
  const dataDir = mkdtempSync(join(tmpdir(), 'facet-bench-'));
  const name = `facet_bench_${options.keep ? '' : `${process.pid}_`}${resources}`;
  const database = await createBenchDatabase(corpus, { server: SERVER, name, isKept: options.keep, log: (line) => console.error(line) });
  const hasOther = options.beside !== undefined && resources === SMALLEST;
  const other = hasOther ? await createEmptyDatabase(SERVER, `facet_bench_${process.pid}_beside`) : undefined;
  let programs: Programs | undefined;
  const close = async (): Promise<void> => {
    await programs?.stop();
    await database.drop();
    await other?.drop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    programs = await startPrograms(database.url, dataDir, listFacets(database.url, other?.url));
    if (other) await loadOverHttp(programs.facets.at(-1)!, corpus, other.url);
    return { corpus, database, programs, size: { resources, bytes: database.bytes, rows: [], profiles: [] }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The Facet of this tree with each number of workers, and the one of the other tree at the end. */
function listFacets(databaseUrl: string, otherUrl: string | undefined): FacetToStart[] {
  const workers = options.workers.split(',');
  const own = workers.map((number) => ({
    label: workers.length > 1 ? (number === '1' ? '1 worker' : `${number} workers`) : '',
    root: ROOT,
    workers: number,
    databaseUrl,
  }));
  return otherUrl === undefined ? own : [...own, { label: 'the other tree', root: options.beside!, workers: '1', databaseUrl: otherUrl }];
}

async function loadOverHttp({ port, keys }: FacetProgram, corpus: Corpus, databaseUrl: string): Promise<void> {
  const connection = new Connection(port);
  const headers = { 'Content-Type': 'application/fhir+json', 'x-api-key': keys.fhir! };
  for (const bundle of buildTransactions(corpus)) {
    const { status, body } = await connection.send({
      method: 'POST',
      path: '/fhir/R4',
      headers,
      body: JSON.stringify(bundle),
      status: 200,
    });
    if (status !== 200) throw new Error(`the other tree refuses the corpus: ${status} ${body.slice(0, 500)}`);
  }
  connection.close();
  await vacuum(databaseUrl);
}

/** A program on a corpus, with its requests. */
interface Runner {
  program: Program;
  database: BenchDatabase;
  build: () => LoadRequest;
  results: Measured[];
}

/** Measures each request with all corpora. */
async function measureAll(loaded: Loaded[]): Promise<void> {
  const built = loaded.map((one) => ({ ...one, scenarios: one.programs.facets.map(({ keys }) => buildScenarios(one.corpus, keys)) }));
  for (const [at, { name }] of buildScenarios(buildCorpus(SMALLEST), {}).entries())
    for (const clients of name.includes(options.only) ? parseNumbers(options.clients) : []) {
      const measured = built.map(({ size, scenarios, ...on }) => ({
        size,
        ...listRunners(
          scenarios.map((all) => all[at]!),
          on,
        ),
      }));
      await measureInTurn(
        measured.flatMap(({ runners }) => runners),
        clients,
      );
      for (const { size, readRows } of measured)
        for (const row of readRows(clients)) {
          size.rows.push(row);
          console.error(`${size.resources} ${buildLine(row)}`);
        }
    }
}

/** `scenarios`: the scenario with the keys of each Facet. `readRows`: after the measurements, a row for each Facet. */
function listRunners(
  scenarios: Scenario[],
  { database, programs }: Pick<Loaded, 'database' | 'programs'>,
): { runners: Runner[]; readRows(clients: number): Row[] } {
  const { name, floor, isFlat = false } = scenarios[0]!;
  const ofFloor = floor && { program: programs.floor, database, build: floor, results: [] as Measured[] };
  const facets = programs.facets.map((program, at) => ({ program, database, build: scenarios[at]!.facet, results: [] as Measured[] }));
  return {
    runners: [...(ofFloor ? [ofFloor] : []), ...facets],
    readRows: (clients) =>
      facets.map(({ program: { label }, results }) => ({
        name: label ? `${name}, ${label}` : name,
        clients,
        floor: ofFloor && findUpperQuartile(ofFloor.results),
        facet: findUpperQuartile(results),
        isFlat,
      })),
  };
}

/** All programs on all corpora in turn, so that other work of the machine and of its host affects all of them. */
async function measureInTurn(runners: Runner[], clients: number): Promise<void> {
  for (let run = 0; run <= RUNS; run++)
    for (const { results, ...runner } of runners) {
      const { workers } = runner.program;
      if (run === 0) await measureLoad(runner, { clients, seconds: WARM_UP_SECONDS * workers });
      else results.push(await measureLoad(runner, { clients, seconds: SECONDS, rate: RATE && RATE * workers }));
    }
}

/** The run that a quarter of the runs beat: other work of the host only makes runs slower. */
const findUpperQuartile = (results: Measured[]): Measured =>
  results.toSorted((a, b) => b.perSecond - a.perSecond)[Math.floor((results.length - 1) / 4)]!;

async function measureLoad(
  { program: { port, pid, database: name }, database, build }: Omit<Runner, 'results'>,
  { clients, seconds, rate }: Pick<Load, 'clients' | 'seconds' | 'rate'>,
): Promise<Measured> {
  const readUse = () => [usedBy({ pid }), usedBy({ database: name })];
  const [before, walBefore] = [readUse(), await database.readWal()];
  const result = await load({ port, clients, seconds, make: build, rate });
  const requests = result.perSecond * seconds;
  const wal = ((await database.readWal()) - walBefore) / requests;
  const [server, sessions] = readUse().map((after, at) => after && before[at] && between(before[at], after) / requests);
  return { ...result, wal, cpu: server !== undefined && sessions !== undefined ? { server, database: sessions } : undefined };
}

function writeReport(sizes: Size[]): void {
  const text = `# Benchmarks

\`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores shared by the load, both servers and PostgreSQL; ${options.runs} runs of
${options.seconds} s of all programs in turn; of each program the run counts that a quarter of its runs beat. The floor is the same Express and PostgreSQL with one statement that sends the stored text; for the /v1 list, two statements
and the same rows parsed and stringified; for a transaction, one INSERT. The nine requests have codes that cannot be ordered, so nine Tasks are stored too. CPU is milliseconds for each request, server + database. WAL is what the database logs for each request, with the audit.
Read the ratios: times of different runs or machines do not compare. Default settings, but without rate limits.

${[
  ...sizes.map(buildTable),
  buildGrowth(sizes),
  ...sizes
    .map(({ profiles }) => profiles)
    .filter(({ length }) => length)
    .map(buildProfileTable),
]
  .filter(Boolean)
  .join('\n\n')}

Plans of all searches at a million resources: [search-plans.md](search-plans.md).
`;
  console.log(text);
  if (options.only) return;
  const file = join(import.meta.dirname, '../docs/benchmarks.md');
  const others = readFileSync(file, 'utf8').split(/^(?=## What the mapping costs)/m)[1];
  writeFileSync(file, others === undefined ? text : `${text}\n${others}`);
}

async function profile({ corpus, database, programs, size }: Loaded): Promise<void> {
  await programs.stop();
  const [own] = listFacets(database.url, undefined);
  size.profiles = await profileScenarios(corpus, { ...own!, workers: '1' }, options.only);
}

const loaded: Loaded[] = [];
try {
  for (const resources of parseNumbers(options.resources).sort((a, b) => a - b)) loaded.push(await loadSize(resources));
  await measureAll(loaded);
  if (options.profile) await profile(loaded[0]!);
} finally {
  for (const one of loaded) await one.close();
}
writeReport(loaded.map(({ size }) => size));
