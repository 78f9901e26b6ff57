// `_explain=true` on a search: adds an OperationOutcome with the database's query plans after the matches, for callers with the scope `admin`.

import { isAdmin } from '../../fhir/access-scope.ts';
import { forbidden, invalid } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { ExplainedStatement } from '../../store/search/explain.ts';

type Parameters = [name: string, value: string][];

const NAME = '_explain';

/** Whether the client asks for the plans, and the other parameters. 403 without the scope. */
export function parseExplain(caller: Caller, parameters: Parameters): { explained: boolean; rest: Parameters } {
  const explainParameters = parameters.filter(([name]) => name === NAME);
  if (!explainParameters.length) return { explained: false, rest: parameters };
  if (!isAdmin(caller.scopes)) throw forbidden(`${NAME} needs an API key with the scope admin`);
  if (explainParameters.some(([, value]) => value !== 'true')) throw invalid(`${NAME} must be true`);
  return { explained: true, rest: parameters.filter(([name]) => name !== NAME) };
}

/** The entry of the plans: one issue for each statement, with its SQL and plan. */
export function buildExplainEntry(statements: ExplainedStatement[]): string {
  const issue = statements.map(({ sql, milliseconds, rows, plan }, at) => ({
    severity: 'information',
    code: 'informational',
    details: {
      text: `statement ${at + 1} of ${statements.length}: ${milliseconds.toFixed(2)} ms, ${rows === 1 ? '1 row' : `${rows} rows`}`,
    },
    diagnostics: [sql, ...plan].join('\n'),
  }));
  return `{"resource":${JSON.stringify({ resourceType: 'OperationOutcome', issue })},"search":{"mode":"outcome"}}`;
}
