// Database roles that read one tenant, for reports by SQL. Row-level security holds them (migrations/0035-tenant-policies.sql).
// docs/decisions/0050-tenant-walls.md
import type { Database } from './database/database.ts';

/** The tables without secrets. */
const TABLES = ['tenant', 'resource', 'past_version', 'sx', 'sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite', 'sx_text'];

/** `other tenant`: the role reads another tenant. `not held`: the policies do not hold the role. `no policies`: the database has none (Citus). */
type BindRefusal = 'no such role' | 'not held' | 'other tenant' | 'no policies';

/** `held`: the policies hold the role. They hold no superuser, no role with BYPASSRLS, and no member of a role that owns the tables. */
const STATE = `select exists (select from pg_policy where polrelid = 'resource'::regclass) as protected, to_regrole(quote_ident($1)) is not null as exists,
  coalesce((select not r.rolsuper and not r.rolbypassrls and not exists (
    select from pg_class c where c.relname = any($2::text[]) and pg_has_role(r.oid, c.relowner, 'member')) from pg_roles r where r.rolname = $1), false) as held`;
const BIND = `insert into report_role (role_name, tenant_id) values ($1, $2) on conflict (role_name) do update set role_name = excluded.role_name
  returning tenant_id as tenant`;

/** Lets an existing database role read one tenant. Safe to run again. Returns why the role is refused. */
export function bindReportRole(database: Database, tenant: number, role: string): Promise<BindRefusal | undefined> {
  return database.transaction(async (transaction) => {
    const [state] = await transaction.query<Record<'protected' | 'exists' | 'held', boolean>>(STATE, [role, TABLES]);
    if (!state!.protected) return 'no policies';
    if (!state!.exists) return 'no such role';
    if (!state!.held) return 'not held';
    const [bound] = await transaction.query<{ tenant: number }>(BIND, [role, tenant]);
    if (bound!.tenant !== tenant) return 'other tenant';
    await transaction.script(`grant select on ${TABLES.join(', ')} to ${quoteName(role)}`);
    return undefined;
  });
}

/** Takes the tenant's rows and the tables from a role. Returns false if the role did not read this tenant. */
export function releaseReportRole(database: Database, tenant: number, role: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    const gone = await transaction.query('delete from report_role where role_name = $1 and tenant_id = $2 returning role_name', [
      role,
      tenant,
    ]);
    const [found] = await transaction.query<{ exists: boolean }>('select to_regrole(quote_ident($1)) is not null as exists', [role]);
    if (gone.length && found!.exists) await transaction.script(`revoke select on ${TABLES.join(', ')} from ${quoteName(role)}`);
    return gone.length > 0;
  });
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
