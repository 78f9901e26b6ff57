// What happened last: the newest versions of all types.
import { readRecentVersions, type VersionEntry } from '../../api/fhir.ts';
import { useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { toHref } from '../../router.ts';

const SHOWN = 8;
const TONES = { created: 'good', updated: 'accent', deleted: 'bad' } as const;

export function RecentChanges() {
  const recent = useRequest([], (options) => readRecentVersions(SHOWN, options));
  return (
    <section class="panel" aria-labelledby="recent">
      <div class="panel-head">
        <h2 id="recent">What happened last</h2>
        <Button variant="quiet" icon="refresh" label="Read the changes again" onClick={recent.reload} />
      </div>
      {'error' in recent && recent.error?.status === 403 ? (
        <EmptyState icon="key" title="This key may not read all types">
          <p>
            The history of the store needs the scope <code>system/*.r</code>.
          </p>
        </EmptyState>
      ) : (
        <RequestView request={recent} title="Read the changes" lines={SHOWN}>
          {(versions) => (versions.length === 0 ? <EmptyState title="Nothing happened yet" /> : <Changes versions={versions} />)}
        </RequestView>
      )}
    </section>
  );
}

const Changes = ({ versions }: { versions: VersionEntry[] }) => (
  <ul class="changes">
    {versions.map(({ type, id, version, at, change }) => (
      <li key={`${type}/${id}/${version}`}>
        <Badge tone={TONES[change]}>{change}</Badge>
        <a href={toHref(`/${type}/${id}`)} title={`${type}/${id}`}>
          <span>{type}</span> <code>{shorten(id)}</code>
        </a>
        <span class="quiet">v{version}</span>
        <span class="quiet when">
          <TimeText at={at} />
        </span>
      </li>
    ))}
  </ul>
);

/** The end of an id: its beginning is the time for many, and the same in a list of new ones. */
const shorten = (id: string): string => (id.length > 12 ? `…${id.slice(-8)}` : id);
