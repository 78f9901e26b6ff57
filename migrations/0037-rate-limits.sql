-- The current window of each client that a rate limit counts. client: the surface, the length of the window in seconds, and the key, if each key is counted alone.
create table if not exists rate_window (
  tenant_id int not null,
  client text collate "C" not null,
  ends_at timestamptz not null,
  used bigint not null,
  primary key (tenant_id, client)
) with (fillfactor = 50);
