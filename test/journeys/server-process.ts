// Starts real Facet processes as an operator does, each with its own data directory, or its own database on PostgreSQL.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { toDatabasePath } from '../../src/store/database/data-directory.ts';
import { emptyServerDatabase, fillDatabaseDirectory, migratedServerDatabase, SERVER_URL } from '../store/open.ts';
import { holdToContract } from './contract.ts';
import { buildEnvironment } from './program-environment.ts';

const FACET = resolve('bin/facet.js');
export type Env = Record<string, string>;
/** The file of development keys: tenant → surface → key. */
export type KeyFile = Record<'demo' | 'other', Record<string, string>>;

/** Where a server keeps its things: `env` says so to the processes that are started with it. */
export interface Place {
  env: Env;
  directory: string;
  keys(): KeyFile;
  remove(): Promise<void>;
}

/** An empty place, for the first start of a server. Remove it when its processes have ended. */
export const emptyPlace = async (): Promise<Place> =>
  buildPlace(SERVER_URL === undefined ? undefined : await emptyServerDatabase(SERVER_URL));

/** A place with an empty, migrated database: its first server starts in half the processor time. Remove it when its processes have ended. */
export async function migratedPlace(): Promise<Place> {
  if (SERVER_URL !== undefined) return buildPlace(await migratedServerDatabase(SERVER_URL));
  const place = buildPlace(undefined);
  const database = toDatabasePath(place.directory);
  mkdirSync(database, { recursive: true, mode: 0o700 });
  await fillDatabaseDirectory(database);
  return place;
}

function buildPlace(server: { url: string; drop(): Promise<void> } | undefined): Place {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'facet-journey-')));
  const directory = join(parent, 'data');
  return {
    directory,
    env: { PORT: '0', FACET_LOG_LEVEL: 'silent', FACET_DATA_DIR: directory, ...(server && { DATABASE_URL: server.url }) },
    keys: () => JSON.parse(readFileSync(join(directory, 'dev-keys.json'), 'utf8')) as KeyFile,
    async remove() {
      await server?.drop();
      rmSync(parent, { recursive: true });
    },
  };
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A server that was started. */
export interface FacetProcess {
  /** What it has printed so far, by line. */
  lines: string[];
  /** The first line that looks like this, when it is there; fails when the process ends without it. */
  waitForLine(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  ended: Promise<Ended>;
  pid: number;
  /** What it has printed to standard error, when it has ended. */
  errors: Promise<string>;
}

const started = new Set<ChildProcess>();

function child(args: string[], env: Env): ChildProcess {
  return spawned(process.execPath, [FACET, ...args], env);
}

function spawned(program: string, args: string[], env: Env, cwd?: string): ChildProcess {
  const options = { env: buildEnvironment(env), ...(cwd !== undefined && { cwd }) };
  const running = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  started.add(running);
  running.once('exit', () => started.delete(running));
  return running;
}

/** Kills what still runs: for `afterAll`, also when a test failed. */
export async function killAll(): Promise<void> {
  const running = [...started];
  for (const one of running) one.kill('SIGKILL');
  await Promise.all(running.map((one) => one.exitCode === null && one.signalCode === null && once(one, 'exit')));
}

/** Starts a server, and does not wait for it. */
export const launch = (env: Env, ...options: string[]): FacetProcess => heard(child(['start', ...options], env));

/** Starts a server as the README does: npm, its shell, and the server below it. What is signalled is npm. */
export const launchByNpm = (env: Env): FacetProcess => heard(spawned('npm', ['start'], env));

/** Starts a server by another command, in a folder of its own: an installed package, the steps of an image. */
export const launchIn = (cwd: string, env: Env, [program = '', ...args]: string[]): FacetProcess => heard(spawned(program, args, env, cwd));

function heard(server: ChildProcess): FacetProcess {
  const lines: string[] = [];
  const printed = createInterface({ input: server.stdout! });
  printed.on('line', (line) => lines.push(line));
  const errors = text(server.stderr!);
  const ended = once(server, 'close').then(([code, signal]) => ({ code, signal }) as Ended);
  const waitForLine = async (pattern: RegExp): Promise<string> => {
    const over = ended.then(async () => Promise.reject(new Error(`it ended without saying ${pattern}: ${await errors}`)));
    over.catch(() => {});
    for (;;) {
      const line = lines.find((line) => pattern.test(line));
      if (line !== undefined) return line;
      await Promise.race([once(printed, 'line'), over]);
    }
  };
  return { lines, waitForLine, ended, errors, pid: server.pid!, signal: (name) => void server.kill(name) };
}

/** Starts a server and waits until it serves; `url`: where it listens, whatever its base URL is said to be. */
export async function startProcess(env: Env, ...options: string[]): Promise<FacetProcess & { url: string }> {
  const server = launch(env, ...options);
  return { ...server, url: await readyUrl(server) };
}

/** Where a server listens, once it serves. */
export const readyUrl = async (server: FacetProcess): Promise<string> =>
  `http://localhost:${/\(port (\d+)/.exec(await server.waitForLine(/^Facet is ready: /))![1]}`;

/** What a command printed and how it ended. */
export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export const facet = (env: Env, ...args: string[]): Promise<Said> => facetReading('', env, ...args);

/** Runs a command to its end. It reads this text from standard input. */
export async function facetReading(input: string, env: Env, ...args: string[]): Promise<Said> {
  const command = child(args, env);
  // a command that does not read its input may end first
  command.stdin!.on('error', () => {}).end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(command.stdout!), text(command.stderr!), once(command, 'close')]);
  return { code: code as number | null, stdout, stderr };
}

/** The lines of a command that works; an error of it stands in the failure. */
export async function printed(env: Env, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await facet(env, ...args);
  expect([args, code, stderr]).toEqual([args, 0, '']);
  return stdout.trimEnd().split('\n');
}

/** What is asked besides the path. `body`: sent as JSON, by POST unless another method is named. */
export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** One call with a key. The answer is held to the server's OpenAPI documents. */
export async function call(url: string, key: string, { headers, body, method = body === undefined ? 'GET' : 'POST' }: Asked = {}) {
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${key}`, ...json, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const sent = await response.text();
  await holdToContract(url, { method, status: response.status, headers: response.headers, body: sent });
  return { status: response.status, headers: response.headers, text: sent, body: sent === '' ? undefined : JSON.parse(sent) };
}
