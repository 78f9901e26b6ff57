// What a command on the database is: its name and options, as they travel from the command line to the process that has the database open, and what runs it there.
import type { Command } from 'commander';
import type { Caller, Context } from '../interactions/context.ts';
import type { Mappings } from '../mapping/shape.ts';
import type { Database } from '../store/database/database.ts';

/** One command with its options, as JSON. */
export interface AdminRequest {
  command: string;
  options: Options;
}

export type Options = Record<string, string | undefined>;

/** Sends a command to the process that has the database open, and prints its answer. */
export type RunCommand = (command: string, options: Options) => Promise<void>;

/** Adds the commands of one noun (`tenants`, `keys` …) with their help. */
export type DefineCommands = (noun: Command, run: RunCommand) => void;

/** What commands need of the server: its surfaces with the prefixes of their keys, the time, and how resources are written for a tenant. */
export interface AdminContext {
  keyPrefixes: Record<string, string>;
  mappings: Mappings;
  now: () => Date;
  contextOf(caller: Caller): Context;
}

/** Runs a command; answers the lines to print. */
export type AdminOperation = (database: Database, options: Options, context: AdminContext) => Promise<string[]>;

/** A mistake of the operator: one sentence with the remedy in it. */
export class AdminError extends Error {}
