-- Values that belong to one occurrence of an element: composite parameters with a range or a text in them, and positions. key_h: what the occurrence is
-- found by (a hash of its codes); forms: hashes of all that can be asked of it by equality (its codes with their systems, the names of its unit);
-- then what it is: a number as written (from_n, to_n) and as it is measured (from_m, to_m), a date (from_at, to_at) or a folded text (norm).
-- long: the range is no point (numbers), or longer than 24 hours (dates). Rows have few of these columns, and entries in their indexes only.
create table if not exists sx_composite (
  tenant_id int not null, pid bigint not null, param int not null, key_h bigint not null, forms bigint[] not null,
  from_n numeric, to_n numeric, from_m numeric, to_m numeric, from_at timestamptz, to_at timestamptz, norm text collate "C", long boolean not null
);
create index if not exists sx_composite_number on sx_composite (tenant_id, param, key_h, long, from_n) where from_n is not null;
create index if not exists sx_composite_measure on sx_composite (tenant_id, param, key_h, long, from_m) where from_m is not null;
create index if not exists sx_composite_date on sx_composite (tenant_id, param, key_h, long, from_at) where from_at is not null;
create index if not exists sx_composite_norm on sx_composite (tenant_id, param, key_h, norm) where norm is not null;
create index if not exists sx_composite_pid on sx_composite (tenant_id, pid, param);
