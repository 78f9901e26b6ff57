// The statement that writes: current row, history row and search rows of one or many changes, compared with what they replace. No round trip beside it.

/** What all changes of a statement do; `mixed`: not all the same. A deletion has no index rows. */
export type WriteKind = 'create' | 'update' | 'delete' | 'mixed';

/** What a statement is for. `single`: one change, as plain parameters. `sides`: the side tables that get rows (the others cost nothing). */
export interface WriteShape {
  single: boolean;
  kind: WriteKind;
  sides: SideTable[];
}

/** What stands in the parameters of a change, in this order. A create has no `previous`. */
const COLUMNS = {
  rtype: 'smallint',
  id: 'text',
  ver: 'int',
  lu: 'timestamptz',
  method: 'text',
  actor: 'text',
  body: 'text',
  self_h: 'bigint',
  tok: 'bigint[]',
  previous: 'int',
} as const;

export type GivenColumn = keyof typeof COLUMNS;

/** The side tables, with their columns beside tenant and pid. */
export const SIDE_TABLES = {
  sx_ref: { param: 'int', target_h: 'bigint' },
  sx_string: { param: 'int', norm: 'text', low: 'boolean', high: 'boolean', infix: 'boolean' },
  sx_date: { param: 'int', from_at: 'timestamptz', to_at: 'timestamptz', low: 'boolean', high: 'boolean', lone: 'boolean' },
  sx_number: { param: 'int', unit_h: 'bigint', from_n: 'numeric', to_n: 'numeric', low: 'boolean', high: 'boolean', lone: 'boolean' },
} as const;

/** The last column of a side table, where it follows from the others: as search (search-range.ts) expects it. */
const MADE: Partial<Record<SideTable, string>> = {
  sx_date: "s.to_at > s.from_at + interval '24 hours' as long",
  sx_number: 's.to_n > s.from_n + 1 as long',
};

export type SideTable = keyof typeof SIDE_TABLES;
export const SIDE_TABLE_NAMES = Object.keys(SIDE_TABLES) as SideTable[];

/** The parts a kind needs: inserts and updates of the current row, clearing of old side rows, removal and writing of the search row. */
const PARTS: Record<WriteKind, { makes: boolean; changes: boolean; clears: boolean; removes: boolean; indexes: boolean }> = {
  create: { makes: true, changes: false, clears: false, removes: false, indexes: true },
  update: { makes: false, changes: true, clears: true, removes: false, indexes: true },
  delete: { makes: false, changes: true, clears: true, removes: true, indexes: false },
  mixed: { makes: true, changes: true, clears: true, removes: true, indexes: true },
};

/** The parameters of a statement after the tenant: a value each (single) or an array each, then the arrays of each side table. */
export function givenColumns({ kind }: WriteShape): GivenColumn[] {
  const all = Object.keys(COLUMNS) as GivenColumn[];
  const unused: Record<WriteKind, GivenColumn[]> = { create: ['previous'], update: [], delete: ['self_h', 'tok'], mixed: [] };
  return all.filter((column) => !unused[kind].includes(column));
}

/** The columns of a side table's arrays; `n` says which of many changes a row belongs to. */
export const sideColumns = (table: SideTable, { single }: WriteShape): string[] => [
  ...(single ? [] : ['n']),
  ...Object.keys(SIDE_TABLES[table]),
];

/**
 * The statement of a shape; it answers one row, `applied`. Everything hangs on `done`, the rows that were really inserted or updated: a change
 * that found another version leaves no trace. A concurrent writer of the same row is waited for, and then `ver` differs.
 */
export function writeSql(shape: WriteShape): string {
  const { makes, changes, removes, indexes } = PARTS[shape.kind];
  const columns = givenColumns(shape);
  const of = shape.single ? (name: GivenColumn) => `$${columns.indexOf(name) + 2}::${COLUMNS[name]}` : (name: GivenColumn) => `g.${name}`;
  const parts = [
    ...(shape.single ? [] : [`given as (select * from unnest(${arrays(columns)}) with ordinality as g(${columns.join(', ')}, n))`]),
    ...(makes ? [made(shape, of)] : []),
    ...(changes ? [changed(shape, of)] : []),
    done(shape),
    history(of),
    ...(indexes ? [searchRow(shape, of)] : []),
    ...(removes ? [removed(shape, of)] : []),
    ...sideParts(shape, columns.length + 2),
  ];
  return `with ${parts.join(',\n')}\nselect count(*)::int as applied from done`;
}

type Of = (column: GivenColumn) => string;

/** One array parameter per column, from $2 on. An array of arrays must be even, so token arrays go as their texts. */
const arrays = (columns: GivenColumn[]): string =>
  columns.map((column, at) => `$${at + 2}::${column === 'tok' ? 'text' : COLUMNS[column]}[]`).join(', ');

const made = ({ single, kind }: WriteShape, of: Of): string => `made as (
  insert into resource (tenant_id, rtype, id, ver, lu, created, body)
  select $1, ${of('rtype')}, ${of('id')}, ${of('ver')}, ${of('lu')}, ${of('lu')}, ${of('body')}
  ${single ? '' : 'from given g'} ${kind === 'mixed' ? `where ${of('previous')} is null` : ''}
  on conflict (tenant_id, rtype, id) do nothing
  returning pid, rtype, id, ver)`;

const changed = ({ single }: WriteShape, of: Of): string => `changed as (
  update resource r set ver = ${of('ver')}, lu = ${of('lu')}, body = ${of('body')} ${single ? '' : 'from given g'}
  where r.tenant_id = $1 and r.rtype = ${of('rtype')} and r.id = ${of('id')} and r.ver = ${of('previous')}
  returning r.pid, r.rtype, r.id, r.ver)`;

function done({ single, kind }: WriteShape): string {
  const sources = [...(PARTS[kind].makes ? ['select * from made'] : []), ...(PARTS[kind].changes ? ['select * from changed'] : [])].join(
    ' union all ',
  );
  if (single) return `done as (${sources})`;
  return `done as (select t.pid, g.* from (${sources}) t join given g on g.rtype = t.rtype and g.id = t.id and g.ver = t.ver)`;
}

const history = (of: Of): string => `history as (
  insert into resource_history (tenant_id, pid, ver, lu, method, actor, body)
  select $1, g.pid, ${of('ver')}, ${of('lu')}, ${of('method')}, ${of('actor')}, ${of('body')} from done g)`;

/** A resource that comes back after its deletion has no search row, any other updated one has. */
const searchRow = ({ kind }: WriteShape, of: Of): string => `searched as (
  insert into sx (tenant_id, pid, rtype, self_h, lu, tok)
  select $1, g.pid, ${of('rtype')}, ${of('self_h')}, ${of('lu')}, ${of('tok')}::bigint[] from done g ${kind === 'mixed' ? `where ${of('self_h')} is not null` : ''}
  ${kind === 'create' ? '' : 'on conflict (tenant_id, pid) do update set self_h = excluded.self_h, lu = excluded.lu, tok = excluded.tok'})`;

const removed = ({ kind }: WriteShape, of: Of): string => `removed as (
  delete from sx using done g where sx.tenant_id = $1 and sx.pid = g.pid ${kind === 'mixed' ? `and ${of('self_h')} is null` : ''})`;

/** Rows that stay as they are are not touched: an update changes few of them, and a new row costs an entry in every index. */
function sideParts(shape: WriteShape, first: number): string[] {
  const { clears } = PARTS[shape.kind];
  return SIDE_TABLE_NAMES.flatMap((table) => {
    const at = shape.sides.indexOf(table);
    if (at === -1) return clears ? [cleared(table, '')] : [];
    const from = first + shape.sides.slice(0, at).reduce((sum, earlier) => sum + sideColumns(earlier, shape).length, 0);
    const wanted = `${table}_given as (${sideRows(table, shape, from)})`;
    const missing = `where not exists (select 1 from ${table} x where x.tenant_id = $1 and ${same(table)})`;
    const insert = `${table}_new as (insert into ${table} select s.* from ${table}_given s ${clears ? missing : ''})`;
    return [wanted, ...(clears ? [cleared(table, `and not exists (select 1 from ${table}_given s where ${same(table)})`)] : []), insert];
  });
}

const cleared = (table: SideTable, unless: string): string => `${table}_old as (
  delete from ${table} x using changed g where x.tenant_id = $1 and x.pid = g.pid ${unless})`;

const same = (table: SideTable): string =>
  ['pid', ...Object.keys(SIDE_TABLES[table])]
    .map((name) => (name === 'unit_h' ? 's.unit_h is not distinct from x.unit_h' : `s.${name} = x.${name}`))
    .join(' and ');

/** The side rows that are to be, in the order of the table's columns. */
function sideRows(table: SideTable, shape: WriteShape, from: number): string {
  const types: Record<string, string> = { n: 'int', ...SIDE_TABLES[table] };
  const given = sideColumns(table, shape);
  const rows = `unnest(${given.map((name, at) => `$${from + at}::${types[name]}[]`).join(', ')}) as s(${given.join(', ')})`;
  const names = [...Object.keys(SIDE_TABLES[table]).map((name) => `s.${name}`), ...(MADE[table] ? [MADE[table]] : [])];
  return `select $1 as tenant_id, g.pid, ${names.join(', ')} from done g join ${rows} on ${shape.single ? 'true' : 's.n = g.n'}`;
}
