// The matches of a page as a table with columns of choice, and what came along with them. A row leads to the resource.
import { useState } from 'preact/hooks';
import type { Resource } from '../../../api/fhir.ts';
import { EmptyState } from '../../../components/empty-state.tsx';
import { type Column, Table } from '../../../components/table.tsx';
import { toHref } from '../../../router.ts';
import type { SentSearch } from '../query/sent-search.ts';
import { recallSearch, rememberSearch } from '../search-memory.ts';
import { ColumnChooser } from './column-chooser.tsx';
import { chooseColumns, listColumns, readColumn } from './columns.ts';
import { describeResource, describeValue } from './describe-value.ts';
import type { ResultPage } from './load-page.ts';

interface MatchesProps {
  user: string;
  sent: SentSearch;
  page: ResultPage;
}

export function Matches({ user, sent, page: { matches, included } }: MatchesProps) {
  const { type } = sent.query;
  const [chosen, setChosen] = useState(() => recallSearch(user, type)?.columns);
  const columns = chosen ?? chooseColumns(matches);
  const choose = (next: string[] | undefined): void => {
    setChosen(next);
    rememberSearch(user, type, { columns: next });
  };
  if (!matches.length) return <NoMatches sent={sent} />;
  return (
    <div class="matches">
      <ColumnChooser available={listColumns(matches)} chosen={columns} onChange={choose} />
      <Table caption={`Resources of type ${type}`} columns={[ID, ...columns.map(toColumn)]} rows={matches} keyOf={toKey} />
      {included.length > 0 && (
        <>
          <h2>Brought along ({included.length})</h2>
          <Table
            caption="Resources that came along"
            columns={[TYPE, ID, NAME, toColumn('meta.lastUpdated')]}
            rows={included}
            keyOf={toKey}
          />
        </>
      )}
    </div>
  );
}

const toKey = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;

const ID: Column<Resource> = {
  title: 'id',
  cell: ({ resourceType, id }) => (
    <a class="resource-id" href={toHref(`/${resourceType}/${id}`)}>
      <code>{id}</code>
    </a>
  ),
};
const TYPE: Column<Resource> = { title: 'type', cell: ({ resourceType }) => resourceType };
const NAME: Column<Resource> = { title: 'what it is', cell: describeResource };

const toColumn = (path: string): Column<Resource> => ({
  title: path === 'meta.lastUpdated' ? 'last updated' : path,
  cell: (resource) => <Cell value={readColumn(resource, path)} />,
});

const TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)[\d:.]*(Z|[+-]\d\d:\d\d))?$/;

function Cell({ value }: { value: unknown }) {
  const [, date, time, zone] = (typeof value === 'string' && TIME.exec(value)) || [];
  if (date !== undefined)
    return (
      <time dateTime={String(value)} title={String(value)} class="instant">
        <span>{date}</span>
        {time !== undefined && (
          // between the parts, which stay whole, the line may break
          <>
            {' '}
            <span>{`${time} ${zone === 'Z' ? 'UTC' : zone}`}</span>
          </>
        )}
      </time>
    );
  const reference = readReference(value);
  if (reference !== undefined) return <a href={toHref(`/${reference}`)}>{describeValue(value)}</a>;
  return <>{describeValue(value)}</>;
}

/** The local resource that a reference names. */
function readReference(value: unknown): string | undefined {
  const reference = typeof value === 'object' && value !== null && 'reference' in value ? value.reference : undefined;
  return typeof reference === 'string' && /^[A-Z]\w+\/[A-Za-z0-9\-.]{1,64}$/.test(reference) ? reference : undefined;
}

const NoMatches = ({ sent }: { sent: SentSearch }) =>
  sent.query.parameters.length === 0 ? (
    <EmptyState icon="search" title={`There is no ${sent.query.type} yet`}>
      <p>
        Create one by <code>POST /fhir/R4/{sent.query.type}</code>, or look at another type.
      </p>
    </EmptyState>
  ) : (
    <EmptyState icon="search" title="Nothing meets all conditions">
      <p>
        Remove a condition, or loosen one: a string finds texts that begin with it, <code>:contains</code> finds it anywhere; a date of{' '}
        <code>1990</code> means the whole year.
      </p>
    </EmptyState>
  );
