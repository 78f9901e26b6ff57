// Date and number conditions as SQL. A row is a range, and tests of its two ends tell the planner little: each half of a period matches half of all
// rows, and their meeting is what is rare. So conditions on one parameter are tested together on one row, and every test gets a bound on `from`,
// which the index has: rows are short (`long` says which are not), and a range never ends before it begins. docs/decisions/0003-search-index-tables.md
import type { Comparison, Condition } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import { buildParameterTest } from './row-tests.ts';

export type RangeCondition = Extract<Condition, { on: 'date' | 'number' }>;

interface RangeColumns {
  table: string;
  /** Ends of a row: `from_…` and `to_…`. */
  suffix: string;
  type: string;
  /** A row is `long` when it ends later than this after its beginning: as index-tables.ts has it. */
  short: string;
}

const RANGE_COLUMNS: Record<'date' | 'number' | 'measure', RangeColumns> = {
  date: { table: 'sx_date', suffix: '_at', type: 'timestamptz', short: "interval '24 hours'" },
  number: { table: 'sx_number', suffix: '_n', type: 'numeric', short: '0' },
  measure: { table: 'sx_number', suffix: '_m', type: 'numeric', short: '0' },
};
/** Where the values of a condition stand. */
export const findRangeColumns = (condition: RangeCondition): RangeColumns =>
  RANGE_COLUMNS[condition.on === 'number' && condition.measure !== undefined ? 'measure' : condition.on];
/** More combinations than this are not multiplied out: the conditions are then tested each by itself. */
const MOST_COMBINATIONS = 32;

/** Conditions that can be tested on one row have the same key. */
export const toRangeKey = ({ any: _tests, ...row }: RangeCondition): string => JSON.stringify(row);

export const isRange = (condition: Condition): condition is RangeCondition => condition.on === 'date' || condition.on === 'number';

/**
 * What follows `from`: the rows of a side table that are a resource's own and meet a test. Of `few` resources each fetches its own and then tests them: `offset 0`
 * keeps the planner from beginning with all that meet the test, of whatever resource.
 */
export const buildRowsSource = ({ table, x, own, met }: Record<'table' | 'x' | 'own' | 'met', string>, few: boolean | undefined): string =>
  few ? `(select * from ${table} ${x} where ${own} offset 0) ${x} where ${met}` : `${table} ${x} where ${own} and ${met}`;

/** True for the resources that meet all of the conditions, which have one key. */
export function buildRangeTest(conditions: RangeCondition[], tested: { row: string; few?: true }, binder: Binder): string {
  const combinations = conditions.reduce((product, { any }) => product * any.length, 1);
  if (conditions.length > 1 && combinations > MOST_COMBINATIONS)
    return conditions.map((one) => buildRangeTest([one], tested, binder)).join(' and ');
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
  if (condition.measure !== undefined) return ` and ${x}.measure_h = ${bind(condition.measure)}`;
  if (condition.unit === undefined) return '';
  const unit = bind(condition.unit);
  return ` and (${x}.unit_h = ${unit} or ${x}.label_h = ${unit})`;
}

/** AND of ORs of ANDs → OR of ANDs. */
const expandCombinations = (lists: Comparison[][][]): Comparison[][] =>
  lists.reduce<Comparison[][]>((done, any) => done.flatMap((all) => any.map((more) => [...all, ...more])), [[]]);

/** The tests of one combination, with a bound on `from` from above and from below wherever there is one on `to`. */
function buildBoundedTests(x: string, all: Comparison[], side: RangeColumns, binder: Binder): string[] {
  const { suffix, type, short } = side;
  const from = `${x}.from${suffix}`;
  const tests = all.map((comparison) => buildComparison(x, comparison, side, binder));
  const bound = (column: Comparison['column'], direction: string) =>
    all.find((one) => one.column === column && one.op.startsWith(direction));
  const [end, beginning] = [bound('to', '<'), bound('to', '>')];
  if (end && !bound('from', '<')) tests.push(`${from} <= ${binder.bind(end.at)}::${type}`);
  if (!beginning || bound('from', '>')) return [buildAnd(tests)];
  const earliest = `${binder.bind(beginning.at)}::${type} - ${short}`;
  return [buildAnd([...tests, `${from} >= ${earliest}`]), buildAnd([...tests, `${x}.long`, `${from} < ${earliest}`])];
}

/**
 * Where a resource has several rows (`lone` says which have not), each condition may be met by another one. `offset 0` keeps the planner from
 * gathering the rows of all resources beforehand: few resources come so far.
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
  `${x}.${column}${suffix} ${op} ${bind(at)}::${type}`;

const buildAnd = (tests: string[]): string => (tests.length ? `(${tests.join(' and ')})` : 'true');
