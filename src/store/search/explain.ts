// A search with what it took: its statements, how long each ran, and the plan the database made of it. Values are left out of both: they are bound
// parameters in the SQL, and are blotted out of the plan, where a page's position could tell of somebody else.
import type { Query } from '../../fhir/search/query.ts';
import type { Database } from '../database/database.ts';
import type { PageStart, ResultPage } from './page.ts';
import { search } from './search.ts';

/** One statement of a search: how long it took, how many rows it answered, and its plan, line by line. Neither text holds a value. */
export interface ExplainedStatement {
  sql: string;
  milliseconds: number;
  rows: number;
  plan: string[];
}

/** The page a search answers, and its statements in order. Each is run a second time to see its plan. */
export async function explainSearch(
  database: Database,
  tenant: number,
  query: Query,
  start?: PageStart,
): Promise<{ page: ResultPage; statements: ExplainedStatement[] }> {
  const ran: ExecutedStatement[] = [];
  const page = await search(recordStatements(database, ran), tenant, query, start);
  const statements: ExplainedStatement[] = [];
  for (const { sql, parameters, milliseconds, rows } of ran) {
    const plan = sql.startsWith('explain') ? [] : await readPlan(database, sql, parameters);
    statements.push({ sql, milliseconds, rows, plan });
  }
  return { page, statements };
}

interface ExecutedStatement extends Omit<ExplainedStatement, 'plan'> {
  parameters: unknown[];
}

const recordStatements = (database: Database, ran: ExecutedStatement[]): Database => ({
  ...database,
  async query<T extends object>(sql: string, parameters: unknown[] = [], name?: string) {
    const begin = performance.now();
    const rows = await database.query<T>(sql, parameters, name);
    ran.push({ sql, parameters, milliseconds: performance.now() - begin, rows: rows.length });
    return rows;
  },
});

async function readPlan(database: Database, sql: string, parameters: unknown[]): Promise<string[]> {
  const lines = await database.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers) ${sql}`, parameters);
  return lines.map((line) => line['QUERY PLAN'].replace(/'(?:[^']|'')*'/g, "'…'"));
}
