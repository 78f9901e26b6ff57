// The second wall between tenants: the statements of a request run as a role that reaches each table only through a view of one tenant's rows. The views are
// not security barriers, so the plans stay those of the tables. docs/decisions/0050-tenant-walls.md
import type { Database } from './database.ts';

/** The role of requests, which no client can log in as. All databases of a server share it. */
const ROLE = 'facet_request';
const SCHEMA = 'tenant_rows';
/** What requests may do with tables without a tenant. A write of an unregistered type records this in index_rules (src/store/reindexing.ts). */
const COMMON_TABLES = { definition_package: 'select', definition: 'select', index_rules: 'select, insert, update' };
const ROLE_EXISTS = ['42710', '23505'];

/** The commands with which the statements of a transaction see one tenant only. */
export function buildEnterTenant(tenant: number): string {
  if (!Number.isSafeInteger(tenant)) throw new Error('a tenant is a whole number');
  return `set local role ${ROLE}; set local search_path = ${SCHEMA}, public; set local facet.tenant = ${tenant}`;
}

/** Creates the role and the views, and replaces the views of tables that have changed. Safe to run again, and in several processes at once. */
export async function installTenantViews(database: Database): Promise<void> {
  await checkPlace(database);
  await createRole(database);
  await database.transaction(async (transaction) => {
    // One process at a time. The migrations use the same lock.
    await transaction.script('lock table migration in exclusive mode');
    await transaction.script(`create schema if not exists ${SCHEMA}; grant usage on schema ${SCHEMA}, public to ${ROLE}`);
    for (const { name } of await transaction.query<{ name: string }>(OUTDATED)) await transaction.script(buildView(name));
    for (const [name, rights] of Object.entries(COMMON_TABLES)) await transaction.script(`grant ${rights} on ${name} to ${ROLE}`);
  });
  await checkRole(database);
}

/** The tables with a tenant that have no view, or a view of other columns. Requests have nothing to do with the roles for reports. */
const OUTDATED = `with columns as (
    select c.relname, n.nspname, array_agg(a.attname order by a.attnum) filter (where not a.attisdropped) as names
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where n.nspname in ('public', '${SCHEMA}') and c.relkind in ('r', 'p', 'v') and not c.relispartition
    group by c.oid, n.nspname)
  select quote_ident(t.relname) as name from columns t left join columns v on v.nspname = '${SCHEMA}' and v.relname = t.relname
  where t.nspname = 'public' and 'tenant_id' = any(t.names) and t.relname <> 'report_role' and t.names is distinct from v.names order by t.relname`;

/** `nullif`: after a transaction with the setting, the setting is empty and not null. https://www.postgresql.org/docs/current/sql-set.html */
const buildView = (name: string): string => `drop view if exists ${SCHEMA}.${name};
  create view ${SCHEMA}.${name} as select * from public.${name} where tenant_id = nullif(current_setting('facet.tenant', true), '')::int
    with local check option;
  grant select, insert, update, delete on ${SCHEMA}.${name} to ${ROLE}`;

interface Place {
  schema: string;
  distributed: boolean;
}

async function checkPlace(database: Database): Promise<void> {
  const [place] = await database.query<Place>(
    "select current_schema() as schema, exists (select from pg_extension where extname = 'citus') as distributed",
  );
  if (place!.distributed) throw new Error('FACET_RLS=on does not work on Citus, which cannot write through views: remove the setting');
  if (place!.schema !== 'public')
    throw new Error(
      `FACET_RLS=on needs the tables in the schema public, and they are in ${place!.schema}: remove the setting, or move them`,
    );
}

/** Roles belong to the whole database server, so another process may create the role at the same time. */
async function createRole(database: Database): Promise<void> {
  const member = async (): Promise<{ exists: boolean; member: boolean; self: string }> => {
    const [found] = await database.query<{ exists: boolean; member: boolean; self: string }>(MEMBER);
    return found!;
  };
  const before = await member();
  const attempt = async (sql: string): Promise<void> => {
    try {
      await database.script(sql);
    } catch (error) {
      if (!isConflict(error)) throw refusedRole(before.self);
    }
  };
  if (!before.exists) await attempt(`create role ${ROLE} nologin nosuperuser nobypassrls nocreatedb nocreaterole`);
  if (!(await member()).member) await attempt(`do $$ begin execute format('grant ${ROLE} to %I', current_user); end $$`);
  if (!(await member()).member) throw refusedRole(before.self);
}

const MEMBER = `select current_user::text as self, exists (select from pg_roles where rolname = '${ROLE}') as exists,
  coalesce((select pg_has_role(oid, 'member') from pg_roles where rolname = '${ROLE}'), false) as member`;

const isConflict = (error: unknown): boolean => error instanceof Error && 'code' in error && ROLE_EXISTS.includes(String(error.code));

/** It has no cause: the start would explain a missing permission as one for tables. */
const refusedRole = (self: string): Error =>
  new Error(
    `FACET_RLS=on: the database role "${self}" may not create the role ${ROLE}. As an administrator of the database server, run: create role ${ROLE} nologin; grant ${ROLE} to "${self}";`,
  );

/** A role that passes the wall is no wall. */
const PASSES = `select r.rolsuper or r.rolbypassrls or has_table_privilege(r.oid, 'public.resource', 'select') as passes
  from pg_roles r where r.rolname = '${ROLE}'`;

async function checkRole(database: Database): Promise<void> {
  const [role] = await database.query<{ passes: boolean }>(PASSES);
  if (role?.passes !== false)
    throw new Error(
      `FACET_RLS=on: the role ${ROLE} can read the tables themselves: revoke its memberships and its rights on them (alter role ${ROLE} nosuperuser nobypassrls; revoke all on all tables in schema public from ${ROLE}, public;)`,
    );
}
