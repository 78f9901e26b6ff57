// The record of what administrators did to keys and tenants. Each event is stored in the transaction of the change that it describes.
import { v7 } from 'uuid';
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

export interface AdminEvent {
  at: string;
  action:
    | 'key-created'
    | 'key-rotated'
    | 'key-revoked'
    | 'tenant-created'
    | 'tenant-updated'
    | 'tenant-disabled'
    | 'tenant-enabled'
    | 'patient-erased';
  /** Null: the event is about the tenant itself. */
  key: string | null;
  /** The id of the administrator's API key, or `operator` at the command line. */
  actor: string;
  via: 'cli' | 'admin';
}

/** `database`: the transaction of the change. */
export async function recordAdminEvent(database: Database, tenant: number, { at, action, key, actor, via }: AdminEvent): Promise<void> {
  const row = { tenant_id: tenant, at, event_id: v7(), action, key_id: key, actor, via };
  await runQuery(database, queryBuilder('admin_event').insert(row));
}

/** The newest events of a tenant, newest first. */
export const listAdminEvents = (database: Database, tenant: number, limit: number): Promise<AdminEvent[]> =>
  runQuery(
    database,
    queryBuilder('admin_event')
      .select('at', 'action', 'key_id as key', 'actor', 'via')
      .where({ tenant_id: tenant })
      .orderBy([
        { column: 'at', order: 'desc' },
        { column: 'event_id', order: 'desc' },
      ])
      .limit(limit),
  );
