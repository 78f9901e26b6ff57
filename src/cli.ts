// The command line: `facet start`, and what operators do with tenants and keys. `--help` of each command teaches it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type AdminRequest, administer } from './admin.ts';
import { readConfig } from './config.ts';
import { load } from './loaded.ts';
import { start } from './main.ts';
import { askHolder, lockDirectory } from './store/data-directory.ts';
import { openDatabase } from './store/database.ts';
import { migrate } from './store/migrations.ts';

/** Runs the command line; a mistake ends it with one sentence and exit code 1. */
export async function run(args: string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: 'user' });
  } catch (error) {
    console.error(`facet: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function program(): Command {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string };
  const facet = new Command('facet').description('One FHIR R4 store, many faces.').version(version);
  facet.command('start').description('start the server (settings come from the environment, see the README)').action(serve);
  const tenants = facet.command('tenants').description('whose data it is');
  tenants
    .command('create <name>')
    .description('make a tenant; the name is used in commands: lower-case letters, digits, "-"')
    .option('--name <text>', 'what people call it')
    .action((slug: string, options: { name?: string }) => admin('tenants create', { slug, ...options }));
  tenants
    .command('list')
    .description('all tenants')
    .action(() => admin('tenants list', {}));
  tenants
    .command('disable <name>')
    .description('its keys open nothing from then on')
    .action((slug: string) => admin('tenants disable', { slug }));
  const keys = facet.command('keys').description('API keys: each opens one surface for one tenant');
  keys
    .command('create')
    .description('make a key and show it, this once')
    .requiredOption('--tenant <name>', 'whose data it opens')
    .requiredOption('--surface <name>', 'which API it opens: fhir, or a vendor')
    .option('--scopes <list>', 'read, write, * or SMART system scopes (system/Patient.rs), by comma', '*')
    .option('--name <text>', 'what it is for')
    .option('--expires <date>', 'when it stops (2027-01-31)')
    .action((options: Record<string, string>) => admin('keys create', options));
  keys
    .command('list')
    .description('the keys of a tenant')
    .requiredOption('--tenant <name>')
    .action((options: Record<string, string>) => admin('keys list', options));
  keys
    .command('revoke <key>')
    .description('end a key at once, by the id that list shows')
    .requiredOption('--tenant <name>')
    .action((key: string, options: Record<string, string>) => admin('keys revoke', { key, ...options }));
  return facet;
}

async function serve(): Promise<void> {
  const running = await start(readConfig(), (line) => console.log(line));
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void running.close().then(() => process.exit(0));
    });
  }
}

/** Runs a command on the database, or asks the server that holds the embedded one. */
async function admin(command: string, options: AdminRequest['options']): Promise<void> {
  const config = readConfig();
  const request = { command, options };
  const lines =
    config.databaseUrl === undefined ? await embedded(config.dataDir, request) : await direct({ url: config.databaseUrl }, request);
  for (const line of lines) console.log(line);
}

async function embedded(directory: string, request: AdminRequest): Promise<string[]> {
  const answered = await askHolder(directory, request);
  if (answered !== undefined) return answered as string[];
  const lock = await lockDirectory(directory);
  try {
    return await direct({ embedded: lock }, request);
  } finally {
    await lock.release();
  }
}

async function direct(options: Parameters<typeof openDatabase>[0], request: AdminRequest): Promise<string[]> {
  const database = await openDatabase(options);
  try {
    await migrate(database, new Date().toISOString());
    return await administer(database, request, { keyPrefixes: load().keyPrefixes, now: () => new Date() });
  } finally {
    await database.close();
  }
}
