// The types of operators' commands: the name and options that the command line sends to the process with the open database, and the operation that runs there.
import type { Command } from 'commander';
import type { Administration } from '../administration/administration.ts';
import { type Caller, type Context, OPERATOR } from '../interactions/context.ts';
import type { Mappings } from '../mapping/shape.ts';
import type { SecretBox } from '../orders/accounts/secrets.ts';
import type { SyncCatalogue } from '../server/lab-network.ts';
import type { Database } from '../store/database/database.ts';

/** One command with its options, as JSON. */
export interface AdminRequest {
  command: string;
  options: Options;
}

export type Options = Record<string, string | undefined>;

/** Sends a command to the process that has the database open, and prints the result. `print`: receives the lines instead of standard output. */
export type RunCommand = (command: string, options: Options, print?: CommandOutput['print']) => Promise<void>;

/** Where a command writes while it runs. */
export interface CommandOutput {
  /** Writes a line of the result. Resolves when there is room for the next one. */
  print(line: string): Promise<void>;
  /** Reports the progress of long work to the person who waits. */
  progress(text: string): void;
}

/** What a running server sends of the output of a command. */
export interface CommandPart {
  line?: string;
  progress?: string;
}

/** Adds the commands of one noun (`tenants`, `keys` …) with their help. */
export type DefineCommands = (noun: Command, run: RunCommand) => void;

/** What commands need of the server: its surfaces with the prefixes of their keys, the time, and how resources are written for a tenant. */
export interface AdminContext extends CommandOutput {
  keyPrefixes: Record<string, string>;
  mappings: Mappings;
  now: () => Date;
  /** Encrypts and decrypts the secrets of lab accounts. */
  secrets: SecretBox;
  /** The account of the environment serves only an only tenant. */
  isEnvironmentExclusive: boolean;
  contextOf(caller: Caller): Context;
  syncCatalogue: SyncCatalogue;
}

/** Runs a command; returns the last lines to print. */
export type AdminOperation = (database: Database, options: Options, context: AdminContext) => Promise<string[]>;

/** A mistake of the operator. The message is one sentence that includes the remedy. */
export class AdminError extends Error {}

/** The administration of keys and tenants by this command. */
export const toAdministration = (database: Database, { keyPrefixes, mappings, now, contextOf }: AdminContext): Administration => ({
  database,
  keyPrefixes,
  mappings,
  now,
  contextOf,
  by: { actor: OPERATOR, via: 'cli' },
});
