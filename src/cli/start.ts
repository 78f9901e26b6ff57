// `facet start`: runs the server until a signal stops it.
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
  const stop = config.underNpm ? Promise.race([signal, waitForParentExit()]) : signal;
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

const PARENT_POLL_MS = 250;

/** Resolves when the parent process has ended: a supervisor that stops npm ends its shell, which passes no signal on. */
function waitForParentExit(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve();
    }, PARENT_POLL_MS).unref();
  });
}
