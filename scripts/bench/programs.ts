// The programs that the bench compares, each in a process of its own. They share one database, except a Facet of another tree: its tables are its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../../src/root.ts';
import { buildEnvironment } from '../../test/journeys/program-environment.ts';

export interface Program {
  port: number;
  pid: number;
  /** The name of its database. */
  database: string;
  /** The number of its processes that serve requests. */
  workers: number;
}

export interface FacetProgram extends Program {
  /** What the report calls it. */
  label: string;
  /** The keys of the development tenant `demo`, by API. */
  keys: Record<string, string>;
}

/** A Facet to start. `root`: the directory of its tree. `workers`: a number, or `auto`. */
export interface FacetToStart {
  label: string;
  root: string;
  workers: string;
  databaseUrl: string;
  nodeOptions?: string[];
}

export interface Programs {
  floor: Program;
  facets: FacetProgram[];
  stop(): Promise<void>;
}

/** Only the first worker reports that it serves. The others have started after this time. */
const FURTHER_WORKERS_MS = 15_000;
/** Vendors' limits would refuse the load. */
const NO_RATE_LIMITS = '{"clinik":null,"jump":null,"loop":null}';

interface Starting {
  /** The options of Node, the file, and its arguments. */
  command: string[];
  databaseUrl: string;
  env?: Record<string, string>;
  /** The port, once a line of its output has it. */
  findPort(line: string): number | undefined;
}

/** Starts the floor on a database, and each Facet. `dataDir`: an empty directory. */
export async function startPrograms(databaseUrl: string, dataDir: string, facets: FacetToStart[]): Promise<Programs> {
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    const ended = children.map(
      (child) =>
        new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(undefined))),
    );
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(ended);
  };
  try {
    const findPort = (line: string) => (line ? (JSON.parse(line) as { port: number }).port : undefined);
    const floor = await startProgram(children, { command: [join(ROOT, 'scripts/bench/floor.ts')], databaseUrl, findPort });
    const started: FacetProgram[] = [];
    for (const [at, facet] of facets.entries()) started.push(await startFacet(children, facet, join(dataDir, String(at))));
    if (facets.some(({ workers }) => workers !== '1')) await delay(FURTHER_WORKERS_MS);
    return { floor, facets: started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startFacet(
  children: ChildProcess[],
  { label, root, workers, databaseUrl, nodeOptions = [] }: FacetToStart,
  dataDir: string,
): Promise<FacetProgram> {
  mkdirSync(dataDir);
  const program = await startProgram(children, {
    command: [...nodeOptions, join(root, 'bin/facet.js'), 'start'],
    databaseUrl,
    env: { PORT: '0', FACET_WORKERS: workers, FACET_DATA_DIR: dataDir, FACET_LOG_LEVEL: 'error', FACET_RATE_LIMITS: NO_RATE_LIMITS },
    findPort: (line) => (line.startsWith('Facet is ready') ? Number(/:(\d+)/.exec(line)![1]) : undefined),
  });
  const { demo } = JSON.parse(readFileSync(join(dataDir, 'dev-keys.json'), 'utf8')) as { demo: Record<string, string> };
  return { ...program, label, workers: workers === 'auto' ? availableParallelism() : Number(workers), keys: demo };
}

function startProgram(children: ChildProcess[], { command, databaseUrl, env, findPort }: Starting): Promise<Program> {
  const program = spawn(process.execPath, command, {
    env: buildEnvironment({ DATABASE_URL: databaseUrl, ...env }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(program);
  return new Promise((resolve, reject) => {
    program.once('exit', (code) => reject(new Error(`${command.join(' ')} ended with ${code}`)));
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const port of text.split('\n').map(findPort))
        if (port !== undefined) resolve({ port, pid: program.pid!, database: new URL(databaseUrl).pathname.slice(1), workers: 1 });
    });
  });
}
