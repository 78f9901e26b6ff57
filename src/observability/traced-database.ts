// A Database whose statements and transactions are spans. A span has the name of the prepared statement or the first word of the statement, never its text or its
// parameters. https://opentelemetry.io/docs/specs/semconv/db/postgresql/
import { context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { isObject } from '../fhir/json-values.ts';
import type { Database } from '../store/database/database.ts';

type Run = <T>(name: string, facts: Record<string, string>, work: () => Promise<T>) => Promise<T>;

/** Outside a span (the poll loops of the background), no span is started. `tenant`: the owner of the handle. */
export function traceDatabase(plain: Database, tracer: Tracer, tenant?: number): Database {
  const owner = tenant === undefined ? {} : { 'facet.tenant.id': tenant };
  const run: Run = (name, facts, work) => {
    const parent = context.active();
    if (!trace.getSpan(parent)?.isRecording()) return work();
    const attributes = { 'db.system.name': 'postgresql', ...owner, ...facts };
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    return context.with(trace.setSpan(parent, span), work).then(
      (result) => {
        span.end();
        return result;
      },
      (error: unknown) => {
        failSpan(span, error);
        throw error;
      },
    );
  };
  return {
    ...plain,
    query: (sql, parameters, name) => {
      const operation = readOperation(sql);
      return run(name === undefined ? operation : `${operation} ${name}`, describeStatement(operation, name), () =>
        plain.query(sql, parameters, name),
      );
    },
    script: (sql) => run('script', {}, () => plain.script(sql)),
    transaction: (work) =>
      run('transaction', { 'db.operation.name': 'transaction' }, () =>
        plain.transaction((inside) => work(traceDatabase(inside, tracer, tenant))),
      ),
    forRequest: (from, request) => traceDatabase(plain.forRequest(from, request), tracer, typeof from === 'number' ? from : tenant),
  };
}

const describeStatement = (operation: string, name: string | undefined): Record<string, string> => ({
  'db.operation.name': operation,
  ...(name !== undefined && { 'db.query.summary': name }),
});

/** The first word of the statement. */
const readOperation = (sql: string): string => /^\s*(\w{1,20})/.exec(sql)?.[1]?.toUpperCase() ?? 'SQL';

/** SQLSTATE, or the kind of our own error. */
function failSpan(span: Span, error: unknown): void {
  const { code, kind, name } = isObject(error) ? error : {};
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) span.setAttribute('db.response.status_code', code);
  span.setAttribute('error.type', String(code ?? kind ?? name ?? typeof error)).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
