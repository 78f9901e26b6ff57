-- What operators are shown of orders, and which life of an id an order belongs to.

-- What happened to an entry of the outbox, in order: its attempts, and what people did with it. The same thing again and again is one row that counts,
-- and only the newest rows of an entry are kept (src/store/queues/outbox-events.ts). Reasons say nothing of a patient.
create table if not exists outbox_event (
  tenant_id int not null,
  entry_id bigint not null,
  nth int not null,
  what text collate "C" not null,
  state text collate "C" not null,
  reason text,
  at timestamptz(3) not null,
  last_at timestamptz(3) not null,
  times int not null default 1,
  primary key (tenant_id, entry_id, nth)
);

-- Entries that have not come to their end: few, counted often.
create index if not exists outbox_open on outbox (state, created_at) where state in ('queued', 'sending', 'unknown', 'parked');
-- All entries in order of time, for lists.
create index if not exists outbox_created on outbox (topic, created_at, id);

-- The version of the request that was ordered. A request that is deleted and made again under its id is another one.
alter table placed_order add column if not exists request_version int;
