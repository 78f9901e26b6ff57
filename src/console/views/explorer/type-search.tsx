// The search of one resource type: the query line, the form, and the result. The rows of the form are the one state; the line is written from them and read into them.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ApiError } from '../../api/api-error.ts';
import { FHIR } from '../../api/fhir.ts';
import { useRequest } from '../../api/use-request.ts';
import { Button } from '../../components/button.tsx';
import { navigate } from '../../router.ts';
import { useSignedIn } from '../../session-context.tsx';
import { listSaying, type Row, toParameters, toRows } from './form/rows.ts';
import { SearchForm } from './form/search-form.tsx';
import type { Capabilities } from './query/capabilities.ts';
import { findProblemRow } from './query/problem-row.ts';
import type { SearchQuery } from './query/search-query.ts';
import type { SentSearch } from './query/sent-search.ts';
import { QueryLine } from './query-line.tsx';
import { loadPage } from './results/load-page.ts';
import { Results } from './results/results.tsx';
import { recallSearch, rememberSearch } from './search-memory.ts';

export function TypeSearch({ capabilities, type }: { capabilities: Capabilities; type: string }) {
  const user = useSignedIn().surfaces.find(({ name }) => name === 'fhir')?.actor ?? '';
  const [rows, setRows] = useState<Row[]>(() => toRows(recallSearch(user, type)?.parameters ?? []));
  const send = (of: Row[]): SentSearch => ({ query: { type, parameters: toParameters(of) }, rows: listSaying(of) });
  const [sent, setSent] = useState(() => send(rows));
  const result = useRequest([sent], (options) => loadPage(sent, options));
  const problems = useMemo(() => (result.state === 'failed' ? locateProblems(result.error, sent) : NO_PROBLEMS), [result.state, sent]);
  useEffect(() => rememberSearch(user, type, { parameters: toParameters(rows) }), [rows]);
  const run = (): void => setSent(send(rows));
  const take = (query: SearchQuery): void => {
    if (query.type === type) {
      setRows(toRows(query.parameters, rows));
      return;
    }
    rememberSearch(user, query.type, { parameters: query.parameters });
    navigate(`/explorer/${query.type}`);
  };
  /** Changes one parameter, and searches at once. */
  const rerun = (name: string, value: string): void => {
    const next = [...rows.filter((row) => row.name !== name), ...toRows([[name, value]])];
    setRows(next);
    setSent(send(next));
  };
  const query: SearchQuery = { type, parameters: toParameters(rows) };
  return (
    <div class="explorer">
      <form
        class="panel"
        aria-label={`Search ${type}`}
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <QueryLine query={query} types={capabilities.names} base={location.origin + FHIR} onChange={take} onRun={run} />
        <SearchForm capabilities={capabilities} type={type} rows={rows} problems={problems} onChange={setRows} />
        <div class="row">
          <Button type="submit" variant="primary" icon="search" busy={result.state === 'loading' && result.isSlow}>
            Search
          </Button>
          {rows.length > 0 && (
            <Button variant="quiet" onClick={() => setRows([])}>
              Clear
            </Button>
          )}
        </div>
      </form>
      <Results
        user={user}
        sent={sent}
        result={result}
        turn={(page) => setSent(page === undefined ? { query: sent.query, rows: sent.rows } : { ...sent, page })}
        rerun={rerun}
        hasProblemRow={problems.size > 0}
      />
    </div>
  );
}

const NO_PROBLEMS: ReadonlyMap<number, string> = new Map();

/** The rest of a text, what is possible instead, is in the notice. */
const readFirstSentence = (text: string): string => /^.*?\.(?=\s)/s.exec(text)?.[0] ?? text;

/** Each problem at the row that it is about. */
function locateProblems(error: ApiError, { query, rows }: SentSearch): ReadonlyMap<number, string> {
  if (error.status !== 400) return NO_PROBLEMS;
  const located = error.problems.flatMap(({ text }): [number, string][] => {
    const row = findProblemRow(text, query.parameters);
    return row === undefined ? [] : [[rows[row]!.id, readFirstSentence(text)]];
  });
  return new Map(located);
}
