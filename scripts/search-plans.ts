// `npm run plans -- [--resources 1000000] [--slow 100] [--keep]`: runs and explains all searches of scripts/plans/questions.ts on a scratch database with
// generated resources on PostgreSQL (BENCH_DATABASE_URL). Reports what each plan reads and its time. --keep keeps the database for the next run.
import { parseArgs } from 'node:util';
import { buildRegistry } from '../src/fhir/search/registry.ts';
import type { Database } from '../src/store/database/database.ts';
import { terminology } from './plans/asks.ts';
import { indexesIn } from './plans/judge.ts';
import { countsOf } from './plans/population.ts';
import { questionsOf } from './plans/questions.ts';
import { listed, unserved } from './plans/scans.ts';
import { fill, scratchDatabase } from './plans/scratch.ts';
import { seenQuestions } from './plans/seen.ts';
import { type Asked, statementsOf } from './plans/statements.ts';

const { values: options } = parseArgs({
  options: {
    resources: { type: 'string', default: '1000000' },
    slow: { type: 'string', default: '100' },
    keep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const SERVER = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const TOTAL = Number(options.resources);
/** A statement that takes longer is broken off, in ms. */
const LONGEST = 20_000;

interface Ran extends Asked {
  ms: number;
  indexes: string[];
  walks: string[];
}

/** The second of two runs: the first may have read from the disk. A slow one is run once. */
async function ran(database: Database, statement: Asked): Promise<Ran> {
  const [plan] = await database.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${statement.sql}`, statement.parameters);
  const explained = plan!['QUERY PLAN'];
  const first = await timed(database, statement);
  const ms = first > Number(options.slow) * 5 ? first : Math.min(first, await timed(database, statement));
  return {
    ...statement,
    ms,
    indexes: indexesIn(explained),
    walks: unserved(statement, explained).map(({ of, inOrder }) => (inOrder ? `${of} in order` : of)),
  };
}

async function timed(database: Database, { sql, parameters }: Asked): Promise<number> {
  const begin = performance.now();
  await database.query(sql, parameters).catch((error: unknown) => {
    if (performance.now() - begin < LONGEST) throw error;
  });
  return performance.now() - begin;
}

/** What is known to read a whole type takes seconds: of that so many are asked of each type. */
const MOST_LISTED = 2;
const counts = new Map<string, number>();

function isDue(statement: Asked): boolean {
  if (!listed(statement)) return true;
  const key = `${statement.question.name} ${statement.part} ${statement.question.types.join()}`;
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts.get(key)! <= MOST_LISTED;
}

const url = ({ question: { types, parameters, within } }: Asked): string =>
  `${within ? `${within}/x/` : ''}${types.length > 1 ? '' : types}?${parameters.map((parameter) => parameter.join('=')).join('&')}`.slice(
    0,
    120,
  );
const at = (times: number[], share: number): string =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(1);

function report(all: Ran[]): void {
  console.log('| search | statements | p50 ms | p95 ms | max ms | indexes |\n|---|---|---|---|---|---|');
  for (const [name, group] of Map.groupBy(all, ({ question, part }) => `${question.name} / ${part}`)) {
    const times = group.map(({ ms }) => ms);
    const indexes = [...new Set(group.flatMap((run) => run.indexes))].sort();
    console.log(`| ${name} | ${group.length} | ${at(times, 0.5)} | ${at(times, 0.95)} | ${at(times, 1)} | ${indexes.join(' ')} |`);
  }
  const slow = all.filter(({ ms }) => ms > Number(options.slow)).toSorted((a, b) => b.ms - a.ms);
  console.log(`\n${slow.length} of ${all.length} statements took more than ${options.slow} ms:`);
  for (const run of slow)
    console.log(`${run.ms.toFixed(0)} ms ${listed(run) ? '(listed) ' : ''}${run.part} ${url(run)}: ${run.walks.join(', ') || 'no walk'}`);
  const unlisted = all.filter((run) => run.walks.length && !listed(run));
  const long = unlisted.filter(({ ms }) => ms > Number(options.slow) / 10);
  console.log(
    `\n${unlisted.length} statements read all of a type or parameter and are not in docs/search-plans.md; over ${Number(options.slow) / 10} ms:`,
  );
  for (const run of long) console.log(`${run.ms.toFixed(0)} ms ${run.question.name} / ${run.part} ${url(run)}: ${run.walks.join(', ')}`);
}

const scratch = await scratchDatabase(SERVER, { name: `facet_plans_${TOTAL}`, longest: LONGEST });
const registry = buildRegistry([], terminology);
try {
  const say = (line: string) => console.error(line);
  if (!scratch.filled) await fill(scratch.writing, TOTAL, registry, say);
  const questions = [...questionsOf(registry), ...seenQuestions(registry, countsOf(TOTAL))].filter(({ name }) =>
    new RegExp(options.only).test(name),
  );
  const all: Ran[] = [];
  for (const [n, question] of questions.entries()) {
    for (const statement of await statementsOf(question, registry)) if (isDue(statement)) all.push(await ran(scratch.database, statement));
    if (n % 1000 === 999) say(`${n + 1} of ${questions.length} searches asked`);
  }
  report(all);
} finally {
  await scratch.close(options.keep);
}
