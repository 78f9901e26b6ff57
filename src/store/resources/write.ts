// Writes changes of resources: one change or many in one statement. docs/decisions/0001-one-statement-writes.md

import type { IndexRows } from '../../fhir/indexing/rows.ts';
import { TYPE_NUMBERS } from '../../fhir/types.ts';
import { TextArray, toArrayParameter } from '../database/array-parameters.ts';
import type { Database } from '../database/database.ts';
import {
  buildInsertTarget,
  buildSelectList,
  COMMON_TABLES,
  INDEX_TABLES,
  INPUT_COLUMNS,
  type IndexTable,
  listWrittenTables,
  TABLE_ROWS,
} from './index-tables.ts';
import { CHANGE_COLUMNS, type ChangeColumn, COLUMN_TYPES, type ResourceChange, toColumnValues } from './resource-change.ts';

interface AppliedCount {
  applied: number;
}

/**
 * Applies each change whose `previous` version is still the current one, and returns the number of applied changes. A change that is not applied writes
 * nothing. Of several changes of one resource, only the first can be applied.
 */
export async function writeChanges(database: Database, tenant: number, changes: ResourceChange[]): Promise<number> {
  const [first, ...others] = changes;
  if (!first) return 0;
  const kind = others.length === 0 ? findWriteKind(first) : undefined;
  const counts = kind ? await writeOne(database, tenant, { change: first, kind }) : await writeMany(database, tenant, changes);
  return counts[0]!.applied;
}

/**
 * Applies the changes of different resources in one statement, as `writeChanges`, but leaves out resources that another transaction has locked: it waits for no
 * lock of a resource. Returns the applied changes.
 */
export async function writeSkippingLocked(database: Database, tenant: number, changes: ResourceChange[]): Promise<ResourceChange[]> {
  const [first, ...others] = changes;
  const kind = first && others.length === 0 ? findWriteKind(first) : undefined;
  if (first && kind) {
    const [count] = await writeOne(database, tenant, { change: first, kind, skipsLocked: kind !== 'create' });
    return count!.applied ? changes : [];
  }
  const { sql, parameters, name } = buildBatchWrite(tenant, changes, true);
  const [row] = await database.query<{ written: string[] | null }>(sql, parameters, name);
  const written = new Set(row!.written);
  return changes.filter(({ type, id }) => written.has(`${TYPE_NUMBERS[type]}/${id}`));
}

function writeMany(database: Database, tenant: number, changes: ResourceChange[]): Promise<AppliedCount[]> {
  const firsts = new Map(changes.toReversed().map((change) => [`${change.type}/${change.id}`, change]));
  const { sql, parameters, name } = buildBatchWrite(tenant, [...firsts.values()].reverse());
  return database.query<AppliedCount>(sql, parameters, name);
}

/** Undefined for a first version without index rows, which is rare: the statement for many changes writes it. */
function findWriteKind({ previous, index }: ResourceChange): WriteKind | undefined {
  if (previous === undefined) return index ? 'create' : undefined;
  return index ? 'update' : 'delete';
}

/** `delete`: removes the search rows, after a deletion or for a resource without index rows. */
type WriteKind = 'create' | 'update' | 'delete';

const WRITTEN_COLUMNS: Record<WriteKind, ChangeColumn[]> = {
  create: CHANGE_COLUMNS.filter((column) => column !== 'previous' && column !== 'previous_rules'),
  update: CHANGE_COLUMNS,
  delete: CHANGE_COLUMNS.filter((column) => !['self_h', 'tok', 'ord', 'rules'].includes(column)),
};
/**
 * There is one prepared statement for each combination of the kind of write and what happens to each index table; a table that is kept costs nothing. A cache by
 * name. The number of combinations is limited.
 */
const STATEMENTS = new Map<string, string>();

/** What a write does with an index table. `kept`: nothing. `emptied`: the resource has no rows in it. */
type Side = 'kept' | 'emptied' | 'filled';
type Sides = Record<IndexTable, Side>;
/** The names of prepared statements have one for each table, because PostgreSQL cuts long names. */
const SIDE_CODES: Record<Side, string> = { kept: 'k', emptied: 'e', filled: 'f' };

const filterSides = (sides: Sides, side: Side): IndexTable[] => INDEX_TABLES.filter((table) => sides[table] === side);

function listSides({ index, replaced }: ResourceChange): Sides {
  const written = listWrittenTables(index);
  const findSide = (table: IndexTable): Side => {
    if (!written.includes(table) || (index && replaced && hasSameRows(table, index, replaced))) return 'kept';
    return index && TABLE_ROWS[table](index).length ? 'filled' : 'emptied';
  };
  // `Object.fromEntries` does not keep the names of the keys in its type
  return Object.fromEntries(INDEX_TABLES.map((table) => [table, findSide(table)])) as Sides;
}

/** Both are built in the same order from the same rules. */
const hasSameRows = (table: IndexTable, index: IndexRows, replaced: IndexRows): boolean =>
  JSON.stringify(TABLE_ROWS[table](index)) === JSON.stringify(TABLE_ROWS[table](replaced));

/** The rows of a table, an array for each column. */
function toArrays(table: IndexTable, index: IndexRows): unknown[] {
  const rows = TABLE_ROWS[table](index);
  return INPUT_COLUMNS[table].map(({ name, type }) =>
    toArrayParameter(
      type,
      rows.map((row) => row[name]),
    ),
  );
}

interface OneWrite {
  change: ResourceChange;
  kind: WriteKind;
  /** Nothing is written if another transaction has locked the resource. */
  skipsLocked?: boolean;
}

/** The statement returns one row, `applied`: 0 if the current version is no longer `previous`. */
function writeOne(database: Database, tenant: number, { change, kind, skipsLocked = false }: OneWrite): Promise<AppliedCount[]> {
  const sides = listSides(change);
  const name = `${kind}${skipsLocked ? '-skip-locked' : ''}-${INDEX_TABLES.map((table) => SIDE_CODES[sides[table]]).join('')}`;
  const sql = STATEMENTS.get(name) ?? buildSql(kind, sides, skipsLocked);
  STATEMENTS.set(name, sql);
  const values = toColumnValues(change);
  const arrays = filterSides(sides, 'filled').flatMap((table) => toArrays(table, change.index!));
  const parameters = [tenant, ...WRITTEN_COLUMNS[kind].map((column) => values[column]), ...arrays];
  return database.query<AppliedCount>(sql, parameters, `write-${name}`);
}

/**
 * All parts depend on `done`, the row that was inserted or updated. If another transaction writes the same row, the statement waits for it, unless it skips locked
 * rows; then `ver` differs (or `rules`, after reindexing), and `done` is empty.
 */
function buildSql(kind: WriteKind, sides: Sides, skipsLocked: boolean): string {
  const columns = WRITTEN_COLUMNS[kind];
  const $ = (column: ChangeColumn) => `$${columns.indexOf(column) + 2}::${COLUMN_TYPES[column]}`;
  const parts = [
    ...(kind === 'create' ? [buildInsert($)] : [buildUpdate(kind, $, skipsLocked), buildPastVersion('done')]),
    ...(kind === 'delete' ? [] : [buildSubscriptionChange($)]),
    kind === 'delete' ? 'removed as (delete from sx using done where sx.tenant_id = $1 and sx.pid = done.pid)' : buildSearchRow(kind, $),
    ...INDEX_TABLES.flatMap((table) => buildTableParts(kind, table, sides, columns.length + 2)),
  ];
  return `with ${parts.join(',\n')}\nselect count(*)::int as applied from done`;
}

type Parameter = (column: ChangeColumn) => string;

const buildInsert = ($: Parameter): string => `done as (
  insert into resource (tenant_id, rtype, id, ver, lu, created, method, actor, body, rules)
  values ($1, ${$('rtype')}, ${$('id')}, ${$('ver')}, ${$('lu')}, ${$('lu')}, ${$('method')}, ${$('actor')}, ${$('body')}, coalesce(${$('rules')}, 0))
  on conflict (tenant_id, rtype, id) do nothing returning pid)`;

const buildUpdate = (kind: WriteKind, $: Parameter, skipsLocked: boolean): string => `done as (
  update resource set ver = ${$('ver')}, lu = ${$('lu')}, method = ${$('method')}, actor = ${$('actor')}, body = ${$('body')}
    ${kind === 'delete' ? '' : `, rules = ${$('rules')}`}
  where tenant_id = $1 and rtype = ${$('rtype')} and id = ${$('id')} and ver = ${$('previous')} and rules = ${$('previous_rules')}
    ${skipsLocked ? `and pid = (select pid from resource where tenant_id = $1 and rtype = ${$('rtype')} and id = ${$('id')} ${SKIP_LOCKED})` : ''}
  returning pid)`;

/** The lock is that of the update itself. https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE */
const SKIP_LOCKED = 'for no key update skip locked';

/**
 * Keeps the version that an update replaces. The parts of a statement do not see what the others write, so `resource` has that version here. An update that
 * waited for another writer is applied only if `ver` and `rules` are those that this statement saw, so no other version can be replaced.
 * https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
 */
const buildPastVersion = (updated: string): string => `past as (
  insert into past_version (tenant_id, pid, ver, lu, method, actor, body)
  select $1, r.pid, r.ver, r.lu, r.method, r.actor, r.body from ${updated} g join resource r on r.tenant_id = $1 and r.pid = g.pid)`;

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
function buildTableParts(kind: WriteKind, table: IndexTable, sides: Sides, first: number): string[] {
  if (sides[table] === 'kept') return [];
  if (sides[table] === 'emptied') return kind === 'create' ? [] : [buildTableDelete(table, '')];
  const filled = filterSides(sides, 'filled');
  const from = first + filled.slice(0, filled.indexOf(table)).reduce((sum, earlier) => sum + INPUT_COLUMNS[earlier].length, 0);
  const givenRows = `${table}_given as (${buildInputRows(table, from)})`;
  if (kind === 'create') return [givenRows, `${table}_new as (insert into ${buildInsertTarget(table)} select * from ${table}_given)`];
  const missing = `not exists (select 1 from ${table} x where x.tenant_id = $1 and ${buildRowComparison(table)})`;
  return [
    givenRows,
    buildTableDelete(table, `and not exists (select 1 from ${table}_given s where ${buildRowComparison(table)})`),
    `${table}_new as (insert into ${buildInsertTarget(table)} select * from ${table}_given s where ${missing})`,
  ];
}

const buildTableDelete = (table: IndexTable, unless: string): string => `${table}_old as (
  delete from ${table} x using done where x.tenant_id = $1 and x.pid = done.pid ${unless})`;

const buildRowComparison = (table: IndexTable): string =>
  [
    's.pid = x.pid',
    ...INPUT_COLUMNS[table].map(({ name, nullable }) => `s.${name} ${nullable ? 'is not distinct from' : '='} x.${name}`),
  ].join(' and ');

function buildInputRows(table: IndexTable, from: number): string {
  const columns = INPUT_COLUMNS[table];
  const arrays = columns.map(({ type }, at) => `$${from + at}::${type}[]`).join(', ');
  return `select $1::int as tenant_id, done.pid, ${buildSelectList(table)} from done, unnest(${arrays}) as s(${columns.map(({ name }) => name).join(', ')})`;
}

// The statement for many changes of all kinds. Its text is always the same. Each change has its index rows as JSON, so that no part of the statement joins all
// changes with all index rows.
const listNames = (tables: IndexTable[]): string[] => [...CHANGE_COLUMNS, ...tables];
const listArrays = (tables: IndexTable[]): string[] =>
  [...Object.values(COLUMN_TYPES), ...tables.map(() => 'text')].map((type, at) => `$${at + 2}::${type}[]`);

/** Deletes the index rows of `changed` and inserts those of `done`. A change without a JSON text keeps its rows. */
export const buildTableReplacement = (table: IndexTable): string => `${table}_old as (
  delete from ${table} x using changed g where x.tenant_id = $1 and x.pid = g.pid and g.${table} is not null),
${buildTableInsert(table)}`;

/** Inserts the index rows of `done` (pid, and a JSON text per table). */
const buildTableInsert = (table: IndexTable): string => `${table}_new as (
  insert into ${buildInsertTarget(table)} select $1, g.pid, ${buildSelectList(table)}
  from done g, json_to_recordset(g.${table}::json) as s(${INPUT_COLUMNS[table].map(({ name, type }) => `${name} ${type}`).join(', ')}))`;

/** `skip-locked`: changes of all kinds, without resources that another transaction has locked. */
const BATCH_KINDS = ['create', 'any', 'skip-locked'] as const;
type BatchKind = (typeof BATCH_KINDS)[number];

/**
 * All parts depend on `done`, as in the statement for one change (buildSql). The statement returns one row, `applied`: the number of applied changes, and except
 * for `any` also `written`: their types and ids. The types with active subscriptions are read once, not for each change, because Citus refuses a subquery that
 * refers to a row of a CTE.
 */
const buildBatchSql = (kind: BatchKind, tables: IndexTable[]): string => `with given as (
  select * from unnest(${listArrays(tables).join(', ')}) as g(${listNames(tables).join(', ')})),
made as (
  insert into resource (tenant_id, rtype, id, ver, lu, created, method, actor, body, rules)
  select $1, rtype, id, ver, lu, lu, method, actor, body, coalesce(rules, 0) from given where previous is null
  on conflict (tenant_id, rtype, id) do nothing
  returning pid, rtype, id),
${kind === 'create' ? '' : buildChanged(kind === 'skip-locked')}
done as (
  select made.pid, g.* from made join given g on g.rtype = made.rtype and g.id = made.id
  ${kind === 'create' ? '' : 'union all select * from changed'}),
watched as (
  insert into subscription_change (tenant_id, rtype, id, ver) select $1, rtype, id, ver from done g
  where g.body is not null and g.rtype = any(array(select w.rtype from subscription w where w.tenant_id = $1 and w.active))),
searched as (
  insert into sx (tenant_id, pid, rtype, self_h, lu, tok, ord, rules)
  select $1, pid, rtype, self_h, lu, tok::bigint[], ord, rules from done where self_h is not null
  ${kind === 'create' ? '' : REPLACED}),
${tables.map(kind === 'create' ? buildTableInsert : buildTableReplacement).join(',\n')}
select count(*)::int as applied${kind === 'any' ? '' : ", json_agg(rtype || '/' || id) as written"} from done`;

const buildChanged = (skipsLocked: boolean): string => `${skipsLocked ? FREE : ''}changed as (
  update resource r set ver = g.ver, lu = g.lu, method = g.method, actor = g.actor, body = g.body, rules = coalesce(g.rules, r.rules)
  from ${skipsLocked ? 'free' : 'given'} g
  where r.tenant_id = $1 and r.rtype = g.rtype and r.id = g.id and r.ver = g.previous and r.rules = g.previous_rules
  returning r.pid, g.*),
${buildPastVersion('changed')},
removed as (
  delete from sx using changed g where sx.tenant_id = $1 and sx.pid = g.pid and g.self_h is null),`;

/** The given updates whose resources no other transaction has locked. */
const FREE = `free as (
  select g.* from given g join resource r on r.tenant_id = $1 and r.rtype = g.rtype and r.id = g.id
  where g.previous is not null for no key update of r skip locked),
`;

const buildBatchKinds = (tables: IndexTable[]) =>
  Object.fromEntries(BATCH_KINDS.map((kind) => [kind, buildBatchSql(kind, tables)])) as Record<BatchKind, string>;
const BATCH_SQL = new Map([COMMON_TABLES, INDEX_TABLES].map((tables) => [tables, buildBatchKinds(tables)]));

/** To plan a statement costs as much as to write few changes, and little beside many. */
const MAX_PREPARED = 100;

interface BatchStatement {
  sql: string;
  parameters: unknown[];
  name?: string;
}

/**
 * The changes must be of different resources. A statement of few creations has a name: apart from subscriptions it reads no table, so its plan does not depend on
 * what is stored. So has one that leaves out locked resources: it is for few changes, each of which is found by its id.
 */
export function buildBatchWrite(tenant: number, changes: ResourceChange[], skipsLocked = false): BatchStatement {
  const values = changes.map(toColumnValues);
  const columns = CHANGE_COLUMNS.map((column) =>
    toArrayParameter(
      COLUMN_TYPES[column],
      values.map((row) => row[column]),
    ),
  );
  const tables = changes.every(({ index }) => listWrittenTables(index) === COMMON_TABLES) ? COMMON_TABLES : INDEX_TABLES;
  const rows = tables.map((table) => new TextArray(changes.map((change) => toRowsText(table, change))));
  const kind = findBatchKind(changes, skipsLocked);
  const isPrepared = kind !== 'any' && changes.length <= MAX_PREPARED;
  return {
    sql: BATCH_SQL.get(tables)![kind],
    parameters: [tenant, ...columns, ...rows],
    ...(isPrepared && { name: `write-batch-${kind}${tables === COMMON_TABLES ? '' : '-full'}` }),
  };
}

function findBatchKind(changes: ResourceChange[], skipsLocked: boolean): BatchKind {
  if (changes.every(({ previous }) => previous === undefined)) return 'create';
  return skipsLocked ? 'skip-locked' : 'any';
}

/** The rows of a table as JSON; null to keep those of the previous version. */
function toRowsText(table: IndexTable, { index, replaced }: ResourceChange): string | null {
  const text = JSON.stringify(index ? TABLE_ROWS[table](index) : []);
  return replaced && text === JSON.stringify(TABLE_ROWS[table](replaced)) ? null : text;
}
