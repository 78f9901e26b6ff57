-- Row-level security on every table with a tenant, for clients of the database other than the server: reports, psql. docs/decisions/0050-tenant-walls.md
-- The owner of the tables is not held by the policies: the server, and its background work over all tenants. Citus databases have no policies.

-- The database roles that read one tenant (facet tenants report-role). A role without a row reads nothing.
create table if not exists report_role (role_name text collate "C" primary key, tenant_id int not null);

do $$
begin
  -- Runs as the owner, because the roles cannot read report_role. pg_temp is last, so that no temporary table takes its place.
  execute format($function$
    create or replace function report_tenant(of_role name) returns int language sql stable parallel safe security definer
    set search_path = %1$I, pg_temp as 'select tenant_id from %1$I.report_role where role_name = of_role::text'
  $function$, current_schema());
end $$;

-- Protects the tables with a tenant that have no policy yet. Every later migration ends with a call (src/store/database/migrations.ts).
create or replace procedure protect_tenant_tables() language plpgsql as $$
declare
  unprotected record;
begin
  if exists (select from pg_extension where extname = 'citus') then
    return;
  end if;
  for unprotected in
    select c.oid::regclass as name from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relnamespace = (select relnamespace from pg_class where oid = to_regclass('resource')) and c.relkind in ('r', 'p') and not c.relispartition
      and not (c.relrowsecurity and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant_rows'))
  loop
    execute format('alter table %s enable row level security', unprotected.name);
    execute format('drop policy if exists tenant_rows on %s', unprotected.name);
    execute format('create policy tenant_rows on %s using (tenant_id = report_tenant(current_user))', unprotected.name);
  end loop;
end $$;

call protect_tenant_tables();
