-- Quantities as they are compared: beside the number as written stands the same in base units (src/fhir/indexing/quantity-scale.ts), so that one row says
-- both, where there was a row per name of the unit. unit_h: the unit's code; label_h: the unit as people read it, where that is another;
-- measure_h: what from_m and to_m are said in, null for a quantity without a coded unit. Rows of an older version have no measure: they are found by
-- number and name of the unit, and not yet by system and code.
alter table sx_number add column if not exists label_h bigint;
alter table sx_number add column if not exists measure_h bigint;
alter table sx_number add column if not exists from_m numeric;
alter table sx_number add column if not exists to_m numeric;
create index if not exists sx_number_measure on sx_number (tenant_id, param, from_m, pid) include (to_m, measure_h, low, high) where from_m is not null;
create index if not exists sx_number_measure_long on sx_number (tenant_id, param, to_m) where long and from_m is not null;

-- long now says: no point. Almost all numbers are points.
update sx_number set long = true where not long and to_n > from_n;
