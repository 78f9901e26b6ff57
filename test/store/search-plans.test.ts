// Explains every search (each parameter of each type in every form, prefix and modifier; chains, _has, sorts, filters, includes, compartments) on a small store
// with sequential scans switched off: an index condition finds the rows by the value, except for the searches in docs/search-plans.md, which have a reason.
import { readFileSync } from 'node:fs';
import { terminology } from '../../scripts/plans/asks.ts';
import { walksIn } from '../../scripts/plans/judge.ts';
import { countsOf, resourceOf } from '../../scripts/plans/population.ts';
import { type Question, questionsOf } from '../../scripts/plans/questions.ts';
import { isUnconditional, listed, SCANS, tableOfScans, unserved } from '../../scripts/plans/scans.ts';
import { type Asked, statementsOf } from '../../scripts/plans/statements.ts';
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { listModifiers } from '../../src/fhir/search/allowed-modifiers.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { PREFIXES } from '../../src/fhir/search/search-value.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';
import type { Database } from '../../src/store/database/database.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import { onOneNode, openTestStore, type TestStore } from './open.ts';

/** Kinds that no parameter of R4's served types has: a number, and strings with an index of substrings. */
const OWN = [
  { code: 'birth-order', base: ['Patient'], type: 'number', expression: 'Patient.multipleBirth as integer' },
  { code: 'any-name', base: ['Patient'], type: 'string', expression: 'Patient.name.family', modifier: ['contains'] },
  { code: 'name-in-use', base: ['Patient'], type: 'string', expression: "Patient.name.where(use != 'old')", modifier: ['contains'] },
];
const registry = buildRegistry(OWN, terminology);
// Not lists of hundreds: of a few dozen rows the quickest way to them is to read all. search-limits.test.ts has those.
const questions = questionsOf(registry).filter(({ name }) => !name.includes('hundreds'));

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  const counts = countsOf(1200, 40);
  const changes = [...counts].flatMap(([type, count]) =>
    Array.from({ length: count }, (_one, number): ResourceChange => {
      const resource = resourceOf(type, number, counts);
      const lastUpdated = new Date(Date.UTC(2026, 0, 1, 0, 0, number)).toISOString();
      return {
        type,
        id: resource.id!,
        version: 1,
        lastUpdated,
        method: 'POST',
        actor: 'key',
        body: '{}',
        index: buildIndexRows(resource, registry),
      };
    }),
  );
  for (let from = 0; from < changes.length; from += 400) await test.store.write(1, changes.slice(from, from + 400));
  // nobody else looks at the tables while plans are made of what is known of them
  for (const { name } of await test.database.query<{ name: string }>(
    "select format('%I', relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  ))
    await test.database.script(`alter table ${name} set (autovacuum_enabled = off)`);
  await test.database.script('analyze');
});
afterAll(() => test.close());

/** One statement of each shape: parameters and types of the same kind make the same, but for their numbers. */
async function shapes(): Promise<Asked[]> {
  const found = new Map<string, Asked>();
  for (const question of questions)
    for (const statement of await statementsOf(question, registry)) {
      const shape = statement.sql
        .replace(/\d{4,}/g, 'n')
        .replace(/rtype = \d+/g, 'rtype = n')
        .replace(/(array\[|'\{)[n\d, ]*/g, '$1n');
      // what leads is asked alike by many
      const key = statement.part === 'led' ? shape : `${question.name} ${statement.part} ${shape}`;
      if (!found.has(key)) found.set(key, statement);
    }
  return [...found.values()];
}

/**
 * How many times as many rows the planner takes the tables for: with a few dozen of a type or parameter, reading them all would be the quickest way. A search of all
 * types has a part for each type, of which most are small.
 */
const TIMES = 150;
const ENLARGE = `update pg_class set reltuples = reltuples * ${TIMES} where oid in (select indexrelid from pg_index where indrelid::regclass::text ~ '^(sx|resource)')
  or oid::regclass::text ~ '^(sx(_[a-z]+)?|resource)$'`;

async function planned<T>(work: (planOf: (statement: Asked) => Promise<unknown>) => Promise<T>): Promise<T> {
  return test.database.transaction(async (transaction: Database) => {
    await transaction.script(`set local enable_seqscan = off; ${ENLARGE}`);
    return work(async ({ question, sql, parameters }) => {
      await transaction.script(`set local enable_sort = ${isUnconditional(question) ? 'off' : 'on'}`);
      const [row] = await transaction.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${sql}`, parameters);
      return row!['QUERY PLAN'];
    });
  });
}

const describeStatement = ({ question: { name, types, parameters }, part }: Asked): string =>
  `${name} / ${part}: ${types.length > 1 ? '' : types}?${parameters.map((parameter) => parameter.join('=')).join('&')}`.slice(0, 200);

onOneNode('an index leads to what is searched, unless docs/search-plans.md lists it; and what is listed is so', async () => {
  const statements = await shapes();
  const found = await planned(async (planOf) => {
    const scans: Asked[] = [];
    for (const statement of statements) if (unserved(statement, await planOf(statement)).length) scans.push(statement);
    return scans;
  });
  expect(found.filter((statement) => !listed(statement)).map(describeStatement)).toEqual([]);
  const met = new Set(found.map(listed));
  expect(SCANS.filter((scan) => !met.has(scan)).map(({ search: of }) => of)).toEqual([]);
});

it('docs/search-plans.md prints the list', () => {
  const page = readFileSync('docs/search-plans.md', 'utf8');
  expect(page).toContain(`\n${tableOfScans()}\n`);
});

it('the explained searches cover every parameter of every type, with each modifier and prefix', () => {
  const statements = new Set(
    questions.flatMap(({ types, parameters }) => parameters.map(([name]) => `${types.length > 1 ? '' : types}?${name}`)),
  );
  const all = SERVED_TYPES.flatMap((type) =>
    registry
      .list(type)
      .flatMap((parameter) =>
        ['', ...listModifiers(parameter).map((modifier) => `:${modifier}`)].map((end) => `${type}?${parameter.code}${end}`),
      ),
  );
  expect(all.filter((name) => !statements.has(name))).toEqual([]);
  const ofKind = (kind: string): Question[] => questions.filter(({ name }) => name.startsWith(`${kind} `));
  for (const kind of ['date', 'number', 'quantity'])
    expect([kind, PREFIXES.filter((prefix) => !ofKind(kind).some(({ name }) => name.split(/[ ,]/)[1] === prefix))]).toEqual([kind, []]);
});

onOneNode('a condition that only filters what a whole type or parameter brings is told from one that an index has', async () => {
  const [sql, parameters] = ["select pid from sx_string where tenant_id = $1 and param = 5 and norm like '%x%'", [1]];
  const [scan] = await test.database.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${sql}`, parameters);
  expect(walksIn(scan!['QUERY PLAN'])).toHaveLength(1);
  const [served] = await test.database.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${sql.replace('like', '>')}`, parameters);
  expect(walksIn(served!['QUERY PLAN'])).toEqual([]);
});
