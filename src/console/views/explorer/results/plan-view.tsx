// How the database found a page: each statement with its plan as a table. Only for keys with the scope admin.
import { type Resource, search } from '../../../api/fhir.ts';
import type { ReadOptions } from '../../../api/request.ts';
import { useRequest } from '../../../api/use-request.ts';
import { RequestView } from '../../../components/request-view.tsx';
import { type Column, Table } from '../../../components/table.tsx';
import type { SentSearch } from '../query/sent-search.ts';
import { type PlanIssue, type PlanNode, parseStatementPlan, type StatementPlan } from './query-plan.ts';

interface PlanEntry {
  resource?: Resource & { issue?: PlanIssue[] };
  search?: { mode?: string };
}

/** The plans are in the last outcome: an earlier one has warnings. */
async function loadPlans({ query, page }: SentSearch, options: ReadOptions): Promise<StatementPlan[]> {
  const parameters: [string, string][] = page === undefined ? query.parameters : [['_page', page]];
  const { body } = await search(query.type, [...parameters, ['_explain', 'true']], options);
  const outcomes = ((body.entry ?? []) as PlanEntry[]).filter((entry) => entry.search?.mode === 'outcome');
  return (outcomes.at(-1)?.resource?.issue ?? []).map(parseStatementPlan);
}

export function PlanView({ sent }: { sent: SentSearch }) {
  const plans = useRequest([sent], (options) => loadPlans(sent, options));
  return (
    <RequestView request={plans} title="Explain the search" lines={8}>
      {(statements) => (
        <div class="plans">
          <p class="quiet">
            The search ran again to be explained. Cost is PostgreSQL’s unit of work; values are left out of statements and plans.
          </p>
          {statements.map((statement, at) => (
            <Statement key={at} statement={statement} />
          ))}
        </div>
      )}
    </RequestView>
  );
}

const Statement = ({ statement: { summary, sql, nodes, notes } }: { statement: StatementPlan }) => (
  <section class="plan" aria-label={summary}>
    <h2>{summary}</h2>
    {nodes.length > 0 && (
      <Table caption={`Plan of ${summary}`} columns={COLUMNS} rows={nodes} keyOf={(node) => String(nodes.indexOf(node))} />
    )}
    {notes.length > 0 && <p class="quiet">{notes.join(' · ')}</p>}
    <details>
      <summary>SQL</summary>
      <section class="sample" aria-label={`SQL of ${summary}`} tabIndex={0}>
        <pre>{sql}</pre>
      </section>
    </details>
  </section>
);

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const show = (value: number | undefined): string => (value === undefined ? '–' : NUMBER.format(value));

const COLUMNS: Column<PlanNode>[] = [
  {
    title: 'Step',
    cell: ({ depth, operation, details }) => (
      <div class={`plan-step depth${Math.min(depth, 8)}`}>
        <span>{operation}</span>
        {details.map((detail) => (
          <code key={detail}>{detail}</code>
        ))}
      </div>
    ),
  },
  { title: 'Cost', align: 'end', cell: ({ cost }) => show(Number(cost)) },
  { title: 'Rows expected', align: 'end', cell: ({ estimatedRows }) => show(estimatedRows) },
  { title: 'Rows', align: 'end', cell: ({ rows, loops }) => (rows === undefined ? 'never ran' : show(Math.round(rows * (loops ?? 1)))) },
  {
    title: 'ms',
    align: 'end',
    cell: ({ milliseconds, loops }) => show(milliseconds === undefined ? undefined : milliseconds * (loops ?? 1)),
  },
  { title: 'Pages cached', align: 'end', cell: ({ hits }) => show(hits) },
  { title: 'Pages read', align: 'end', cell: ({ reads }) => show(reads) },
];
