// Writing changes: what they are in the parameters of the writing statement.
import { TYPES } from '../fhir/types.ts';
import type { Database } from './database.ts';
import { type SideRow, sideRowsOf } from './side-rows.ts';
import type { Change } from './store.ts';
import {
  type GivenColumn,
  givenColumns,
  SIDE_TABLE_NAMES,
  type SideTable,
  sideColumns,
  type WriteKind,
  type WriteShape,
  writeSql,
} from './write-sql.ts';

const GIVEN: Record<GivenColumn, (change: Change) => unknown> = {
  rtype: (change) => TYPES[change.type],
  id: (change) => change.id,
  ver: (change) => change.version,
  lu: (change) => change.lastUpdated,
  method: (change) => change.method,
  actor: (change) => change.actor,
  body: (change) => change.body,
  self_h: (change) => change.index?.self ?? null,
  tok: (change) => (change.index ? `{${change.index.tokens.join(',')}}` : null),
  previous: (change) => change.previous ?? null,
};

/** Statements made so far, by name: there are only so many shapes. */
const STATEMENTS = new Map<string, string>();

/** Applies the changes that replace what they think they replace, in one statement; answers how many. A change that is not applied leaves no trace. */
export async function write(database: Database, tenant: number, changes: Change[]): Promise<number> {
  if (changes.length === 0) return 0;
  const rows = sideRows(changes);
  const shape = shapeOf(changes, rows);
  const name = `write-${shape.single ? 'one' : 'many'}-${shape.kind}${shape.sides.map((table) => table.slice(2)).join('')}`;
  const sql = STATEMENTS.get(name) ?? writeSql(shape);
  STATEMENTS.set(name, sql);
  const [answer] = await database.query<{ applied: number }>(sql, [tenant, ...givenOf(changes, shape), ...sidesOf(rows, shape)], name);
  return answer!.applied;
}

/** The rows of all changes for each side table; `n`: the change's place, from 1. */
const sideRows = (changes: Change[]): Map<SideTable, SideRow[]> =>
  new Map(
    SIDE_TABLE_NAMES.map((table) => [
      table,
      changes.flatMap(({ index }, at) => (index ? sideRowsOf(table, index).map((row) => ({ n: at + 1, ...row })) : [])),
    ]),
  );

function shapeOf(changes: Change[], rows: Map<SideTable, SideRow[]>): WriteShape {
  const kinds = new Set(changes.map(kindOf));
  const kind = kinds.size === 1 ? [...kinds][0]! : 'mixed';
  return { single: changes.length === 1, kind, sides: SIDE_TABLE_NAMES.filter((table) => rows.get(table)!.length > 0) };
}

function kindOf({ previous, index }: Change): WriteKind {
  if (previous === undefined) return index ? 'create' : 'mixed';
  return index ? 'update' : 'delete';
}

function givenOf(changes: Change[], shape: WriteShape): unknown[] {
  const columns = givenColumns(shape).map((column) => changes.map(GIVEN[column]));
  return shape.single ? columns.map(([value]) => value) : columns;
}

const sidesOf = (rows: Map<SideTable, SideRow[]>, shape: WriteShape): unknown[] =>
  shape.sides.flatMap((table) => sideColumns(table, shape).map((column) => rows.get(table)!.map((row) => row[column])));
