// Builds the SQL of conditions. Each condition is a test of one search row (`sx`). Index tables are tested with EXISTS, which the planner can turn into
// semi-joins in either direction.
import { hash } from '../../fhir/hash.ts';
import type { Condition, TextTest, WordTest } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import { toStorableText } from '../database/values.ts';
import { buildCompositeTest, buildNearTest } from './composite.ts';
import { buildHierarchyTest } from './hierarchy.ts';
import { buildRangeTest, buildRowsSource, isRange, type RangeCondition, toRangeKey } from './range.ts';
import type { TestedRow } from './row-tests.ts';
import { buildParametersTest, buildParameterTest, buildTypeTest } from './row-tests.ts';
import { buildTextRowsTest } from './shared-texts.ts';
import { buildTokenTest, toBigintArray } from './tokens.ts';

type On = Condition['on'];
type Of<O extends On> = Extract<Condition, { on: O }>;
type Translation<O extends On> = (condition: Of<O>, tested: TestedRow, binder: Binder) => string;

/** A test that is true for the row exactly when the condition holds. */
function buildTest(condition: Condition, tested: TestedRow, binder: Binder): string {
  // TypeScript does not see that the entry under `condition.on` takes a condition of that kind
  return (TRANSLATIONS[condition.on] as Translation<On>)(condition, tested, binder);
}

/** The WHERE clause that selects the tenant's search rows of these types that meet all conditions. */
export function buildConditions(conditions: Condition[], tested: TestedRow, binder: Binder): string {
  const { row, types } = tested;
  return [`${row}.tenant_id = ${TENANT}`, buildTypeTest(row, types), ...buildTests(conditions, tested, binder)].join(' and ');
}

/** One test for each condition, but a single test for all date or number conditions on the same parameter. */
export function buildTests(conditions: Condition[], tested: TestedRow, binder: Binder): string[] {
  const ranges = Map.groupBy(conditions.filter(isRange), toRangeKey);
  const others = conditions.filter((condition) => !isRange(condition));
  return [
    ...others.map((condition) => buildTest(condition, tested, binder)),
    ...Array.from(ranges.values(), (group) => buildRangeTest(group, tested, binder)),
  ];
}

const buildOr = (tests: string[]): string => (tests.length ? `(${tests.join(' or ')})` : 'false');
const buildAnd = (tests: string[]): string => (tests.length ? `(${tests.join(' and ')})` : 'true');

const buildAlternatives: Translation<'or'> = ({ any }, tested, binder) =>
  buildOr(any.map((condition) => buildTest(condition, tested, binder)));

/**
 * The planner cannot turn an OR of tests on other tables into joins, and would run the tests for each row. It can turn one test of membership in the union of
 * all results into a join, and start from the side with fewer rows.
 */
const buildUnionMembership: Translation<'or'> = ({ any }, { row, types }, binder) => {
  const [q, z] = [binder.alias('q'), binder.alias('z')];
  const sets = any.map((condition) =>
    isSingleTable(condition)
      ? buildRowsSql(z, condition, binder)
      : `select ${z}.pid from sx ${z} where ${buildConditions([condition], { row: z, types }, binder)}`,
  );
  return `exists (select 1 from (${sets.join(' union all ')}) ${q} where ${q}.pid = ${row}.pid)`;
};

const IN_SEARCH_ROW: ReadonlySet<On> = new Set<On>(['token', 'lastUpdated', 'id', 'type', 'nothing']);

function readsOtherTables(condition: Condition): boolean {
  if (condition.on === 'or') return condition.any.some(readsOtherTables);
  if (condition.on === 'and') return condition.all.some(readsOtherTables);
  return condition.on === 'not' ? readsOtherTables(condition.condition) : !IN_SEARCH_ROW.has(condition.on);
}

/** True if an index table has a row of the tested resource and the parameter that passes the test. */
function buildSideTableTest(condition: SingleTableCondition, { row, few }: TestedRow, binder: Binder): string {
  const x = binder.alias('x');
  const { table, test } = SINGLE_TABLE_TESTS[condition.on];
  // as in `buildTest`: the entry under `condition.on` takes a condition of that kind
  const [own, met] = [`${buildOwnTest(x, condition)} and ${x}.pid = ${row}.pid`, (test as SingleTableTest)(x, condition, binder)];
  return `exists (select 1 from ${buildRowsSource({ table, x, own, met }, few)})`;
}

/** Selects the resources (`pid`) that a test of one table finds. */
export function buildRowsSql(x: string, condition: SingleTableCondition, binder: Binder): string {
  const { table, test } = SINGLE_TABLE_TESTS[condition.on];
  // as in `buildTest`: the entry under `condition.on` takes a condition of that kind
  return `select ${x}.pid from ${table} ${x} where ${buildOwnTest(x, condition)} and ${(test as SingleTableTest)(x, condition, binder)}`;
}

const buildOwnTest = (x: string, condition: SingleTableCondition): string =>
  `${x}.tenant_id = ${TENANT} and ${condition.on === 'string' ? buildTextRowsTest(x, condition) : buildParameterTest(x, condition)}`;

type SingleTableCondition = Of<'reference'> | Of<'hierarchy'> | Of<'string'> | Of<'text'> | Of<'composite'> | Of<'near'>;
export const isSingleTable = (condition: Condition): condition is SingleTableCondition => Object.hasOwn(SINGLE_TABLE_TESTS, condition.on);
/** Whether the rows of the condition imply the resource type, because only one type has the parameter. */
export const hasOwnParameter = (condition: Condition): condition is SingleTableCondition =>
  isSingleTable(condition) && !condition.others?.length;
type SingleTableTest = (x: string, condition: SingleTableCondition, binder: Binder) => string;

const SINGLE_TABLE_TESTS = {
  reference: {
    table: 'sx_ref',
    test: (x: string, { any }: Of<'reference'>, { bind }: Binder) => `${x}.target_h = any(${bind(toBigintArray(any), 'bigint[]')})`,
  },
  string: {
    table: 'sx_string',
    test: (x: string, { any }: Of<'string'>, binder: Binder) => buildOr(any.map((text) => buildTextTest(x, text, binder))),
  },
  text: {
    table: 'sx_text',
    test: (x: string, { words }: Of<'text'>, binder: Binder) => `${x}.words @@ (${buildWordQuery(words, binder)})`,
  },
  hierarchy: { table: 'sx_ref', test: buildHierarchyTest },
  composite: { table: 'sx_composite', test: buildCompositeTest },
  near: { table: 'sx_composite', test: buildNearTest },
};

const buildRange = (condition: RangeCondition, tested: TestedRow, binder: Binder): string => buildRangeTest([condition], tested, binder);

const TRANSLATIONS: { [O in On]: Translation<O> } = {
  token: buildTokenTest,
  reference: buildSideTableTest,
  string: buildSideTableTest,
  text: buildSideTableTest,
  hierarchy: buildSideTableTest,
  composite: buildSideTableTest,
  near: buildSideTableTest,
  date: buildRange,
  number: buildRange,
  lastUpdated: ({ any }, { row }, { bind }) =>
    buildOr(any.map((all) => buildAnd(all.map(({ op, at }) => `${row}.lu ${op} ${bind(at, 'timestamptz')}`)))),
  id: ({ any }, { row, types }, { bind }) => {
    const selves = types.flatMap((type) => any.map((id) => hash(`${type}/${id}`)));
    return `${row}.self_h = any(${bind(toBigintArray(selves), 'bigint[]')})`;
  },
  type: ({ types }, { row }) => buildTypeTest(row, types),
  chain: ({ parameters, types, where }, { row, few }, binder) => {
    const [f, t] = [binder.alias('f'), binder.alias('t')];
    const edge = `${f}.tenant_id = ${TENANT} and ${f}.pid = ${row}.pid and ${buildParametersTest(f, parameters)} and ${t}.self_h = ${f}.target_h`;
    return `exists (select 1 from sx_ref ${f}, sx ${t} where ${edge} and ${buildConditions(where, { row: t, types, ...(few && { few }) }, binder)}${few ? ' offset 0' : ''})`;
  },
  has: ({ type, parameter, where }, { row, few }, binder) => {
    const [f, t] = [binder.alias('f'), binder.alias('t')];
    const edge = `${f}.tenant_id = ${TENANT} and ${f}.target_h = ${row}.self_h and ${f}.param = ${parameter} and ${t}.pid = ${f}.pid`;
    return `exists (select 1 from sx_ref ${f}, sx ${t} where ${edge} and ${buildConditions(where, { row: t, types: [type], ...(few && { few }) }, binder)}${few ? ' offset 0' : ''})`;
  },
  or: (condition, tested, binder) =>
    (!condition.few && !tested.few && condition.any.some(readsOtherTables) ? buildUnionMembership : buildAlternatives)(
      condition,
      tested,
      binder,
    ),
  and: ({ all }, tested, binder) => buildAnd(buildTests(all, tested, binder)),
  not: ({ condition }, tested, binder) => `not ${buildTest(condition, { ...tested, each: true }, binder)}`,
  nothing: () => 'false',
};

/** The words are parsed as in the index ('simple'). https://www.postgresql.org/docs/current/textsearch-controls.html#TEXTSEARCH-PARSING-QUERIES */
function buildWordQuery(test: WordTest, binder: Binder): string {
  if ('phrase' in test) return `phraseto_tsquery('simple', ${binder.bind(toStorableText(test.phrase), 'text')})`;
  if ('not' in test) return `!!(${buildWordQuery(test.not, binder)})`;
  const [tests, operator] = 'all' in test ? [test.all, ' && '] : [test.any, ' || '];
  return tests.map((inner) => `(${buildWordQuery(inner, binder)})`).join(operator);
}

/** The test includes `infix` if the parameter has it, so that the substring index can be used. */
function buildTextTest(x: string, text: TextTest, { bind }: Binder): string {
  if ('equals' in text) {
    const spelling = text.spelling === undefined ? '' : ` and ${x}.spelling = ${bind(text.spelling, 'int')}`;
    return `${x}.norm = ${bind(toStorableText(text.equals), 'text')}${spelling}`;
  }
  if ('among' in text) return `${x}.norm = any(${bind(text.among.map(toStorableText), 'text[]')})`;
  if ('from' in text)
    return `${x}.norm >= ${bind(toStorableText(text.from), 'text')} and ${x}.norm < ${bind(toStorableText(text.to), 'text')}`;
  const part = toStorableText('ends' in text ? text.ends : text.contains).replace(/[\\%_]/g, '\\$&');
  const like = `${x}.norm like ${bind('ends' in text ? `%${part}` : `%${part}%`, 'text')}`;
  return text.infix ? `${x}.infix and ${like}` : like;
}
