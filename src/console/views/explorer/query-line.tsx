// The query that the form means, as one line that can be edited. It is text: the parameters are sent in the body of a POST, never in a URL.
import { useEffect, useId, useState } from 'preact/hooks';
import { CopyButton } from '../../components/copy-button.tsx';
import { toParameters, toRows } from './form/rows.ts';
import { formatQueryLine, isProblem, parseQueryLine, type SearchQuery } from './query/search-query.ts';

interface QueryLineProps {
  query: SearchQuery;
  types: readonly string[];
  /** The FHIR base URL. */
  base: string;
  onChange: (query: SearchQuery) => void;
  onRun: () => void;
}

export function QueryLine({ query, types, base, onChange, onRun }: QueryLineProps) {
  const line = formatQueryLine(query);
  const [draft, setDraft] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const id = useId();
  // what is typed in the form shows at once
  useEffect(() => {
    setDraft((before) => (before !== undefined && isSame(before, line, types) ? before : undefined));
    setProblem(undefined);
  }, [line]);
  const edit = (text: string): void => {
    setDraft(text);
    const parsed = parseQueryLine(text, types);
    setProblem(isProblem(parsed) ? parsed.problem : undefined);
    if (!isProblem(parsed) && parsed.type === query.type) onChange(parsed);
  };
  const finish = (): void => {
    const parsed = parseQueryLine(draft ?? line, types);
    setProblem(isProblem(parsed) ? parsed.problem : undefined);
    if (isProblem(parsed)) return;
    setDraft(undefined);
    if (parsed.type === query.type) onRun();
    else onChange(parsed);
  };
  return (
    <div class="query-line">
      <label for={id}>Query</label>
      <div class="query-text">
        <span class="quiet" aria-hidden="true">
          /fhir/R4/
        </span>
        <textarea
          id={id}
          rows={1}
          spellcheck={false}
          autocomplete="off"
          aria-invalid={problem !== undefined || undefined}
          aria-describedby={`${id}-note`}
          value={draft ?? line}
          onInput={(event) => edit(event.currentTarget.value.replaceAll('\n', ''))}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            finish();
          }}
        />
        <CopyButton text={`${base}/${line}`} label="Copy as URL" />
      </div>
      <p id={`${id}-note`} class={problem === undefined ? 'quiet' : 'criterion-note problem'}>
        {problem ?? 'Enter runs it. It is sent as POST _search: no parameter stands in a URL or a log.'}
      </p>
    </div>
  );
}

/** Whether a line that is being typed means the query already: it is not written anew then. */
function isSame(typed: string, line: string, types: readonly string[]): boolean {
  const parsed = parseQueryLine(typed, types);
  return !isProblem(parsed) && formatQueryLine({ ...parsed, parameters: toParameters(toRows(parsed.parameters)) }) === line;
}
