-- Versions of all resources in order of time: history of a type and of the whole system, newest first.
create index resource_history_lu on resource_history (tenant_id, lu, pid, ver);
