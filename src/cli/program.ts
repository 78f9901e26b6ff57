// The command line: `facet start`, and what operators do with tenants, keys and orders. `--help` of each command teaches it.
// What a command does not need is not loaded: one that asks the running server answers at once.
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { RELEASE } from '../release.ts';
import type { Place } from '../server/ready-database.ts';
import { askHolder, databaseIn, lockDirectory } from '../store/database/data-directory.ts';
import type { AdminRequest } from './admin-command.ts';
import { mappingCommands } from './mapping-program.ts';
import { ordersOf } from './program-orders.ts';
import { subscriptionsOf } from './program-subscriptions.ts';

/** Runs the command line; a mistake ends it with one sentence and exit code 1. */
export async function run(args: string[]): Promise<void> {
  try {
    await program().parseAsync(listed(args), { from: 'user' });
  } catch (error) {
    console.error(`facet: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

/** What is looked at most is shown by the group's name alone. */
const listed = (args: string[]): string[] => (/^(orders|subscriptions)$/.test(args.join(' ')) ? [...args, 'list'] : args);

function program(): Command {
  const facet = new Command('facet').description('One FHIR R4 store, many faces.').version(RELEASE.version);
  facet.configureOutput({ outputError: (text, print) => print(text.replace(/^error: /, 'facet: ').replace('\n(', ' (')) });
  facet
    .command('start')
    .description('start the server (settings come from the environment: docs/operators-guide.md)')
    .option('--watch-mappings', 'read the mappings again whenever one of their files changes (for development)')
    .addHelpText('after', EXAMPLES.start!)
    .action(serve);
  tenantsOf(facet.command('tenants').description('whose data it is').addHelpText('after', WHERE));
  ordersOf(facet.command('orders').description('lab orders on their way out').addHelpText('after', WHERE), admin);
  subscriptionsOf(facet.command('subscriptions').description('who is told of changes').addHelpText('after', WHERE), admin);
  keysOf(facet.command('keys').description('API keys: each opens one surface for one tenant').addHelpText('after', WHERE));
  profilesOf(
    facet
      .command('profiles')
      .description('packages of profiles, value sets and code systems that resources are checked with')
      .addHelpText('after', WHERE),
  );
  indexOf(facet.command('index').description('what searches look in').addHelpText('after', WHERE));
  mappingCommands(facet.command('mapping'));
  return facet;
}

const WHERE = `
Works on the database that DATABASE_URL names, else on the embedded one in FACET_DATA_DIR (default .facet), also while its server runs.`;

const EXAMPLES: Record<string, string> = {
  start: `
Examples:
  facet start                                              port 3000, embedded database in .facet/
  PORT=8080 DATABASE_URL=postgres://user@host/db facet start
  facet start --watch-mappings                             while you write mappings`,
  tenantsCreate: `
Example:
  facet tenants create springfield --name "Springfield Clinic"`,
  indexRun: `
After going back to an older version this makes its search parameters the ones to index by again.`,
  tenantsUpdate: `
Example:
  facet tenants update springfield --brand springfield-clinic`,
  tenantsDisable: `
Example:
  facet tenants disable springfield`,
  keysCreate: `
Examples:
  facet keys create --tenant springfield --surface fhir --scopes system/Patient.rs,system/Observation.cruds
  facet keys create --tenant springfield --surface loop --name "order desk" --expires 2027-01-31
  facet keys create --tenant springfield --surface loop --patient 0190b3c2-0000-7000-8000-000000000001

Scopes:
  read                 read and search resources of every type: system/*.rs
  write                create, update, patch and delete them, and not read them: system/*.cud
  *                    both: system/*.cruds
  admin                ask with _explain=true how the database answers a search; no resource is opened by it
  system/Patient.rs    of one type (* for all) the letters of cruds: create, read, update, delete, search

A key with --patient stands for that person: it opens what is about that person (…/patients/me/…), and nothing else.`,
  keysList: `
Example:
  facet keys list --tenant springfield`,
  profilesAdd: `
Example:
  facet profiles add hl7.fhir.us.core-6.1.0.tgz`,
  profilesRemove: `
Example:
  facet profiles remove hl7.fhir.us.core#6.1.0`,
  keysRevoke: `
Example:
  facet keys revoke key-34b8163b64fc23c3 --tenant springfield`,
};

/** What --brand means. */
const BRAND = 'brand of patients that say none, in the Loop API (default: the name of the tenant)';

function tenantsOf(tenants: Command): void {
  tenants
    .command('create <name>')
    .description('make a tenant; the name is used in commands: lower-case letters, digits, "-"')
    .option('--name <text>', 'what people call it')
    .option('--brand <code>', BRAND)
    .addHelpText('after', EXAMPLES.tenantsCreate!)
    .action((slug: string, options: { name?: string; brand?: string }) => admin('tenants create', { slug, ...options }));
  tenants
    .command('list')
    .description('all tenants, oldest first')
    .action(() => admin('tenants list', {}));
  tenants
    .command('update <name>')
    .description('change what a tenant was made with')
    .requiredOption('--brand <code>', BRAND)
    .addHelpText('after', EXAMPLES.tenantsUpdate!)
    .action((slug: string, options: { brand: string }) => admin('tenants update', { slug, ...options }));
  tenants
    .command('disable <name>')
    .description('its keys open nothing from then on; its data stays')
    .addHelpText('after', EXAMPLES.tenantsDisable!)
    .action((slug: string) => admin('tenants disable', { slug }));
}

function keysOf(keys: Command): void {
  keys
    .command('create')
    .description('make a key and show it, this once')
    .requiredOption('--tenant <name>', 'whose data it opens')
    .requiredOption('--surface <name>', 'which API it opens: fhir, or a vendor (loop, …)')
    .option('--scopes <list>', 'read, write, *, admin or SMART system scopes (system/Patient.rs), by comma', '*')
    .option('--name <text>', 'what it is for')
    .option('--expires <date>', 'when it stops, by UTC (2027-01-31)')
    .option('--patient <id>', 'the person it stands for, by the id that the surface or FHIR shows')
    .addHelpText('after', EXAMPLES.keysCreate!)
    .action((options: Record<string, string>) => admin('keys create', options));
  keys
    .command('list')
    .description('the keys of a tenant, oldest first')
    .requiredOption('--tenant <name>', 'whose keys')
    .addHelpText('after', EXAMPLES.keysList!)
    .action((options: Record<string, string>) => admin('keys list', options));
  keys
    .command('revoke <key>')
    .description('end a key at once, by the id that list shows')
    .requiredOption('--tenant <name>', 'whose key it is')
    .addHelpText('after', EXAMPLES.keysRevoke!)
    .action((key: string, options: Record<string, string>) => admin('keys revoke', { key, ...options }));
}

function profilesOf(profiles: Command): void {
  profiles
    .command('add <path>')
    .description(
      'load a FHIR package for R4: a .tgz in npm form, or the folder it unpacks to; one of the same name and version is replaced',
    )
    .addHelpText('after', EXAMPLES.profilesAdd!)
    .action(addProfiles);
  profiles
    .command('list')
    .description('the packages that are loaded')
    .action(() => admin('profiles list', {}));
  profiles
    .command('remove <package>')
    .description('claims of its profiles are not checked any more; name#version, or the name alone for all versions')
    .addHelpText('after', EXAMPLES.profilesRemove!)
    .action((name: string) => admin('profiles remove', { package: name }));
}

/** The package is read here, and only what is checked with is handed on. */
async function addProfiles(path: string): Promise<void> {
  console.log(`reading ${path} …`);
  const { readPackage } = await import('./package-read.ts');
  const { package: read, unused } = readPackage(path);
  const counts = Map.groupBy(read.definitions, ({ kind }) => kind);
  const said = [...counts].map(([kind, list]) => `${list.length} ${kind}s`).join(', ');
  console.log(`${read.name}#${read.version}: ${said}${unused ? `; ${unusedText(unused)}` : ''}`);
  await admin('profiles add', { package: JSON.stringify(read) });
}

const unusedText = (unused: number): string =>
  unused === 1 ? '1 resource of another kind is not used' : `${unused} resources of other kinds are not used`;

function indexOf(index: Command): void {
  index
    .command('status')
    .description('whether all resources are indexed by the search parameters of this version, and how far that has come')
    .action(() => admin('index status', {}));
  index
    .command('run')
    .description('index again what is not, now and at full speed (a server does it by itself, at half)')
    .addHelpText('after', EXAMPLES.indexRun!)
    .action(() => admin('index run', {}));
}

/** A signal while it is still starting waits for that: a database half made is not left behind. */
async function serve({ watchMappings = false }: { watchMappings?: boolean }): Promise<void> {
  const signal = signalled();
  const config = readConfig();
  const told = config.underNpm ? Promise.race([signal, orphaned()]) : signal;
  const { start } = await import('../main.ts');
  if (watchMappings && config.production) throw new Error('--watch-mappings is for development: a server in production is started anew');
  const running = await start(config, (line) => console.log(line), { watch: watchMappings });
  await told;
  await running.close();
  process.exit(0);
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let before = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (before) process.exit(1);
        before = true;
        resolve();
      });
    }
  });
}

const ORPHAN_LOOK_MS = 250;

/** Resolves when the process that started this one is gone: a supervisor that stops npm ends npm's shell, which tells nobody. */
function orphaned(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve();
    }, ORPHAN_LOOK_MS).unref();
  });
}

/** Runs a command on the database, or asks the server that holds the embedded one. */
async function admin(command: string, options: AdminRequest['options']): Promise<void> {
  const config = readConfig();
  const request = { command, options };
  const lines =
    config.databaseUrl === undefined ? await embedded(config.dataDir, request) : await direct({ url: config.databaseUrl }, request);
  for (const line of lines) console.log(line);
}

/** What may be done before the first start; what only looks makes no database, for the folder may be misspelt. */
const BEGINS = new Set(['tenants create', 'profiles add']);

async function embedded(directory: string, request: AdminRequest): Promise<string[]> {
  const answered = await askHolder(directory, request);
  if (answered !== undefined) return answered as string[];
  if (!BEGINS.has(request.command) && !existsSync(databaseIn(directory)))
    throw new Error(
      `there is no database in ${directory}: a first start makes one; FACET_DATA_DIR names another folder, DATABASE_URL a PostgreSQL`,
    );
  const lock = await lockDirectory(directory);
  try {
    return await direct({ embedded: lock }, request);
  } finally {
    await lock.release();
  }
}

async function direct(place: Place, request: AdminRequest): Promise<string[]> {
  const [{ administer }, { adminFacts }, { readyDatabase }] = await Promise.all([
    import('./admin.ts'),
    import('./admin-facts.ts'),
    import('../server/ready-database.ts'),
  ]);
  const database = await readyDatabase(place);
  try {
    return await administer(database, request, await adminFacts(database, readConfig()));
  } finally {
    await database.close();
  }
}
