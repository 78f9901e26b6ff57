-- What FACET_AUDIT_RETENTION has deleted of each chain of audit batches: all of its batches up to seq, with the last hash, on which the rest of the chain builds.
-- docs/decisions/0051-audit.md

-- recorded: the time of the last deleted batch. batches, events: the number of those that this deletion removed. month: the partition (2026-11).
create table if not exists audit_dropped (
  tenant_id int not null,
  writer uuid not null,
  seq int not null,
  recorded timestamptz(3) not null,
  hash text collate "C" not null,
  batches int not null,
  events int not null,
  month text collate "C" not null,
  dropped_at timestamptz(3) not null,
  primary key (tenant_id, writer, seq)
);
