// Bounds on the sort value, for a condition on the parameter by which a search is sorted. The index of the sort values is then read in order between the
// bounds until the page is full, instead of collecting and sorting all matches. docs/decisions/0004-search-query-plans.md
//
// A bound does not replace a test: each condition is still tested. A match may have its sort row out of bounds, because the resource matches by another row, or
// because a long range begins before the period. Such matches are few, have their own indexes, and are read in addition.
import type { Comparison, Condition, SortKey, TextCondition } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import { toStorableText } from '../database/values.ts';
import { findRangeColumns, type RangeCondition } from './range.ts';
import { buildSortRowTest, buildTextRowsTest } from './shared-texts.ts';
import type { SortColumn } from './sort-value.ts';

type Bounding = RangeCondition | TextCondition;

/** Whether a condition tests the values of this sort key. */
export function isBounding(condition: Condition, key: SortKey | undefined): condition is Bounding {
  if (!key || !('parameter' in key) || !('parameter' in condition) || condition.parameter !== key.parameter) return false;
  if ('others' in condition && condition.others?.length) return false;
  if (condition.on === 'number') return key.by === (condition.measure === undefined ? 'number' : 'quantity');
  return (condition.on === 'date' || condition.on === 'string') && key.by === condition.on;
}

/** Tests of the sort row. Each match passes exactly one of them. Empty if the conditions give no bound, or if there is a gap between their bounds. */
export function buildBounds(conditions: Bounding[], column: SortColumn, binder: Binder): string[] {
  const [first] = conditions;
  if (!first) return [];
  // all conditions are on the same parameter, so they are all of the kind of the first
  return first.on === 'string' ? buildTextBounds(first, column, binder) : buildRangeBounds(conditions as RangeCondition[], column, binder);
}

/** Whether the conditions, all on one parameter, bound its values on at least one side, without a gap between the bounds. */
export function hasRangeBounds(conditions: RangeCondition[]): boolean {
  const spans = conditions.map(findRangeSpan);
  return spans.some(({ begins, ends }) => begins || ends) && !spans.some((span, index) => hasGap(span, conditions[index]!));
}

const hasGap = ({ begins, ends }: RangeSpan, { any }: RangeCondition): boolean =>
  begins !== undefined && ends !== undefined && any.length > 1;

/** Three tests: within the bounds; outside the bounds, and the resource has several rows; before the bounds, and long enough to end within them. */
function buildRangeBounds(conditions: RangeCondition[], { sql, row }: SortColumn, { bind }: Binder): string[] {
  const { suffix, type, short } = findRangeColumns(conditions[0]!);
  const at = (value: string): string => bind(value, type);
  if (!hasRangeBounds(conditions)) return [];
  const spans = conditions.map(findRangeSpan);
  const start = ({ at: value, late }: Begin): string => (late ? `${at(value)} - ${short}` : at(value));
  const lower = buildExtreme(
    'greatest',
    spans.flatMap(({ begins }) => buildExtreme('least', begins?.map(start)) ?? []),
  );
  const upper = buildExtreme(
    'least',
    spans.flatMap(({ ends }) => buildExtreme('greatest', ends?.map(at)) ?? []),
  );
  const late = spans.flatMap(({ begins = [] }) => begins.filter((begin) => begin.late).map((begin) => at(begin.at)));
  const [inside, before, after] = [
    [...(lower ? [`${sql} >= ${lower}`] : []), ...(upper ? [`${sql} <= ${upper}`] : [])],
    lower ? [`${sql} < ${lower}`] : [],
    upper ? [`${sql} > ${upper}`] : [],
  ];
  return [
    inside.join(' and '),
    `not ${row}.lone and (${[...before, ...after].join(' or ')})`,
    ...(late.length ? [`${row}.lone and ${row}.long and ${before} and ${row}.to${suffix} >= ${buildExtreme('least', late)}`] : []),
  ];
}

/** `late`: `at` is a bound on the end. A range that is not `long` begins at most `short` earlier. */
interface Begin {
  at: string;
  late: boolean;
}

interface RangeSpan {
  begins?: Begin[];
  ends?: string[];
}

/** For each alternative of a condition, the earliest and the latest begin of ranges that are not long. Absent if one alternative has no such bound. */
function findRangeSpan({ any }: RangeCondition): RangeSpan {
  const found = (tests: Comparison[], column: Comparison['column'], direction: '<' | '>') =>
    tests.find((test) => test.column === column && test.op.startsWith(direction))?.at;
  const begins = any.flatMap((tests): Begin[] => {
    const [from, to] = [found(tests, 'from', '>'), found(tests, 'to', '>')];
    if (from !== undefined) return [{ at: from, late: false }];
    return to === undefined ? [] : [{ at: to, late: true }];
  });
  const ends = any.flatMap((tests) => found(tests, 'from', '<') ?? found(tests, 'to', '<') ?? []);
  return { ...(begins.length === any.length && { begins }), ...(ends.length === any.length && { ends }) };
}

/** Two tests: within the bounds; outside the bounds, but another text of the resource is within. The second kind is collected first, because it is sparse in the sort order. */
function buildTextBounds({ any, on: _on, ...of }: TextCondition, { sql, row, descending }: SortColumn, binder: Binder): string[] {
  const [test, ...others] = any;
  if (!test || others.length || !('from' in test)) return [];
  const [from, to] = [binder.bind(toStorableText(test.from), 'text'), binder.bind(toStorableText(test.to), 'text')];
  const o = binder.alias('o');
  const shared = of.shared?.find(({ isOrdered }) => !isOrdered);
  const key = { by: 'string' as const, parameter: of.parameter, descending, ...(shared && { shared }) };
  const another = `${o}.tenant_id = ${TENANT} and ${buildTextRowsTest(o, of)} and not (${buildSortRowTest(o, key)}) and ${o}.norm >= ${from} and ${o}.norm < ${to}`;
  return [
    `${sql} >= ${from} and ${sql} < ${to}`,
    `(${sql} < ${from} or ${sql} >= ${to}) and ${row}.pid = any(array(select ${o}.pid from sx_string ${o} where ${another}))`,
  ];
}

function buildExtreme(extreme: 'least' | 'greatest', values: string[] = []): string | undefined {
  return values.length > 1 ? `${extreme}(${values.join(', ')})` : values[0];
}
