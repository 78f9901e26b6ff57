// The result of a search: how much there is, the page as a table, as a Bundle, as a program, and how the database found it.
import { useRef, useState } from 'preact/hooks';
import { FHIR } from '../../../api/fhir.ts';
import type { RequestState } from '../../../api/use-request.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { JsonView } from '../../../components/json-view.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { Tabs } from '../../../components/tabs.tsx';
import { useSignedIn } from '../../../session-context.tsx';
import type { SentSearch } from '../query/sent-search.ts';
import { CodeSamples } from '../samples/code-samples-view.tsx';
import type { ResultPage } from './load-page.ts';
import { Matches } from './matches.tsx';
import { PlanView } from './plan-view.tsx';
import { describeTotal } from './total.ts';

interface ResultsProps {
  user: string;
  sent: SentSearch;
  result: RequestState<ResultPage> & { reload(): void };
  /** Shows another page; undefined: the first. */
  turn: (page: string | undefined) => void;
  rerun: (name: string, value: string) => void;
  /** Whether the form shows what is wrong. */
  hasProblemRow: boolean;
}

export function Results(props: ResultsProps) {
  const { sent, result, turn, rerun, hasProblemRow } = props;
  const [tab, setTab] = useState('table');
  const last = useLastPage(result);
  const isAdmin = useSignedIn().surfaces.some(({ name, scopes }) => name === 'fhir' && scopes.includes('admin'));
  const tabs = [
    { name: 'table', title: 'Table' },
    { name: 'bundle', title: 'Bundle' },
    { name: 'code', title: 'As code' },
    ...(isAdmin ? [{ name: 'plan', title: 'Plan and cost' }] : []),
  ];
  return (
    <section class="panel" aria-label="Result" aria-busy={result.state === 'loading'}>
      {result.state === 'failed' && <SearchFailed {...props} />}
      {result.state !== 'failed' && last && <PageBar page={last} sent={sent} turn={turn} rerun={rerun} />}
      <Tabs label="Views of the result" tabs={tabs} current={tab} onSelect={setTab}>
        {tab === 'code' && <CodeSamples base={location.origin + FHIR} query={sent.query} />}
        {tab === 'plan' && <PlanView sent={sent} />}
        {tab !== 'code' && tab !== 'plan' && result.state === 'failed' && (
          <p class="quiet">{hasProblemRow ? 'Correct the marked condition and search again.' : 'There is no result to show.'}</p>
        )}
        {result.state !== 'failed' && !last && <Skeleton lines={8} label="Searching" />}
        {tab === 'table' && result.state !== 'failed' && last && <Matches page={last} {...props} />}
        {tab === 'bundle' && result.state !== 'failed' && last && <JsonView label="the Bundle" json={last.text} />}
      </Tabs>
    </section>
  );
}

/** While a page is loaded, the one before it stays. */
function useLastPage(result: RequestState<ResultPage>): ResultPage | undefined {
  const last = useRef<ResultPage | undefined>(undefined);
  if (result.state === 'ready') last.current = result.data;
  return last.current;
}

function SearchFailed({ result, sent, hasProblemRow }: ResultsProps) {
  if (result.state !== 'failed') return null;
  return <ErrorNotice error={result.error} title={`Search ${sent.query.type}`} retry={hasProblemRow ? undefined : result.reload} />;
}

interface PageBarProps {
  page: ResultPage;
  sent: SentSearch;
  turn: (page: string | undefined) => void;
  rerun: (name: string, value: string) => void;
}

function PageBar({ page, sent, turn, rerun }: PageBarProps) {
  const requested = sent.query.parameters.find(([name]) => name === '_total')?.[1];
  const isUncounted = page.total === undefined && page.next !== undefined;
  return (
    <div class="page-bar">
      <p role="status">
        {describeTotal({
          shown: page.matches.length,
          isFirst: page.isFirst,
          hasNext: page.next !== undefined,
          total: page.total,
          requested,
        })}
        <span class="quiet"> · {Math.round(page.milliseconds)} ms</span>
      </p>
      {isUncounted && page.isFirst && (
        <span class="row">
          <button type="button" class="link-button" onClick={() => rerun('_total', 'estimate')}>
            Estimate
          </button>
          <button type="button" class="link-button" onClick={() => rerun('_total', 'accurate')}>
            Count
          </button>
        </span>
      )}
      <span class="row pager">
        {!page.isFirst && (
          <Button variant="quiet" onClick={() => turn(undefined)}>
            First
          </Button>
        )}
        <Button
          disabledReason={page.isFirst || page.previous === undefined ? 'There is no page before this one.' : undefined}
          onClick={() => turn(page.previous)}
        >
          Previous
        </Button>
        <Button disabledReason={page.next === undefined ? 'This is the last page.' : undefined} onClick={() => turn(page.next)}>
          Next
        </Button>
      </span>
      {page.warnings.map((warning) => (
        <p key={warning} class="notice warn">
          {warning}
        </p>
      ))}
    </div>
  );
}
