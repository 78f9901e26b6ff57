-- Distributes the tables of the migrations by tenant, for Citus (13 or later). Not a migration: run it by hand, on the coordinator, after the server has
-- started once (psql -f), and start the server again, which then finds Citus by itself. Tables may be empty or filled: their rows move to the workers.
-- It distributes what is not distributed yet, so that it may be run again, also after it was interrupted. A server that brings a distributed database up to
-- date runs it in the transaction of the migration: tables that are new are distributed too. A migration that makes a table needs a line here.
--
-- What differs then: api_key, admin_event, tenant, lab_account, setting, the definitions, index_rules and index_walk are whole on every node. Claiming from the outbox asks
-- all shards (a lease is a predicate, which works across them; SKIP LOCKED would not), so that their number counts: citus.shard_count, 32 where it is not set before.
-- 'report_role' stays on the coordinator: a database on Citus has no policies that read it. 'rate_window' stays there too: its rows are few, short-lived and written by one statement without waiting for the disk.
create extension if not exists citus;
-- In the transaction of a migration this is set already: there it must end with the transaction.
select set_config('citus.multi_shard_modify_mode', 'sequential', current_setting('citus.multi_shard_modify_mode') = 'sequential');

select create_reference_table(name::regclass)
from unnest(array['tenant', 'lab_account', 'api_key', 'admin_event', 'setting', 'definition_package', 'definition', 'index_rules', 'index_walk']) as name
where to_regclass(name) is not null and not exists (select from pg_dist_partition where logicalrelid = to_regclass(name));

select create_distributed_table('resource', 'tenant_id')
where not exists (select from pg_dist_partition where logicalrelid = to_regclass('resource'));
select create_distributed_table(name::regclass, 'tenant_id', colocate_with => 'resource')
from unnest(array[
  'past_version', 'sx', 'sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite', 'sx_text',
  'lock_row', 'idempotency_key', 'outbox', 'outbox_event', 'placed_order', 'webhook_inbox', 'audit_event', 'audit_batch', 'audit_dropped',
  'subscription', 'subscription_change', 'notification', 'network_insurance', 'token_actor', 'used_token'
]) as name
where to_regclass(name) is not null and not exists (select from pg_dist_partition where logicalrelid = to_regclass(name));

-- The rows that were copied to the shards are removed from the coordinator's own tables, where nobody reads them.
select truncate_local_data_after_distributing_table(logicalrelid) from pg_dist_partition where partmethod in ('h', 'n');

-- A tenant that outgrows its shard gets one of its own:
--   select isolate_tenant_to_new_shard('resource', <tenant_id>, 'CASCADE');
-- then citus_move_shard_placement or citus_rebalance_start.
