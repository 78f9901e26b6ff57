// The statement that writes many changes of all kinds. Its text is always the same. Each change has its index rows as JSON, so that no part of the statement
// joins all changes with all index rows.

import { buildInsertTarget, buildSelectList, INDEX_TABLES, type IndexTable, listInputColumns, toTableRows } from './index-tables.ts';
import type { ResourceChange } from './resource-change.ts';
import { CHANGE_COLUMNS, findColumnType, readColumnValue } from './resource-change.ts';

const NAMES = [...CHANGE_COLUMNS, ...INDEX_TABLES];
const ARRAYS = [...CHANGE_COLUMNS.map(findColumnType), ...INDEX_TABLES.map(() => 'text')].map((type, at) => `$${at + 2}::${type}[]`);

/** Deletes the index rows of `changed` and inserts those of `done` (pid, and a JSON text per table). */
export const buildTableReplacement = (table: IndexTable): string => `${table}_old as (
  delete from ${table} x using changed g where x.tenant_id = $1 and x.pid = g.pid),
${table}_new as (
  insert into ${buildInsertTarget(table)} select $1, g.pid, ${buildSelectList(table)}
  from done g, json_to_recordset(g.${table}::json) as s(${listInputColumns(table)
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ')}))`;

/**
 * All parts depend on `done`, as in the statement for one change (write-one.ts). The statement returns one row, `applied`: the number of applied changes. The
 * types with active subscriptions are read once, not for each change, because Citus refuses a subquery that refers to a row of a CTE.
 */
const SQL = `with given as (
  select * from unnest(${ARRAYS.join(', ')}) as g(${NAMES.join(', ')})),
made as (
  insert into resource (tenant_id, rtype, id, ver, lu, created, body, rules)
  select $1, rtype, id, ver, lu, lu, body, coalesce(rules, 0) from given where previous is null
  on conflict (tenant_id, rtype, id) do nothing
  returning pid, rtype, id),
changed as (
  update resource r set ver = g.ver, lu = g.lu, body = g.body, rules = coalesce(g.rules, r.rules) from given g
  where r.tenant_id = $1 and r.rtype = g.rtype and r.id = g.id and r.ver = g.previous and r.rules = g.previous_rules
  returning r.pid, g.*),
done as (
  select made.pid, g.* from made join given g on g.rtype = made.rtype and g.id = made.id
  union all select * from changed),
history as (
  insert into resource_history (tenant_id, pid, ver, lu, method, actor, body) select $1, pid, ver, lu, method, actor, body from done),
watched as (
  insert into subscription_change (tenant_id, rtype, id, ver) select $1, rtype, id, ver from done g
  where g.body is not null and g.rtype = any(array(select w.rtype from subscription w where w.tenant_id = $1 and w.active))),
searched as (
  insert into sx (tenant_id, pid, rtype, self_h, lu, tok, ord, rules)
  select $1, pid, rtype, self_h, lu, tok::bigint[], ord, rules from done where self_h is not null
  on conflict (tenant_id, pid) do update
    set self_h = excluded.self_h, lu = excluded.lu, tok = excluded.tok, ord = excluded.ord, rules = excluded.rules),
removed as (
  delete from sx using changed g where sx.tenant_id = $1 and sx.pid = g.pid and g.self_h is null),
${INDEX_TABLES.map(buildTableReplacement).join(',\n')}
select count(*)::int as applied from done`;

/** The changes must be of different resources. The statement has no name, so it is planned for each number of changes. */
export function buildBatchWrite(tenant: number, changes: ResourceChange[]): { sql: string; parameters: unknown[] } {
  const columns = CHANGE_COLUMNS.map((column) => changes.map((change) => readColumnValue(column, change)));
  const sides = INDEX_TABLES.map((table) => changes.map(({ index }) => (index ? JSON.stringify(toTableRows(table, index)) : null)));
  return { sql: SQL, parameters: [tenant, ...columns, ...sides] };
}
