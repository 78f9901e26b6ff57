-- What requests did, in batches that a hash chains. Replaces the table of 0002, which nothing ever wrote. docs/decisions/0051-audit.md

drop table if exists audit_event;

-- Append only. tenant_id 0: requests without a known credential. recorded: the time of the batch, by which the partitions are cut; they are made by the server
-- (src/store/audit-events.ts). event: the facts as JSON, from which the other columns are derived. writer, seq, n: the place in its chain.
create table audit_event (
  tenant_id int not null,
  recorded timestamptz(3) not null,
  id uuid not null,
  writer uuid not null,
  seq int not null,
  n int not null,
  action text collate "C" not null,
  outcome smallint not null,
  subtypes text[] not null,
  actor text collate "C",
  patients text[] not null,
  entities text[] not null,
  event text not null,
  primary key (tenant_id, recorded, id)
) partition by range (recorded);
create index audit_event_id on audit_event (tenant_id, id);
create index audit_event_batch on audit_event (tenant_id, writer, seq);
create index audit_event_patients on audit_event using gin (tenant_id, patients);
create index audit_event_entities on audit_event using gin (tenant_id, entities);

-- One row per batch and tenant. hash: SHA-256 of the hash before it in the chain of this writer and tenant, and the events of the batch.
create table audit_batch (
  tenant_id int not null,
  writer uuid not null,
  seq int not null,
  recorded timestamptz(3) not null,
  count int not null,
  hash text collate "C" not null,
  primary key (tenant_id, writer, seq)
);
