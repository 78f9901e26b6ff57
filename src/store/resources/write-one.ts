// The statement that writes one change: current row, history row and search rows. There is one prepared statement for each combination of the kind of write
// and the index tables that get rows; the other index tables cost nothing. docs/decisions/0001-one-statement-writes.md

import {
  buildInsertTarget,
  buildSelectList,
  INDEX_TABLES,
  type IndexTable,
  type IndexTableRow,
  listInputColumns,
  toTableRows,
} from './index-tables.ts';
import type { ResourceChange } from './resource-change.ts';
import { CHANGE_COLUMNS, type ChangeColumn, findColumnType, readColumnValue } from './resource-change.ts';

/** `delete`: removes the search rows, after a deletion or for a resource without index rows. */
export type WriteKind = 'create' | 'update' | 'delete';

interface PreparedStatement {
  name: string;
  sql: string;
  parameters: unknown[];
}

const UNUSED: Record<WriteKind, ChangeColumn[]> = {
  create: ['previous', 'previous_rules'],
  update: [],
  delete: ['self_h', 'tok', 'ord', 'rules'],
};
const listColumns = (kind: WriteKind): ChangeColumn[] => CHANGE_COLUMNS.filter((column) => !UNUSED[kind].includes(column));
/** A cache by name. The number of combinations is limited. */
const STATEMENTS = new Map<string, string>();

/** The statement returns one row, `applied`: 0 if the current version is no longer `previous`. */
export function buildSingleWrite(tenant: number, change: ResourceChange, kind: WriteKind): PreparedStatement {
  const rows = INDEX_TABLES.map((table): [IndexTable, IndexTableRow[]] => [table, change.index ? toTableRows(table, change.index) : []]);
  const filled = rows.filter(([, some]) => some.length > 0);
  const sides = filled.map(([table]) => table);
  const name = [kind, ...sides].join('-');
  const sql = STATEMENTS.get(name) ?? buildSql(kind, sides);
  STATEMENTS.set(name, sql);
  const arrays = filled.flatMap(([table, some]) => listInputColumns(table).map(({ name: column }) => some.map((row) => row[column])));
  return { name, sql, parameters: [tenant, ...listColumns(kind).map((column) => readColumnValue(column, change)), ...arrays] };
}

/**
 * All parts depend on `done`, the row that was inserted or updated. If another transaction writes the same row, the statement waits for it; then `ver` differs
 * (or `rules`, after reindexing), and `done` is empty.
 */
function buildSql(kind: WriteKind, sides: IndexTable[]): string {
  const columns = listColumns(kind);
  const $ = (column: ChangeColumn) => `$${columns.indexOf(column) + 2}::${findColumnType(column)}`;
  const parts = [
    kind === 'create' ? buildInsert($) : buildUpdate(kind, $),
    `history as (insert into resource_history (tenant_id, pid, ver, lu, method, actor, body)
      select $1, pid, ${$('ver')}, ${$('lu')}, ${$('method')}, ${$('actor')}, ${$('body')} from done)`,
    ...(kind === 'delete' ? [] : [buildSubscriptionChange($)]),
    kind === 'delete' ? 'removed as (delete from sx using done where sx.tenant_id = $1 and sx.pid = done.pid)' : buildSearchRow(kind, $),
    ...INDEX_TABLES.flatMap((table) => buildTableParts(kind, table, sides, columns.length + 2)),
  ];
  return `with ${parts.join(',\n')}\nselect count(*)::int as applied from done`;
}

type Parameter = (column: ChangeColumn) => string;

const buildInsert = ($: Parameter): string => `done as (
  insert into resource (tenant_id, rtype, id, ver, lu, created, body, rules)
  values ($1, ${$('rtype')}, ${$('id')}, ${$('ver')}, ${$('lu')}, ${$('lu')}, ${$('body')}, coalesce(${$('rules')}, 0))
  on conflict (tenant_id, rtype, id) do nothing returning pid)`;

const buildUpdate = (kind: WriteKind, $: Parameter): string => `done as (
  update resource set ver = ${$('ver')}, lu = ${$('lu')}, body = ${$('body')}${kind === 'delete' ? '' : `, rules = ${$('rules')}`}
  where tenant_id = $1 and rtype = ${$('rtype')} and id = ${$('id')} and ver = ${$('previous')} and rules = ${$('previous_rules')} returning pid)`;

/** Records the change for subscriptions to its type (src/store/queues/subscriptions.ts). */
const buildSubscriptionChange = ($: Parameter): string => `watched as (
  insert into subscription_change (tenant_id, rtype, id, ver) select $1, ${$('rtype')}, ${$('id')}, ${$('ver')} from done
  where exists (select from subscription w where w.tenant_id = $1 and w.rtype = ${$('rtype')} and w.active))`;

/** An updated resource has a search row, unless it was deleted before. */
const buildSearchRow = (kind: WriteKind, $: Parameter): string => `searched as (
  insert into sx (tenant_id, pid, rtype, self_h, lu, tok, ord, rules)
  select $1, pid, ${$('rtype')}, ${$('self_h')}, ${$('lu')}, ${$('tok')}::bigint[], ${$('ord')}, ${$('rules')} from done
  ${kind === 'create' ? '' : REPLACED})`;

const REPLACED = `on conflict (tenant_id, pid) do update
    set self_h = excluded.self_h, lu = excluded.lu, tok = excluded.tok, ord = excluded.ord, rules = excluded.rules`;

/** Unchanged index rows are not rewritten: an update changes few of them, and each new row adds an entry to every index of its table. */
function buildTableParts(kind: WriteKind, table: IndexTable, sides: IndexTable[], first: number): string[] {
  const at = sides.indexOf(table);
  if (at === -1) return kind === 'create' ? [] : [buildTableDelete(table, '')];
  const from = first + sides.slice(0, at).reduce((sum, earlier) => sum + listInputColumns(earlier).length, 0);
  const given = `${table}_given as (${buildInputRows(table, from)})`;
  if (kind === 'create') return [given, `${table}_new as (insert into ${buildInsertTarget(table)} select * from ${table}_given)`];
  const missing = `not exists (select 1 from ${table} x where x.tenant_id = $1 and ${buildRowComparison(table)})`;
  return [
    given,
    buildTableDelete(table, `and not exists (select 1 from ${table}_given s where ${buildRowComparison(table)})`),
    `${table}_new as (insert into ${buildInsertTarget(table)} select * from ${table}_given s where ${missing})`,
  ];
}

const buildTableDelete = (table: IndexTable, unless: string): string => `${table}_old as (
  delete from ${table} x using done where x.tenant_id = $1 and x.pid = done.pid ${unless})`;

const buildRowComparison = (table: IndexTable): string =>
  [
    's.pid = x.pid',
    ...listInputColumns(table).map(({ name, nullable }) => `s.${name} ${nullable ? 'is not distinct from' : '='} x.${name}`),
  ].join(' and ');

function buildInputRows(table: IndexTable, from: number): string {
  const columns = listInputColumns(table);
  const arrays = columns.map(({ type }, at) => `$${from + at}::${type}[]`).join(', ');
  return `select $1::int as tenant_id, done.pid, ${buildSelectList(table)} from done, unnest(${arrays}) as s(${columns.map(({ name }) => name).join(', ')})`;
}
