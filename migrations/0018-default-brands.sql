-- The brand that stands for what has none, where a vendor's API parts a tenant's patients by brand. Null: the tenant's own name
-- (docs/decisions/2026-11-23-default-brands.md).
alter table tenant add column if not exists brand text collate "C";
