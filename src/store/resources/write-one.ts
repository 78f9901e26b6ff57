// The statement that writes one change: current row, history row and search rows. It is prepared once per shape: what the change does, and which side
// tables it has rows for (the others cost nothing). docs/decisions/0001-one-statement-writes.md

import type { Change } from './change.ts';
import { CHANGE_COLUMNS, type ChangeColumn, columnType, columnValue } from './change-columns.ts';
import { SIDE_TABLES, type SideRow, type SideTable, sideColumns, sideRows, sideTarget, sideValues } from './side-tables.ts';

/** A deletion (or a resource without index rows) takes its search rows away. */
export type OneKind = 'create' | 'update' | 'delete';

interface PreparedStatement {
  name: string;
  sql: string;
  parameters: unknown[];
}

const UNUSED: Record<OneKind, ChangeColumn[]> = {
  create: ['previous', 'previous_rules'],
  update: [],
  delete: ['self_h', 'tok', 'ord', 'rules'],
};
const columnsOf = (kind: OneKind): ChangeColumn[] => CHANGE_COLUMNS.filter((column) => !UNUSED[kind].includes(column));
/** Made so far: there are only so many shapes. */
const STATEMENTS = new Map<string, string>();

/** The statement of one change. It answers one row, `applied`: 0 when the store holds another version by then. */
export function writeOne(tenant: number, change: Change, kind: OneKind): PreparedStatement {
  const rows = SIDE_TABLES.map((table): [SideTable, SideRow[]] => [table, change.index ? sideRows(table, change.index) : []]);
  const filled = rows.filter(([, some]) => some.length > 0);
  const sides = filled.map(([table]) => table);
  const name = [kind, ...sides].join('-');
  const sql = STATEMENTS.get(name) ?? sqlOf(kind, sides);
  STATEMENTS.set(name, sql);
  const arrays = filled.flatMap(([table, some]) => sideColumns(table).map(({ name: column }) => some.map((row) => row[column])));
  return { name, sql, parameters: [tenant, ...columnsOf(kind).map((column) => columnValue(column, change)), ...arrays] };
}

/** Everything hangs on `done`, the row that was really inserted or updated. A concurrent writer of it is waited for, and then `ver` differs (or `rules`: index-upkeep.ts). */
function sqlOf(kind: OneKind, sides: SideTable[]): string {
  const columns = columnsOf(kind);
  const $ = (column: ChangeColumn) => `$${columns.indexOf(column) + 2}::${columnType(column)}`;
  const parts = [
    kind === 'create' ? inserted($) : updated(kind, $),
    `history as (insert into resource_history (tenant_id, pid, ver, lu, method, actor, body)
      select $1, pid, ${$('ver')}, ${$('lu')}, ${$('method')}, ${$('actor')}, ${$('body')} from done)`,
    ...(kind === 'delete' ? [] : [watched($)]),
    kind === 'delete' ? 'removed as (delete from sx using done where sx.tenant_id = $1 and sx.pid = done.pid)' : searchRow(kind, $),
    ...SIDE_TABLES.flatMap((table) => sideParts(kind, table, sides, columns.length + 2)),
  ];
  return `with ${parts.join(',\n')}\nselect count(*)::int as applied from done`;
}

type Parameter = (column: ChangeColumn) => string;

const inserted = ($: Parameter): string => `done as (
  insert into resource (tenant_id, rtype, id, ver, lu, created, body, rules)
  values ($1, ${$('rtype')}, ${$('id')}, ${$('ver')}, ${$('lu')}, ${$('lu')}, ${$('body')}, coalesce(${$('rules')}, 0))
  on conflict (tenant_id, rtype, id) do nothing returning pid)`;

const updated = (kind: OneKind, $: Parameter): string => `done as (
  update resource set ver = ${$('ver')}, lu = ${$('lu')}, body = ${$('body')}${kind === 'delete' ? '' : `, rules = ${$('rules')}`}
  where tenant_id = $1 and rtype = ${$('rtype')} and id = ${$('id')} and ver = ${$('previous')} and rules = ${$('previous_rules')} returning pid)`;

/** Kept for the subscriptions that look at its type: src/store/queues/subscriptions.ts. */
const watched = ($: Parameter): string => `watched as (
  insert into subscription_change (tenant_id, rtype, id, ver) select $1, ${$('rtype')}, ${$('id')}, ${$('ver')} from done
  where exists (select from subscription w where w.tenant_id = $1 and w.rtype = ${$('rtype')} and w.active))`;

/** A resource that comes back after its deletion has no search row, any other updated one has. */
const searchRow = (kind: OneKind, $: Parameter): string => `searched as (
  insert into sx (tenant_id, pid, rtype, self_h, lu, tok, ord, rules)
  select $1, pid, ${$('rtype')}, ${$('self_h')}, ${$('lu')}, ${$('tok')}::bigint[], ${$('ord')}, ${$('rules')} from done
  ${kind === 'create' ? '' : REPLACED})`;

const REPLACED = `on conflict (tenant_id, pid) do update
    set self_h = excluded.self_h, lu = excluded.lu, tok = excluded.tok, ord = excluded.ord, rules = excluded.rules`;

/** Rows that stay as they are are not touched: an update changes few of them, and a new row costs an entry in every index. */
function sideParts(kind: OneKind, table: SideTable, sides: SideTable[], first: number): string[] {
  const at = sides.indexOf(table);
  if (at === -1) return kind === 'create' ? [] : [cleared(table, '')];
  const from = first + sides.slice(0, at).reduce((sum, earlier) => sum + sideColumns(earlier).length, 0);
  const given = `${table}_given as (${givenRows(table, from)})`;
  if (kind === 'create') return [given, `${table}_new as (insert into ${sideTarget(table)} select * from ${table}_given)`];
  const missing = `not exists (select 1 from ${table} x where x.tenant_id = $1 and ${same(table)})`;
  return [
    given,
    cleared(table, `and not exists (select 1 from ${table}_given s where ${same(table)})`),
    `${table}_new as (insert into ${sideTarget(table)} select * from ${table}_given s where ${missing})`,
  ];
}

const cleared = (table: SideTable, unless: string): string => `${table}_old as (
  delete from ${table} x using done where x.tenant_id = $1 and x.pid = done.pid ${unless})`;

const same = (table: SideTable): string =>
  [
    's.pid = x.pid',
    ...sideColumns(table).map(({ name, nullable }) => `s.${name} ${nullable ? 'is not distinct from' : '='} x.${name}`),
  ].join(' and ');

function givenRows(table: SideTable, from: number): string {
  const columns = sideColumns(table);
  const arrays = columns.map(({ type }, at) => `$${from + at}::${type}[]`).join(', ');
  return `select $1::int as tenant_id, done.pid, ${sideValues(table)} from done, unnest(${arrays}) as s(${columns.map(({ name }) => name).join(', ')})`;
}
