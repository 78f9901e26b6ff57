-- The database role that an event is about (report-role-bound, report-role-released). Null: another kind of event.
alter table admin_event add column if not exists role_name text collate "C";
