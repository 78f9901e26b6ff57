-- Orders that stand at the laboratory network, each followed until it has come to its end, and what the inbox needs to be worked through.

-- seen: what was last heard of it, as its reader keeps it (JSON text, nothing of the patient). event_id: the newest event applied, never less than before.
-- next_at null: at its end, looked at again only when there is news (wakes counts them, so that news during a look is not lost).
create table placed_order (
  tenant_id int not null,
  order_id text collate "C" not null,
  transaction_id text collate "C",
  request_id text collate "C" not null,
  task_id text collate "C" not null,
  ordered_at timestamptz(3) not null,
  event_id bigint not null default 0,
  seen text not null default '{}',
  wakes int not null default 0,
  attempts int not null default 0,
  next_at timestamptz(3),
  lease_by text collate "C",
  lease_until timestamptz(3),
  last_error text,
  primary key (tenant_id, order_id)
);
-- What the network names is not known to belong to a tenant before it is found.
create index placed_order_id on placed_order (order_id);
create index placed_order_transaction on placed_order (transaction_id);
create index placed_order_request on placed_order (tenant_id, request_id);
create index placed_order_due on placed_order (next_at) where next_at is not null;

-- Orders accepted before this table was there. Their payloads are JSON texts of our own.
insert into placed_order (tenant_id, order_id, transaction_id, request_id, task_id, ordered_at, next_at)
  select tenant_id, payload::json ->> 'orderId', payload::json ->> 'transactionId', substr(subject, strpos(subject, '/') + 1), payload::json ->> 'task',
    coalesce(first_sent_at, created_at), created_at
  from outbox where topic = 'order' and state = 'done' and payload::json ->> 'orderId' is not null
  on conflict do nothing;

-- An order that comes back from the network carries the key it was sent with.
create index outbox_key on outbox (key);

-- type and subject: what an event is about, once its body (raw) has been read and let go.
alter table webhook_inbox add column lease_by text collate "C";
alter table webhook_inbox add column type text collate "C";
alter table webhook_inbox add column subject text collate "C";
create index webhook_inbox_subject on webhook_inbox (subject) where subject is not null;
create index webhook_inbox_received on webhook_inbox (received_at);
