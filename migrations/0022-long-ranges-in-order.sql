-- Long ranges in the order in which they begin: a search that asks for a period and sorts by its beginning reads those that began before the period from here
-- (docs/decisions/2026-11-23-bounds-on-the-sort-value.md). Few rows are long.
create index if not exists sx_date_long_order on sx_date (tenant_id, param, from_at, pid) include (to_at, low, high, lone) where long;
create index if not exists sx_number_long_order on sx_number (tenant_id, param, from_n, pid) include (to_n, low, high, lone) where long;
create index if not exists sx_number_measure_long_order on sx_number (tenant_id, param, from_m, pid) include (to_m, low, high, lone)
  where long and from_m is not null;
