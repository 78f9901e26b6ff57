-- Administration of keys: who created a key, which key replaced it, when it was used last, and the record of what administrators did.

-- tenant_id 0: a key of the installation's operator, which belongs to no tenant. request_key: the administrator and the Idempotency-Key of the request that
-- created the key. A server of a former release refuses the keys of operators, because no tenant has the number 0.
alter table api_key add column if not exists created_by text collate "C";
alter table api_key add column if not exists replaced_by text collate "C";
alter table api_key add column if not exists last_used_at timestamptz(3);
alter table api_key add column if not exists request_key text collate "C";
create unique index if not exists api_key_request on api_key (tenant_id, request_key);

-- Append only. actor: the id of an API key, or `operator` at the command line. via: cli, or admin (the API below /admin). key_id null: the tenant itself.
create table if not exists admin_event (
  tenant_id int not null,
  at timestamptz(3) not null,
  event_id uuid not null,
  action text collate "C" not null,
  key_id text collate "C",
  actor text collate "C" not null,
  via text collate "C" not null,
  primary key (tenant_id, at, event_id)
);
