// `_explain=true` beside a search: how the database did it, for callers with the scope `admin`. It comes as an outcome behind the matches.

import { isAdmin } from '../../fhir/access-scope.ts';
import { forbidden, invalid } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { ExplainedStatement } from '../../store/search/explain.ts';

type Parameters = [name: string, value: string][];

const NAME = '_explain';

/** Whether it is asked for, and the other parameters. Asked by anybody else: 403. */
export function parseExplain(caller: Caller, given: Parameters): { explained: boolean; rest: Parameters } {
  const asked = given.filter(([name]) => name === NAME);
  if (!asked.length) return { explained: false, rest: given };
  if (!isAdmin(caller.scopes)) throw forbidden(`${NAME} needs an API key with the scope admin`);
  if (asked.some(([, value]) => value !== 'true')) throw invalid(`${NAME} takes true`);
  return { explained: true, rest: given.filter(([name]) => name !== NAME) };
}

/** The entry that tells it: an issue per statement, with its SQL and plan. */
export function buildExplainEntry(statements: ExplainedStatement[]): string {
  const issue = statements.map(({ sql, milliseconds, rows, plan }, at) => ({
    severity: 'information',
    code: 'informational',
    details: { text: `statement ${at + 1} of ${statements.length}: ${milliseconds.toFixed(2)} ms, ${rows} rows` },
    diagnostics: [sql, ...plan].join('\n'),
  }));
  return `{"resource":${JSON.stringify({ resourceType: 'OperationOutcome', issue })},"search":{"mode":"outcome"}}`;
}
