// The dependencies of the administration of keys and tenants, which the command line and the API below /admin share. docs/decisions/0046-administration.md
import type { Caller, Context } from '../interactions/context.ts';
import type { Mappings } from '../mapping/shape.ts';
import { type AdminEvent, recordAdminEvent } from '../store/admin-events.ts';
import type { Database } from '../store/database/database.ts';

export interface Administration {
  database: Database;
  /** Surface → the prefix of its development keys (key-surfaces.ts). */
  keyPrefixes: Record<string, string>;
  mappings: Mappings;
  now: () => Date;
  /** Reads resources of a tenant. */
  contextOf(caller: Caller): Context;
  /** Who administers, for the record. */
  by: Pick<AdminEvent, 'actor' | 'via'>;
}

/** Stores the record of an action in the transaction of its change. */
export const record = (
  { now, by }: Administration,
  transaction: Database,
  { tenant, ...event }: Pick<AdminEvent, 'action'> & Partial<Pick<AdminEvent, 'key' | 'role'>> & { tenant: number },
): Promise<void> => recordAdminEvent(transaction, tenant, { at: now().toISOString(), key: null, ...event, ...by });
