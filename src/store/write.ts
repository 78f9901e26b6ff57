// Writing changes: what they are in the parameters of the writing statement.
import type { IndexRows } from '../fhir/index-rows.ts';
import { TYPES } from '../fhir/types.ts';
import type { Database } from './database.ts';
import { storable } from './storable.ts';
import type { Change } from './store.ts';
import { GIVEN_COLUMNS, type GivenColumn, SIDE_TABLE_NAMES, type SideTable, type WriteShape, writeSql } from './write-sql.ts';

/** How each kind of index row stands in its side table. */
const SIDES: Record<SideTable, (index: IndexRows) => object[]> = {
  sx_ref: (index) => index.references.map((row) => ({ param: row.parameter, target_h: row.target })),
  sx_string: (index) =>
    index.strings.map((row) => ({ param: row.parameter, norm: storable(row.norm), low: row.low, high: row.high, infix: row.infix })),
  sx_date: (index) => index.dates.map((row) => ({ param: row.parameter, from_at: row.from, to_at: row.to, low: row.low, high: row.high })),
  sx_number: (index) =>
    index.numbers.map((row) => ({ param: row.parameter, unit_h: row.unit, from_n: row.from, to_n: row.to, low: row.low, high: row.high })),
};

const STATEMENTS = new Map<string, { sql: string; name: string }>();

/** Applies the changes that replace what they think they replace, in one statement; answers how many. A change that is not applied leaves no trace. */
export async function write(database: Database, tenant: number, changes: Change[]): Promise<number> {
  if (changes.length === 0) return 0;
  const shape = { single: changes.length === 1, creates: changes.every(isCreate) };
  const { sql, name } = statementOf(shape);
  const [answer] = await database.query<{ applied: number }>(sql, [tenant, ...parametersOf(changes, shape)], name);
  return answer!.applied;
}

const isCreate = (change: Change): boolean => change.previous === undefined && change.body !== null;

function statementOf(shape: WriteShape): { sql: string; name: string } {
  const name = `write-${shape.single ? 'one' : 'many'}-${shape.creates ? 'new' : 'any'}`;
  const statement = STATEMENTS.get(name) ?? { sql: writeSql(shape), name };
  STATEMENTS.set(name, statement);
  return statement;
}

function parametersOf(changes: Change[], { single }: WriteShape): unknown[] {
  const rows = changes.map(columnsOf);
  const given = single ? GIVEN_COLUMNS.map((column) => rows[0]![column]) : [JSON.stringify(rows.map((row, n) => ({ n, ...row })))];
  return [...given, ...SIDE_TABLE_NAMES.map((table) => sideRows(changes, table))];
}

const columnsOf = (change: Change): Record<GivenColumn, unknown> => ({
  rtype: TYPES[change.type],
  id: change.id,
  ver: change.version,
  previous: change.previous ?? null,
  lu: change.lastUpdated,
  method: change.method,
  actor: change.actor,
  body: change.body,
  self_h: change.index?.self ?? null,
  tok: change.index ? `{${change.index.tokens.join(',')}}` : null,
});

const sideRows = (changes: Change[], table: SideTable): string =>
  JSON.stringify(changes.flatMap((change, n) => (change.index ? SIDES[table](change.index).map((row) => ({ n, ...row })) : [])));
