// Several Facet servers on one fresh PostgreSQL database, some of which may be killed and started again on the same port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { buildEnvironment } from '../../test/journeys/program-environment.ts';

export interface Servers {
  key: string;
  /** Tenant → surface → key. */
  keys: Record<'demo' | 'other', Record<'fhir' | 'loop', string>>;
  /** Of their database. */
  url: string;
  /** FHIR base URLs. */
  bases(): string[];
  /** The process ids of those that run. */
  pids(): number[];
  /** Kills one of them so many times, a second or so apart, and starts it again. */
  kill(times: number): Promise<void>;
  /** Stops one of them by a signal and starts it again on its port. Returns the exit code or the signal that ended it. */
  restart(at: number, signal: NodeJS.Signals): Promise<string>;
  stop(): Promise<void>;
}

interface Server {
  port: string;
  process: ChildProcess;
}

const ADMIN_URL = process.env.BENCH_DATABASE_URL ?? process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
export const FACET = join(import.meta.dirname, '../../bin/facet.js');

/** Starts them, with these settings besides. `adminUrl`: the PostgreSQL. Stop them, also when something fails. */
export async function startServers(count: number, settings: Record<string, string> = {}, adminUrl = ADMIN_URL): Promise<Servers> {
  const name = `facet_histories_${process.pid}`;
  const admin = (sql: string): Promise<void> => runStatement(adminUrl, sql);
  await admin(`create database ${name}`);
  const directory = mkdtempSync(join(tmpdir(), 'facet-histories-'));
  const url = Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
  const env = buildEnvironment({ DATABASE_URL: url, FACET_DATA_DIR: directory, FACET_LOG_LEVEL: 'error', ...settings });
  const servers: Server[] = [];
  for (let n = 0; n < count; n++) servers.push(await start(env, '0'));
  const keys = JSON.parse(readFileSync(join(directory, 'dev-keys.json'), 'utf8')) as Servers['keys'];
  return {
    key: keys.demo.fhir,
    keys,
    url,
    bases: () => servers.map(({ port }) => `http://localhost:${port}/fhir/R4`),
    pids: () => servers.filter(({ process }) => isRunning(process)).map(({ process }) => process.pid!),
    async kill(times) {
      for (let n = 0; n < times; n++) {
        await delay(500 + Math.random() * 1000);
        const at = Math.floor(Math.random() * count);
        await ended(servers[at]!, 'SIGKILL');
        servers[at] = await start(env, servers[at]!.port);
      }
    },
    async restart(at, signal) {
      const stopped = servers[at]!;
      await ended(stopped, signal);
      servers[at] = await start(env, stopped.port);
      return String(stopped.process.exitCode ?? stopped.process.signalCode);
    },
    async stop() {
      await Promise.all(servers.map((server) => ended(server, 'SIGTERM')));
      rmSync(directory, { recursive: true });
      await admin(`drop database ${name} with (force)`);
    },
  };
}

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

async function ended({ process }: Server, signal: NodeJS.Signals): Promise<void> {
  if (!isRunning(process)) return;
  process.kill(signal);
  await once(process, 'exit');
}

async function start(env: NodeJS.ProcessEnv, port: string): Promise<Server> {
  const server = spawn(process.execPath, [FACET, 'start'], { env: { ...env, PORT: port }, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    const ready = /^Facet is ready: .*\(port (\d+)/.exec(line);
    if (!ready) continue;
    // what it logs later is dropped: a full pipe would stop the server
    server.stdout.resume();
    return { port: ready[1]!, process: server };
  }
  throw new Error('a server ended before it was ready');
}

async function runStatement(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
