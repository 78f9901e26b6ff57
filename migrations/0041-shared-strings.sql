-- A text that several parameters of a resource have is one row (docs/decisions/0058-fewer-index-entries.md). shared: three bits for each parameter that has the
-- row in common with `param`: it has the text, its least, its greatest. spelling: the hash of the text as written, for :exact; null: a part of a text.
-- Processes of the version before write rows without both: they refuse searches by strings as soon as this version has registered its index rules.
alter table sx_string add column if not exists shared int not null default 0;
alter table sx_string add column if not exists spelling int;
