// Explains a search: its statements, their durations and their plans. The result contains no values: the SQL has parameters, and values in plans are replaced,
// because the position of a page may come from another patient's resource.
import type { Query } from '../../fhir/search/query.ts';
import type { Database } from '../database/database.ts';
import type { Reader } from '../database/shared-statements.ts';
import type { FoundRow } from '../resources/resource-row.ts';
import type { PageStart, ResultPage } from './page.ts';
import { search } from './search.ts';

/** One statement of a search, its duration, the number of rows that it returned, and the lines of its plan. `sql` and `plan` contain no values. */
export interface ExplainedStatement {
  sql: string;
  milliseconds: number;
  rows: number;
  plan: string[];
}

/** The page that a search returns, and its statements in order. Each statement runs a second time to read its plan. */
export async function explainSearch(
  database: Database,
  tenant: number,
  query: Query,
  start?: PageStart,
): Promise<{ page: ResultPage<FoundRow>; statements: ExplainedStatement[] }> {
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

const recordStatements = (database: Database, ran: ExecutedStatement[]): Reader => ({
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
