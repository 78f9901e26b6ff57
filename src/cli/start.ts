// `facet start`: runs the server until a signal stops it.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';

const HELP = `
Settings come from environment variables: docs/operators-guide.md lists them.

Examples:
  facet start                                              port 3000, embedded database in .facet/
  PORT=8080 DATABASE_URL=postgres://user@host/db facet start
  facet start --watch-mappings                             while you write mappings`;

export function defineStartCommand(facet: Command): void {
  facet
    .command('start')
    .description('start the server; settings come from environment variables')
    .option('--watch-mappings', 'read the mappings again whenever one of their files changes (for development)')
    .addHelpText('after', HELP)
    .action(start);
}

/** A signal during the start takes effect after the start, so that no incomplete database is left. */
async function start({ watchMappings = false }: { watchMappings?: boolean }): Promise<void> {
  const signal = waitForSignal();
  const config = readConfig();
  for (const text of config.deprecations) console.error(`facet: warning: ${text}`);
  const stop = Promise.race([signal, waitForDisconnect(), ...(config.underNpm ? [waitForNpmExit()] : [])]);
  const { startServer } = await import('../main.ts');
  if (watchMappings && config.production) throw new Error('--watch-mappings is for development: restart a production server instead');
  const running = await startServer(config, (line) => console.log(line), { watch: watchMappings });
  await stop;
  await running.close();
  process.exit(0);
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(1);
        isStopping = true;
        resolve();
      });
    }
  });
}

/** Resolves when a parent that has opened a channel to this process has ended: bin/facet.js on an older Node. */
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
