-- Whether the orders of an account must name a physician: those of a delegated laboratory account must.
alter table lab_account add column if not exists physicians text collate "C" not null default 'optional' check (physicians in ('required', 'optional'));
