-- How many requests for the insurance of a user may have made a record at the laboratory network. Every row had one when this column was added.
alter table network_insurance add column if not exists requests int not null default 1;
