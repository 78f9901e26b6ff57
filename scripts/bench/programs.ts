// The programs that the bench compares, each in a process of its own, on one database.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Program {
  port: number;
  pid: number;
}

export interface Programs {
  floor: Program;
  /** By the number of workers, or `auto`. */
  facets: Map<string, Program>;
  /** The keys of the development tenant `demo`, by API. */
  keys: Record<string, string>;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');
/** Only the first worker reports that it serves. The others have started after this time. */
const FURTHER_WORKERS_MS = 15_000;
/** Vendors' limits would refuse the load. */
const NO_RATE_LIMITS = '{"clinik":null,"jump":null,"loop":null}';

/** Starts the floor, and Facet with each of these numbers of workers. `dataDir`: an empty directory. */
export async function startPrograms(databaseUrl: string, dataDir: string, workers: string[]): Promise<Programs> {
  const children: ChildProcess[] = [];
  const start = (
    file: string,
    args: string[],
    env: Record<string, string>,
    findPort: (line: string) => number | undefined,
  ): Promise<Program> => {
    const program = spawn(process.execPath, [join(ROOT, file), ...args], {
      env: { ...process.env, DATABASE_URL: databaseUrl, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(program);
    return new Promise((resolve, reject) => {
      program.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
      program.stdout.setEncoding('utf8').on('data', (text: string) => {
        for (const port of text.split('\n').map(findPort)) if (port !== undefined) resolve({ port, pid: program.pid! });
      });
    });
  };
  const stop = async (): Promise<void> => {
    const ended = children.map(
      (child) => new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined))),
    );
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(ended);
  };
  try {
    const floor = await start('scripts/bench/floor.ts', [], {}, (line) => (line ? (JSON.parse(line) as { port: number }).port : undefined));
    const settings = { PORT: '0', FACET_DATA_DIR: dataDir, FACET_LOG_LEVEL: 'error', FACET_RATE_LIMITS: NO_RATE_LIMITS };
    const facets = new Map<string, Program>();
    for (const number of workers)
      facets.set(
        number,
        await start('bin/facet.js', ['start', '--workers', number], settings, (line) =>
          line.startsWith('Facet is ready') ? Number(/:(\d+)/.exec(line)![1]) : undefined,
        ),
      );
    if (workers.some((number) => number !== '1')) await delay(FURTHER_WORKERS_MS);
    const { demo } = JSON.parse(readFileSync(join(dataDir, 'dev-keys.json'), 'utf8')) as { demo: Record<string, string> };
    return { floor, facets, keys: demo, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
