-- The words of narratives (_text) and of whole resources (_content), for FACET_FULLTEXT=on. The table is empty while the setting is off.
-- docs/decisions/0035-full-text-search.md
create table if not exists sx_text (tenant_id int not null, pid bigint not null, param int not null, words tsvector not null);
create index if not exists sx_text_words on sx_text using gin (tenant_id, param, words) with (fastupdate = on, gin_pending_list_limit = 64);
create index if not exists sx_text_pid on sx_text (tenant_id, pid, param);
