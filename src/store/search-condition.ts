// Conditions as SQL: each a test of one search row (`sx`), side tables by EXISTS, which the planner turns into semi-joins in either direction.
import { hash } from '../fhir/hash.ts';
import type { Condition } from '../fhir/query.ts';
import { type ServedType, TYPES } from '../fhir/types.ts';
import { type Binder, TENANT } from './binder.ts';
import { isRange, type RangeCondition, rangeKey, rangeTest } from './search-range.ts';
import { storable } from './storable.ts';

/** The search row under test: its alias, and the types it may have. */
export interface Tested {
  row: string;
  types: ServedType[];
}

type On = Condition['on'];
type Of<O extends On> = Extract<Condition, { on: O }>;
type Translation<O extends On> = (condition: Of<O>, tested: Tested, binder: Binder) => string;

/** A test that is true for the row exactly when the condition holds. */
export function testOf(condition: Condition, tested: Tested, binder: Binder): string {
  return (TRANSLATIONS[condition.on] as Translation<On>)(condition, tested, binder);
}

/** All search rows of these types of the tenant for which all conditions hold: what follows `where`. */
export function testsOf(conditions: Condition[], tested: Tested, binder: Binder): string {
  const { row, types } = tested;
  return [`${row}.tenant_id = ${TENANT}`, typeTest(row, types), ...allTests(conditions, tested, binder)].join(' and ');
}

/** A test per condition, one for all date or number conditions on the same parameter. */
function allTests(conditions: Condition[], tested: Tested, binder: Binder): string[] {
  const ranges = Map.groupBy(conditions.filter(isRange), rangeKey);
  const others = conditions.filter((condition) => !isRange(condition));
  return [
    ...others.map((condition) => testOf(condition, tested, binder)),
    ...Array.from(ranges.values(), (group) => rangeTest(group, tested.row, binder)),
  ];
}

/** `rtype` is compared as smallint: the token index knows no other equality. */
export const typeTest = (row: string, types: ServedType[]): string =>
  types.length === 1 ? `${row}.rtype = ${TYPES[types[0]!]}::smallint` : `${row}.rtype = any(${typeNumbers(types)})`;

export const typeNumbers = (types: ServedType[]): string => `array[${types.map((type) => TYPES[type]).join(', ')}]::smallint[]`;

/** int8 values go as texts and in one array literal, which both drivers send alike. */
export const hashes = (values: string[]): string => `{${values.join(',')}}`;

const either = (tests: string[]): string => (tests.length ? `(${tests.join(' or ')})` : 'false');
const every = (tests: string[]): string => (tests.length ? `(${tests.join(' and ')})` : 'true');

/** Some row of a side table belongs to the tested row, is of the parameter, and passes. */
function some(table: string, { parameter }: { parameter: number }, { row }: Tested, binder: Binder, test: (x: string) => string): string {
  const x = binder.alias('x');
  const own = `${x}.tenant_id = ${TENANT} and ${x}.pid = ${row}.pid and ${x}.param = ${binder.bind(parameter)}`;
  return `exists (select 1 from ${table} ${x} where ${own} and ${test(x)})`;
}

const ownRange = (condition: RangeCondition, { row }: Tested, binder: Binder): string => rangeTest([condition], row, binder);

const TRANSLATIONS: { [O in On]: Translation<O> } = {
  token: ({ any }, { row }, { bind }) => (any.length ? `${row}.tok && ${bind(hashes(any))}::bigint[]` : 'false'),
  reference: (condition, tested, binder) =>
    some('sx_ref', condition, tested, binder, (x) => `${x}.target_h = any(${binder.bind(hashes(condition.any))}::bigint[])`),
  string: (condition, tested, binder) =>
    some('sx_string', condition, tested, binder, (x) => either(condition.any.map((text) => textTest(x, text, binder)))),
  date: ownRange,
  number: ownRange,
  lastUpdated: ({ any }, { row }, { bind }) =>
    either(any.map((all) => every(all.map(({ op, at }) => `${row}.lu ${op} ${bind(at)}::timestamptz`)))),
  id: ({ any }, { row, types }, { bind }) => {
    const selves = types.flatMap((type) => any.map((id) => hash(`${type}/${id}`)));
    return `${row}.self_h = any(${bind(hashes(selves))}::bigint[])`;
  },
  chain: ({ parameter, types, where }, { row }, binder) => {
    const [f, t] = [binder.alias('f'), binder.alias('t')];
    const edge = `${f}.tenant_id = ${TENANT} and ${f}.pid = ${row}.pid and ${f}.param = ${binder.bind(parameter)} and ${t}.self_h = ${f}.target_h`;
    return `exists (select 1 from sx_ref ${f}, sx ${t} where ${edge} and ${testsOf(where, { row: t, types }, binder)})`;
  },
  has: ({ type, parameter, where }, { row }, binder) => {
    const [f, t] = [binder.alias('f'), binder.alias('t')];
    const edge = `${f}.tenant_id = ${TENANT} and ${f}.target_h = ${row}.self_h and ${f}.param = ${binder.bind(parameter)} and ${t}.pid = ${f}.pid`;
    return `exists (select 1 from sx_ref ${f}, sx ${t} where ${edge} and ${testsOf(where, { row: t, types: [type] }, binder)})`;
  },
  or: ({ any }, tested, binder) => either(any.map((condition) => testOf(condition, tested, binder))),
  and: ({ all }, tested, binder) => every(allTests(all, tested, binder)),
  not: ({ condition }, tested, binder) => `not ${testOf(condition, tested, binder)}`,
  nothing: () => 'false',
};

/** `infix` stands in the test where the parameter has it: it lets the substring index serve the test. */
function textTest(x: string, text: Of<'string'>['any'][number], { bind }: Binder): string {
  if ('equals' in text) return `${x}.norm = ${bind(storable(text.equals))}`;
  if ('from' in text) return `${x}.norm >= ${bind(storable(text.from))} and ${x}.norm < ${bind(storable(text.to))}`;
  const like = `${x}.norm like ${bind(`%${storable(text.contains).replace(/[\\%_]/g, '\\$&')}%`)}`;
  return text.infix ? `${x}.infix and ${like}` : like;
}
