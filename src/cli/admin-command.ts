// What a command on the database is: how it travels from the command line to whoever holds the database, and how it is run there.

import type { Caller, Context } from '../interactions/context.ts';
import type { Mappings } from '../mapping/shape.ts';
import type { Database } from '../store/database/database.ts';

/** One command with its options, as it travels from the CLI to whoever holds the database. */
export interface AdminRequest {
  command: string;
  options: Options;
}

export type Options = Record<string, string | undefined>;

/** What commands need to know: which surfaces exist, how their keys begin and what they offer; the time; how resources are written for a tenant. */
export interface AdminFacts {
  keyPrefixes: Record<string, string>;
  mappings: Mappings;
  now: () => Date;
  contextOf(caller: Caller): Context;
}

/** Answers the lines to print. */
export type AdminCommand = (database: Database, options: Options, facts: AdminFacts) => Promise<string[]>;
