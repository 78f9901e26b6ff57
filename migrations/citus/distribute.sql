-- Distributes the tables of the migrations by tenant, for Citus (13 or later). Not a migration: run it once, by hand, on the coordinator, after the
-- server has started once. Tables may be empty or filled. The server itself needs nothing else: it names the tenant in every statement.
--
-- What differs then: api_key, tenant, setting, the definitions, index_rules and index_walk are whole on every node; claiming from the outbox asks all shards (a lease is a predicate, which
-- works across them; SKIP LOCKED would not). Migrations that come later and make tables need a line here.
create extension if not exists citus;
set citus.shard_count = 32;
set citus.multi_shard_modify_mode = 'sequential';

select create_reference_table(name::regclass) from unnest(array['tenant', 'api_key', 'setting', 'definition_package', 'definition', 'index_rules', 'index_walk']) as name;

select create_distributed_table('resource', 'tenant_id');
select create_distributed_table(name::regclass, 'tenant_id', colocate_with => 'resource')
from unnest(array[
  'resource_history', 'sx', 'sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite',
  'lock_row', 'idempotency_key', 'outbox', 'outbox_event', 'placed_order', 'webhook_inbox', 'audit_event',
  'subscription', 'subscription_change', 'notification'
]) as name;

-- A tenant that outgrows its shard gets one of its own:
--   select isolate_tenant_to_new_shard('resource', <tenant_id>, 'CASCADE');
-- then citus_move_shard_placement or citus_rebalance_start.
