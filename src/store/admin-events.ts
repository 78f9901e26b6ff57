// The record of what administrators did to keys and tenants. Each event is stored in the transaction of the change that it describes.
import { v7 } from 'uuid';
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

export interface AdminEvent {
  id: string;
  at: string;
  action:
    | 'key-created'
    | 'key-rotated'
    | 'key-revoked'
    | 'tenant-created'
    | 'tenant-updated'
    | 'tenant-disabled'
    | 'tenant-enabled'
    | 'patient-erased'
    | 'report-role-bound'
    | 'report-role-released';
  /** Null: the event is about no key. */
  key: string | null;
  /** The database role that the event is about, if it is about one. */
  role: string | null;
  /** The id of the administrator's API key, or `operator` at the command line. */
  actor: string;
  via: 'cli' | 'admin';
}

/** `database`: the transaction of the change. */
export async function recordAdminEvent(
  database: Database,
  tenant: number,
  { at, action, key, role = null, actor, via }: Omit<AdminEvent, 'id' | 'role'> & { role?: AdminEvent['role'] },
): Promise<void> {
  const row = { tenant_id: tenant, at, event_id: v7(), action, key_id: key, role_name: role, actor, via };
  await runQuery(database, queryBuilder('admin_event').insert(row));
}

/** A part of the events of a tenant. `before`: the id of an event; only older ones are read. */
interface EventPage {
  before?: string | undefined;
  limit: number;
}

/** Newest first. An id in `before` that is not one of the tenant's events has no older events. */
export function listAdminEvents(database: Database, tenant: number, { before, limit }: EventPage): Promise<AdminEvent[]> {
  const events = queryBuilder('admin_event')
    .select('event_id as id', 'at', 'action', 'key_id as key', 'role_name as role', 'actor', 'via')
    .where({ tenant_id: tenant })
    .orderBy([
      { column: 'at', order: 'desc' },
      { column: 'event_id', order: 'desc' },
    ])
    .limit(limit);
  if (before === undefined) return runQuery(database, events);
  const last = queryBuilder('admin_event').select('at', 'event_id').where({ tenant_id: tenant, event_id: before });
  return runQuery(database, events.whereRaw('(at, event_id) < (?)', [last]));
}

/** Whether a tenant has an event with this id. */
export async function hasAdminEvent(database: Database, tenant: number, id: string): Promise<boolean> {
  const found = await runQuery<object>(database, queryBuilder('admin_event').select('event_id').where({ tenant_id: tenant, event_id: id }));
  return found.length > 0;
}
