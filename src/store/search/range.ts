// Builds the SQL of date and number conditions. A row is a range (`from`, `to`). Separate tests of the two ends give the planner bad estimates: each test
// matches about half of all rows, but few rows match both. So conditions on one parameter are tested together on one row, and each test of `to` also gets a
// bound on `from`, which is in the index. The bound is valid because a range does not end before it begins, and because most rows are short (`long` marks the
// others). docs/decisions/0003-search-index-tables.md
import type { Comparison, Condition } from '../../fhir/search/query.ts';
import { type Binder, type ParameterType, TENANT } from '../database/parameter-binder.ts';
import { buildParameterTest } from './row-tests.ts';

export type RangeCondition = Extract<Condition, { on: 'date' | 'number' }>;

interface RangeColumns {
  table: string;
  /** Ends of a row: `from_…` and `to_…`. */
  suffix: string;
  type: ParameterType;
  /** The longest range of a row that is not `long` (see index-tables.ts). */
  short: string;
}

const RANGE_COLUMNS: Record<'date' | 'number' | 'measure', RangeColumns> = {
  date: { table: 'sx_date', suffix: '_at', type: 'timestamptz', short: "interval '24 hours'" },
  number: { table: 'sx_number', suffix: '_n', type: 'numeric', short: '0' },
  measure: { table: 'sx_number', suffix: '_m', type: 'numeric', short: '0' },
};
/** The table and columns that a condition tests. */
export const findRangeColumns = (condition: RangeCondition): RangeColumns =>
  RANGE_COLUMNS[condition.on === 'number' && condition.measure !== undefined ? 'measure' : condition.on];
/** With more combinations of alternatives than this, each condition is tested separately. */
const MOST_COMBINATIONS = 32;

/** Conditions that can be tested on one row have the same key. */
export const toRangeKey = ({ any: _tests, ...row }: RangeCondition): string => JSON.stringify(row);

export const isRange = (condition: Condition): condition is RangeCondition => condition.on === 'date' || condition.on === 'number';

/**
 * The FROM and WHERE clauses that select the rows of an index table that belong to the resource (`own`) and pass a test (`met`). With `few`, the rows of each
 * resource are read first and then tested: `offset 0` keeps the planner from starting with the rows of all resources that pass the test.
 */
export const buildRowsSource = ({ table, x, own, met }: Record<'table' | 'x' | 'own' | 'met', string>, few: boolean | undefined): string =>
  few ? `(select * from ${table} ${x} where ${own} offset 0) ${x} where ${met}` : `${table} ${x} where ${own} and ${met}`;

/** True for the resources that meet all conditions. The conditions must have the same `toRangeKey`. */
export function buildRangeTest(conditions: RangeCondition[], tested: { row: string; few?: true }, binder: Binder): string {
  const combinations = conditions.reduce((product, { any }) => product * any.length, 1);
  if (conditions.length > 1 && combinations > MOST_COMBINATIONS)
    return conditions.map((condition) => buildRangeTest([condition], tested, binder)).join(' and ');
  const x = binder.alias('x');
  const arms = expandCombinations(conditions.map(({ any }) => any)).flatMap((all) =>
    buildBoundedTests(x, all, findRangeColumns(conditions[0]!), binder),
  );
  const tests = conditions.length > 1 ? [...arms, buildSeparateRowsTest(x, conditions, binder)] : arms;
  if (!tests.length) return 'false';
  const [{ table }, own] = [findRangeColumns(conditions[0]!), buildOwnTest(x, tested.row, conditions[0]!, binder)];
  return `exists (select 1 from ${buildRowsSource({ table, x, own, met: `(${tests.join(' or ')})` }, tested.few)})`;
}

const buildOwnTest = (x: string, row: string, condition: RangeCondition, binder: Binder): string =>
  `${x}.tenant_id = ${TENANT} and ${x}.pid = ${row}.pid and ${buildParameterTest(x, condition)}${buildUnitTest(x, condition, binder)}`;

function buildUnitTest(x: string, condition: RangeCondition, { bind }: Binder): string {
  if (condition.on === 'date') return '';
  if (condition.measure !== undefined) return ` and ${x}.measure_h = ${bind(condition.measure, 'bigint')}`;
  if (condition.unit === undefined) return '';
  const unit = bind(condition.unit, 'bigint');
  return ` and (${x}.unit_h = ${unit} or ${x}.label_h = ${unit})`;
}

/** Converts an AND of ORs of ANDs into an OR of ANDs. */
const expandCombinations = (lists: Comparison[][][]): Comparison[][] =>
  lists.reduce<Comparison[][]>((done, any) => done.flatMap((all) => any.map((more) => [...all, ...more])), [[]]);

/** The tests of one combination. For each bound on `to`, adds the corresponding bound on `from`. */
function buildBoundedTests(x: string, all: Comparison[], side: RangeColumns, binder: Binder): string[] {
  const { suffix, type, short } = side;
  const from = `${x}.from${suffix}`;
  const tests = all.map((comparison) => buildComparison(x, comparison, side, binder));
  const bound = (column: Comparison['column'], direction: string) =>
    all.find((comparison) => comparison.column === column && comparison.op.startsWith(direction));
  const [end, beginning] = [bound('to', '<'), bound('to', '>')];
  if (end && !bound('from', '<')) tests.push(`${from} <= ${binder.bind(end.at, type)}`);
  if (!beginning || bound('from', '>')) return [buildAnd(tests)];
  const earliest = `${binder.bind(beginning.at, type)} - ${short}`;
  return [buildAnd([...tests, `${from} >= ${earliest}`]), buildAnd([...tests, `${x}.long`, `${from} < ${earliest}`])];
}

/**
 * If a resource has several rows of the parameter (not `lone`), different rows may meet the conditions. `offset 0` keeps the planner from collecting the rows
 * of all resources first, because only a few resources need this test.
 */
function buildSeparateRowsTest(x: string, [first, ...others]: RangeCondition[], binder: Binder): string {
  const elsewhere = others.map((condition) => {
    const y = binder.alias('y');
    const met = buildAlternatives(y, condition, binder);
    return `exists (select 1 from ${findRangeColumns(condition).table} ${y} where ${buildOwnTest(y, x, condition, binder)} and ${met} offset 0)`;
  });
  return buildAnd([`not ${x}.lone`, buildAlternatives(x, first!, binder), ...elsewhere]);
}

const buildAlternatives = (x: string, condition: RangeCondition, binder: Binder): string =>
  condition.any.length
    ? `(${condition.any.map((all) => buildAnd(all.map((comparison) => buildComparison(x, comparison, findRangeColumns(condition), binder)))).join(' or ')})`
    : 'false';

const buildComparison = (x: string, { column, op, at }: Comparison, { suffix, type }: RangeColumns, { bind }: Binder): string =>
  `${x}.${column}${suffix} ${op} ${bind(at, type)}`;

const buildAnd = (tests: string[]): string => (tests.length ? `(${tests.join(' and ')})` : 'true');
