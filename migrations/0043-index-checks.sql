-- When a type is checked for resources of a former version, so that all processes together check it once (docs/decisions/0010-index-maintenance.md).
-- checks_from: when a process with these rules last started, or completed a reindex. checked_at: the beginning of the last complete pass through its resources.
alter table index_rules add column checks_from timestamptz(3), add column checked_at timestamptz(3);
-- The beginning of the pass that runs.
alter table index_walk add column began_at timestamptz(3);
