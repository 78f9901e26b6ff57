// The statement that writes: current row, history row and search rows of one or many changes, compared with what they replace. No round trip beside it.

/** What a statement is for. `creates`: every change is a first version (nothing to compare or clear). `single`: one change, its body sent as it is. */
export interface WriteShape {
  single: boolean;
  creates: boolean;
}

/** Columns of `given`, in parameter order after the tenant. */
const COLUMNS = {
  rtype: 'smallint',
  id: 'text',
  ver: 'int',
  previous: 'int',
  lu: 'timestamptz',
  method: 'text',
  actor: 'text',
  body: 'text',
  self_h: 'bigint',
  tok: 'bigint[]',
} as const;

export type GivenColumn = keyof typeof COLUMNS;
export const GIVEN_COLUMNS = Object.keys(COLUMNS) as GivenColumn[];

/** The side tables: alias → columns beside tenant and pid. Their rows come as one JSON array each; `n` says which change a row belongs to. */
export const SIDE_TABLES = {
  sx_ref: { param: 'int', target_h: 'bigint' },
  sx_string: { param: 'int', norm: 'text', low: 'boolean', high: 'boolean', infix: 'boolean' },
  sx_date: { param: 'int', from_at: 'timestamptz', to_at: 'timestamptz', low: 'boolean', high: 'boolean' },
  sx_number: { param: 'int', unit_h: 'bigint', from_n: 'numeric', to_n: 'numeric', low: 'boolean', high: 'boolean' },
} as const;

export type SideTable = keyof typeof SIDE_TABLES;
export const SIDE_TABLE_NAMES = Object.keys(SIDE_TABLES) as SideTable[];

const typed = (columns: Record<string, string>): string =>
  Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');

/** One row from plain parameters ($2 …), or any number from one JSON parameter ($2). */
const given = ({ single }: WriteShape): string =>
  single
    ? `select 0 n, ${Object.entries(COLUMNS)
        .map(([name, type], at) => `$${at + 2}::${type} ${name}`)
        .join(', ')}`
    : `select * from json_to_recordset($2::json) as g(n int, ${typed(COLUMNS)})`;

const MADE = `made as (
  insert into resource (tenant_id, rtype, id, ver, lu, created, body)
  select $1, rtype, id, ver, lu, lu, body from given where previous is null
  on conflict (tenant_id, rtype, id) do nothing
  returning pid, rtype, id, ver)`;

/** A concurrent writer makes this wait, and then find another `ver`: compare and swap. */
const CHANGED = `changed as (
  update resource r set ver = g.ver, lu = g.lu, body = g.body from given g
  where r.tenant_id = $1 and r.rtype = g.rtype and r.id = g.id and r.ver = g.previous
  returning r.pid, r.rtype, r.id, r.ver)`;

const HISTORY = `history as (
  insert into resource_history (tenant_id, pid, ver, lu, method, actor, body)
  select $1, pid, ver, lu, method, actor, body from done)`;

const SEARCH_ROW = `searched as (
  insert into sx (tenant_id, pid, rtype, self_h, lu, tok)
  select $1, pid, rtype, self_h, lu, tok from done where self_h is not null`;
const REPLACE = 'on conflict (tenant_id, pid) do update set self_h = excluded.self_h, lu = excluded.lu, tok = excluded.tok';

const CLEARED = `cleared as (
  delete from sx using done where sx.tenant_id = $1 and sx.pid = done.pid and done.self_h is null)`;

const clearSide = (table: SideTable): string => `${table}_old as (
  delete from ${table} x using changed where x.tenant_id = $1 and x.pid = changed.pid)`;

function insertSide(table: SideTable, parameter: number): string {
  const columns = SIDE_TABLES[table];
  const names = Object.keys(columns);
  return `${table}_new as (
  insert into ${table} (tenant_id, pid, ${names.join(', ')})
  select $1, done.pid, ${names.map((name) => `s.${name}`).join(', ')}
  from json_to_recordset($${parameter}::json) as s(n int, ${typed(columns)}) join done on done.n = s.n)`;
}

/**
 * The statement for a shape. Parameters: tenant, the change's columns (single) or a JSON array of changes, one JSON array per side table.
 * Answers one row, `applied`: how many changes were.
 */
export function writeSql(shape: WriteShape): string {
  const firstSide = shape.single ? GIVEN_COLUMNS.length + 2 : 3;
  const touched = shape.creates ? 'made' : '(select * from made union all select * from changed)';
  const parts = [
    `given as (${given(shape)})`,
    MADE,
    ...(shape.creates ? [] : [CHANGED]),
    `done as (select t.pid, g.* from ${touched} t join given g on g.rtype = t.rtype and g.id = t.id and g.ver = t.ver)`,
    HISTORY,
    shape.creates ? `${SEARCH_ROW})` : `${SEARCH_ROW} ${REPLACE})`,
    ...(shape.creates ? [] : [CLEARED, ...SIDE_TABLE_NAMES.map(clearSide)]),
    ...SIDE_TABLE_NAMES.map((table, at) => insertSide(table, firstSide + at)),
  ];
  return `with ${parts.join(',\n')}\nselect count(*)::int applied from done`;
}
