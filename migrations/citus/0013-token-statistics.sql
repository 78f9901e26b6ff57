-- In place of migrations/0013 where the tables are distributed already: Citus does not hand this command on to the shards.
set local citus.enable_ddl_propagation = off;
alter table sx alter column tok set statistics 1000;
set local citus.enable_ddl_propagation = on;
select run_command_on_shards('sx', 'alter table %s alter column tok set statistics 1000');
