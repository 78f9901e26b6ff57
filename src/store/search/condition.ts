// Conditions as SQL: each a test of one search row (`sx`), side tables by EXISTS, which the planner turns into semi-joins in either direction.
import { hash } from '../../fhir/hash.ts';
import type { Condition, TextTest } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import { storable } from '../resources/storable.ts';
import { compositeTest } from './composite.ts';
import { hierarchyTest } from './hierarchy.ts';
import { nearTest } from './near.ts';
import { parametersTest, parameterTest } from './parameter-test.ts';
import { isRange, type RangeCondition, rangeKey, rangeTest, rowsAt } from './range.ts';
import type { Tested } from './tested-row.ts';
import { hashes, tokenTest } from './tokens.ts';
import { typeTest } from './type-test.ts';

type On = Condition['on'];
type Of<O extends On> = Extract<Condition, { on: O }>;
type Translation<O extends On> = (condition: Of<O>, tested: Tested, binder: Binder) => string;

/** A test that is true for the row exactly when the condition holds. */
function testOf(condition: Condition, tested: Tested, binder: Binder): string {
  return (TRANSLATIONS[condition.on] as Translation<On>)(condition, tested, binder);
}

/** All search rows of these types of the tenant for which all conditions hold: what follows `where`. */
export function testsOf(conditions: Condition[], tested: Tested, binder: Binder): string {
  const { row, types } = tested;
  return [`${row}.tenant_id = ${TENANT}`, typeTest(row, types), ...allTests(conditions, tested, binder)].join(' and ');
}

/** A test per condition, one for all date or number conditions on the same parameter. */
export function allTests(conditions: Condition[], tested: Tested, binder: Binder): string[] {
  const ranges = Map.groupBy(conditions.filter(isRange), rangeKey);
  const others = conditions.filter((condition) => !isRange(condition));
  return [
    ...others.map((condition) => testOf(condition, tested, binder)),
    ...Array.from(ranges.values(), (group) => rangeTest(group, tested, binder)),
  ];
}

const either = (tests: string[]): string => (tests.length ? `(${tests.join(' or ')})` : 'false');
const every = (tests: string[]): string => (tests.length ? `(${tests.join(' and ')})` : 'true');

const eitherHere: Translation<'or'> = ({ any }, tested, binder) => either(any.map((condition) => testOf(condition, tested, binder)));

/**
 * An OR of tests that look into other tables cannot be turned into joins, and would be made row by row. As one test of membership in the union of what
 * each side finds, it can: from the few that are found, or from the few that are tested.
 */
const oneOfSets: Translation<'or'> = ({ any }, { row, types }, binder) => {
  const [q, z] = [binder.alias('q'), binder.alias('z')];
  const sets = any.map((condition) =>
    isPlain(condition)
      ? rowsOf(z, condition, binder)
      : `select ${z}.pid from sx ${z} where ${testsOf([condition], { row: z, types }, binder)}`,
  );
  return `exists (select 1 from (${sets.join(' union all ')}) ${q} where ${q}.pid = ${row}.pid)`;
};

const HERE: ReadonlySet<On> = new Set<On>(['token', 'lastUpdated', 'id', 'type', 'nothing']);

function looksElsewhere(condition: Condition): boolean {
  if (condition.on === 'or') return condition.any.some(looksElsewhere);
  if (condition.on === 'and') return condition.all.some(looksElsewhere);
  return condition.on === 'not' ? looksElsewhere(condition.condition) : !HERE.has(condition.on);
}

/** Some row of a side table belongs to the tested row, is of the parameter, and passes. */
function some(condition: Plain, { row, few }: Tested, binder: Binder): string {
  const x = binder.alias('x');
  const { table, test } = PLAIN[condition.on];
  const [own, met] = [`${ownTest(x, condition)} and ${x}.pid = ${row}.pid`, (test as PlainTest)(x, condition, binder)];
  return `exists (select 1 from ${rowsAt({ table, x, own, met }, few)})`;
}

/** The resources that a test of one table finds. */
export function rowsOf(x: string, condition: Plain, binder: Binder): string {
  const { table, test } = PLAIN[condition.on];
  return `select ${x}.pid from ${table} ${x} where ${ownTest(x, condition)} and ${(test as PlainTest)(x, condition, binder)}`;
}

const ownTest = (x: string, condition: Plain): string => `${x}.tenant_id = ${TENANT} and ${parameterTest(x, condition)}`;

type Plain = Of<'reference'> | Of<'hierarchy'> | Of<'string'> | Of<'composite'> | Of<'near'>;
export const isPlain = (condition: Condition): condition is Plain => Object.hasOwn(PLAIN, condition.on);
/** By whose own rows the type is told: only it has the parameter. */
export const isOwn = (condition: Condition): condition is Plain => isPlain(condition) && !condition.others?.length;
type PlainTest = (x: string, condition: Plain, binder: Binder) => string;

const PLAIN = {
  reference: {
    table: 'sx_ref',
    test: (x: string, { any }: Of<'reference'>, { bind }: Binder) => `${x}.target_h = any(${bind(hashes(any))}::bigint[])`,
  },
  string: {
    table: 'sx_string',
    test: (x: string, { any }: Of<'string'>, binder: Binder) => either(any.map((text) => textTest(x, text, binder))),
  },
  hierarchy: { table: 'sx_ref', test: hierarchyTest },
  composite: { table: 'sx_composite', test: compositeTest },
  near: { table: 'sx_composite', test: nearTest },
};

const ownRange = (condition: RangeCondition, tested: Tested, binder: Binder): string => rangeTest([condition], tested, binder);

const TRANSLATIONS: { [O in On]: Translation<O> } = {
  token: tokenTest,
  reference: some,
  string: some,
  hierarchy: some,
  composite: some,
  near: some,
  date: ownRange,
  number: ownRange,
  lastUpdated: ({ any }, { row }, { bind }) =>
    either(any.map((all) => every(all.map(({ op, at }) => `${row}.lu ${op} ${bind(at)}::timestamptz`)))),
  id: ({ any }, { row, types }, { bind }) => {
    const selves = types.flatMap((type) => any.map((id) => hash(`${type}/${id}`)));
    return `${row}.self_h = any(${bind(hashes(selves))}::bigint[])`;
  },
  type: ({ types }, { row }) => typeTest(row, types),
  chain: ({ parameters, types, where }, { row, few }, binder) => {
    const [f, t] = [binder.alias('f'), binder.alias('t')];
    const edge = `${f}.tenant_id = ${TENANT} and ${f}.pid = ${row}.pid and ${parametersTest(f, parameters)} and ${t}.self_h = ${f}.target_h`;
    return `exists (select 1 from sx_ref ${f}, sx ${t} where ${edge} and ${testsOf(where, { row: t, types, ...(few && { few }) }, binder)}${few ? ' offset 0' : ''})`;
  },
  has: ({ type, parameter, where }, { row, few }, binder) => {
    const [f, t] = [binder.alias('f'), binder.alias('t')];
    const edge = `${f}.tenant_id = ${TENANT} and ${f}.target_h = ${row}.self_h and ${f}.param = ${parameter} and ${t}.pid = ${f}.pid`;
    return `exists (select 1 from sx_ref ${f}, sx ${t} where ${edge} and ${testsOf(where, { row: t, types: [type], ...(few && { few }) }, binder)}${few ? ' offset 0' : ''})`;
  },
  or: (condition, tested, binder) =>
    (!condition.few && !tested.few && condition.any.some(looksElsewhere) ? oneOfSets : eitherHere)(condition, tested, binder),
  and: ({ all }, tested, binder) => every(allTests(all, tested, binder)),
  not: ({ condition }, tested, binder) => `not ${testOf(condition, { ...tested, each: true }, binder)}`,
  nothing: () => 'false',
};

/** `infix` stands in the test where the parameter has it: it lets the substring index serve the test. */
function textTest(x: string, text: TextTest, { bind }: Binder): string {
  if ('equals' in text) return `${x}.norm = ${bind(storable(text.equals))}`;
  if ('among' in text) return `${x}.norm = any(${bind(text.among.map(storable))}::text[])`;
  if ('from' in text) return `${x}.norm >= ${bind(storable(text.from))} and ${x}.norm < ${bind(storable(text.to))}`;
  const part = storable('ends' in text ? text.ends : text.contains).replace(/[\\%_]/g, '\\$&');
  const like = `${x}.norm like ${bind('ends' in text ? `%${part}` : `%${part}%`)}`;
  return text.infix ? `${x}.infix and ${like}` : like;
}
