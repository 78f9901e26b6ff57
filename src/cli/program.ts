// The command line: `facet start`, and one group of commands per noun. Only the group that is used is loaded.
import { Command } from 'commander';
import { toMessage } from '../mapping/diagnostics.ts';
import { RELEASE } from '../release.ts';
import { runCommand } from './admin-client.ts';
import type { DefineCommands } from './admin-command.ts';
import { mappingCommands } from './mapping-program.ts';
import { defineStartCommand } from './start.ts';

/** Runs the command line; a mistake ends it with one sentence and exit code 1. */
export async function run(args: string[]): Promise<void> {
  try {
    const facet = await buildProgram(args[args[0] === 'help' ? 1 : 0]);
    await facet.parseAsync(withDefaultCommand(args), { from: 'user' });
  } catch (error) {
    console.error(`facet: ${toMessage(error)}`);
    process.exitCode = 1;
  }
}

/** `facet orders` means `facet orders list`. */
const withDefaultCommand = (args: string[]): string[] => (/^(orders|subscriptions)$/.test(args.join(' ')) ? [...args, 'list'] : args);

interface Noun {
  description: string;
  load(): Promise<DefineCommands>;
}

const NOUNS: Record<string, Noun> = {
  tenants: {
    description: 'customers whose data is separate from each other',
    load: async () => (await import('./tenants.ts')).defineTenantCommands,
  },
  keys: {
    description: 'API keys: each opens one API (FHIR or a vendor) for one tenant',
    load: async () => (await import('./keys.ts')).defineKeyCommands,
  },
  accounts: {
    description: 'accounts at the laboratory network, one for a tenant',
    load: async () => (await import('./account-commands.ts')).defineAccountCommands,
  },
  orders: {
    description: 'lab orders and cancellations on their way to the laboratory network',
    load: async () => (await import('./orders.ts')).defineOrderCommands,
  },
  catalogue: {
    description: "the lab tests that a tenant can order by LOINC, by a laboratory's code or by marker",
    load: async () => (await import('./catalogue.ts')).defineCatalogueCommands,
  },
  subscriptions: {
    description: 'FHIR Subscriptions and the delivery of their notifications',
    load: async () => (await import('./subscriptions.ts')).defineSubscriptionCommands,
  },
  profiles: {
    description: 'FHIR packages of profiles, value sets and code systems for validation',
    load: async () => (await import('./profiles.ts')).defineProfileCommands,
  },
  index: {
    description: 'the index that searches use',
    load: async () => (await import('./search-index.ts')).defineIndexCommands,
  },
  audit: {
    description: 'the record of requests: verification and export',
    load: async () => (await import('./audit.ts')).defineAuditCommands,
  },
  erase: {
    description: 'erase a patient for good, with all versions (by default only count)',
    load: async () => (await import('./erase.ts')).defineEraseCommands,
  },
  migrations: {
    description: 'the changes that each version makes to the database',
    load: async () => (await import('./migrations.ts')).defineMigrationCommands,
  },
};

const DATABASE_HELP = `
Uses the database of DATABASE_URL, else the embedded database in FACET_DATA_DIR (default .facet), also while its server runs.`;

/** `noun`: the group whose commands are needed. */
async function buildProgram(noun: string | undefined): Promise<Command> {
  const facet = new Command('facet').description('One FHIR R4 store, many faces.').version(RELEASE.version);
  facet.configureOutput({ outputError: (text, print) => print(text.replace(/^error: /, 'facet: ').replace('\n(', ' (')) });
  facet.addHelpText('after', HELP);
  defineStartCommand(facet);
  for (const [name, { description, load }] of Object.entries(NOUNS)) {
    const group = facet.command(name).description(description).addHelpText('after', DATABASE_HELP);
    if (name === noun) (await load())(group, runCommand);
  }
  mappingCommands(facet.command('mapping'));
  return facet;
}

const HELP = `
Examples:
  facet start                                                 start the server
  facet tenants create springfield                            create a tenant
  facet keys create --tenant springfield --surface fhir       create a key for it
  facet orders                                                list open lab orders
  facet help keys create                                      explain one command`;
