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

/** The place of an event in the order of the list. */
export type EventPosition = Pick<AdminEvent, 'at' | 'id'>;

/** A part of the events of a tenant. `before`: only older events than this one. */
interface EventPage {
  before?: EventPosition | undefined;
  limit: number;
}

/** Newest first. */
export function listAdminEvents(database: Database, tenant: number, { before, limit }: EventPage): Promise<AdminEvent[]> {
  const events = queryBuilder('admin_event')
    .select('event_id as id', 'at', 'action', 'key_id as key', 'role_name as role', 'actor', 'via')
    .where({ tenant_id: tenant })
    .orderBy([
      { column: 'at', order: 'desc' },
      { column: 'event_id', order: 'desc' },
    ])
    .limit(limit);
  return runQuery(database, before ? events.whereRaw('(at, event_id) < (?, ?)', [before.at, before.id]) : events);
}

/** `id`: a UUID. Undefined: the tenant has no event with this id. */
export async function findAdminEvent(database: Database, tenant: number, id: string): Promise<EventPosition | undefined> {
  const events = queryBuilder('admin_event').select('event_id as id', 'at').where({ tenant_id: tenant, event_id: id });
  return (await runQuery<EventPosition>(database, events))[0];
}
