// `facet start`: runs the server until a signal stops it.
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { toMessage } from '../mapping/diagnostics.ts';

const HELP = `
Settings come from environment variables: docs/operators-guide.md lists them.

Examples:
  facet start                                              port 3000, embedded database in .facet/
  PORT=8080 DATABASE_URL=postgres://user@host/db facet start
  facet start --workers auto                               a process on each core, with PostgreSQL
  facet start --watch-mappings                             while you write mappings`;

export function defineStartCommand(facet: Command): void {
  facet
    .command('start')
    .description('start the server; settings come from environment variables')
    .option('--workers <number>', 'processes that serve, or auto: one on each core (FACET_WORKERS; default: auto in production, else 1)')
    .option('--watch-mappings', 'read the mappings again whenever one of their files changes (for development)')
    .addHelpText('after', HELP)
    .action(start);
}

interface StartOptions {
  watchMappings?: boolean;
  workers?: string;
}

/** A signal during the start takes effect after the start, so that no incomplete database is left. */
async function start({ watchMappings: watch = false, workers }: StartOptions): Promise<void> {
  const signal = waitForSignal();
  const config = readConfig(undefined, { workers });
  if (cluster.isWorker) return startWorker(config, { watch, signal });
  for (const text of config.deprecations) console.error(`facet: warning: ${text}`);
  const stop = Promise.race([signal, waitForDisconnect(), ...(config.underNpm ? [waitForNpmExit()] : [])]);
  if (watch && config.production) throw new Error('--watch-mappings is for development: restart a production server instead');
  const running = config.workers > 1 ? await startSeveral(config) : await startOne(config, watch);
  await stop;
  await running.close();
  process.exit(0);
}

/** The server in this process. */
const startOne = async (config: Config, watch: boolean): Promise<{ close(): Promise<void> }> =>
  (await import('../main.ts')).startServer(config, (line) => console.log(line), { watch });

/** This process starts others, each of which runs this command. */
const startSeveral = async (config: Config): Promise<{ close(): Promise<void> }> =>
  (await import('../server/workers/workers.ts')).startWorkers(config);

/** One of several processes. Only the first prints the start message, and only the worker with its number prints later. */
async function startWorker(config: Config, { watch, signal }: { watch: boolean; signal: Promise<void> }): Promise<void> {
  const { receiveRole, report } = await import('../server/workers/role.ts');
  const role = await receiveRole();
  const stop = Promise.race([signal, waitForDisconnect()]);
  let isStarting = true;
  const print = (line: string): void => {
    if (role.number === 1 && !(isStarting && role.port !== undefined)) console.log(line);
  };
  try {
    const running = await (await import('../main.ts')).startServer(config, print, { watch, role });
    isStarting = false;
    await report({ ready: { port: running.port } });
    await stop;
    await running.close();
  } catch (error) {
    await report({ failed: toMessage(error) });
    process.exit(1);
  }
  process.exit(0);
}

/** Resolves at the first signal to stop; a second one ends the process at once, and with it its workers. */
function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        // a worker gets a signal to its process group in addition to that of the primary process
        if (isStopping && cluster.isPrimary) process.exit(1);
        isStopping = true;
        resolve();
      });
    }
  });
}

/** Resolves when a parent that has opened a channel to this process has ended: bin/facet.js on an older Node, or the primary process of a worker. */
const waitForDisconnect = (): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.once('disconnect', resolve);
  });

const PARENT_POLL_MS = 250;

/** Resolves when npm or its shell has ended: a supervisor that stops npm ends the shell, which passes no signal on; a killed npm ends neither. */
function waitForNpmExit(): Promise<void> {
  const ancestors = listAncestors().join();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (listAncestors().join() === ancestors) return;
      clearInterval(timer);
      resolve();
    }, PARENT_POLL_MS).unref();
  });
}

const SHELLS = new Set(['sh', 'dash', 'bash', 'ash', 'zsh']);

/** The parent; on Linux also the parent of a shell. Some shells remain between npm and the program, others are replaced by it. */
function listAncestors(): number[] {
  const { ppid } = process;
  try {
    // number (name) state parent …: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const [, name = '', parent] = /^\d+ \((.*)\) \S (\d+) /s.exec(readFileSync(`/proc/${ppid}/stat`, 'utf8')) ?? [];
    return SHELLS.has(name) ? [ppid, Number(parent)] : [ppid];
  } catch {
    return [ppid];
  }
}
