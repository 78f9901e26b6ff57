-- When a type is to be checked for resources of a former version, in the order of time, so that all processes together make each check once
-- (docs/decisions/0010-index-maintenance.md).
alter table index_rules add column checks timestamptz(3)[] not null default '{}';
-- The beginning of the pass that runs.
alter table index_walk add column began_at timestamptz(3);
