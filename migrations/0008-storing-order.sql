-- Resources of a type in the order in which they were stored: the order of a search that asks for none.
create index sx_stored on sx (tenant_id, rtype, pid);
