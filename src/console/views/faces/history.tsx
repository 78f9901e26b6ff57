// The history of a resource: each version as its differences from the one before, with who made it and through which API; and the comparison of any two.
import { useState } from 'preact/hooks';
import { isAllowed } from '../../api/access.ts';
import { findApiTitle } from '../../api/session.ts';
import { useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { navigate, useLocation } from '../../router.ts';
import { useSignedIn } from '../../session-context.tsx';
import type { ViewProps } from '../view.ts';
import './faces.css';
import { findAuthor, type WriteEvent } from './authors.ts';
import { listDifferences } from './diff.ts';
import { type ExactVersion, type HistoryPage, readHistory, readWriteEvents, withoutStamps } from './history-data.ts';
import { JsonDiff } from './json-diff.tsx';
import { ResourceHeader } from './resource-header.tsx';

export function View({ params: { type = '', id = '' } }: ViewProps) {
  const canReadAudit = useSignedIn().surfaces.some(({ name, scopes }) => name === 'fhir' && isAllowed(scopes, 'AuditEvent', 's'));
  const request = useRequest([type, id], async (options) => {
    const [page, events] = await Promise.all([
      readHistory(type, id, undefined, options),
      canReadAudit ? readWriteEvents(type, id, options) : undefined,
    ]);
    return { page, events };
  });
  return (
    <>
      <ResourceHeader type={type} id={id} current="history" />
      <RequestView request={request} title="Read the history" lines={8}>
        {({ page, events }) => <Versions path={`/${type}/${id}/history`} type={type} id={id} first={page} events={events} />}
      </RequestView>
    </>
  );
}

interface VersionsProps {
  path: string;
  type: string;
  id: string;
  first: HistoryPage;
  /** Undefined: the key may not read the audit. */
  events: WriteEvent[] | undefined;
}

function Versions({ path, type, id, first, events }: VersionsProps) {
  const [pages, setPages] = useState([first]);
  const versions = pages.flatMap((page) => page.versions);
  const next = pages.at(-1)?.next;
  return (
    <div class="resource-view">
      {versions.length > 1 && <Comparison path={path} versions={versions} />}
      {!events && (
        <p class="quiet">
          To see who made a version, sign in with a key that has the scope <code>system/AuditEvent.rs</code>.
        </p>
      )}
      <ol class="versions" reversed>
        {versions.map((version, at) => (
          <VersionItem
            key={version.version}
            version={version}
            before={versions[at + 1]}
            isFirst={!next && at === versions.length - 1}
            events={events}
          />
        ))}
      </ol>
      {next && <Button onClick={async () => setPages([...pages, await readHistory(type, id, next)])}>Load older versions</Button>}
    </div>
  );
}

interface VersionItemProps {
  version: ExactVersion;
  before: ExactVersion | undefined;
  isFirst: boolean;
  events: WriteEvent[] | undefined;
}

function VersionItem({ version, before, isFirst, events }: VersionItemProps) {
  const heading = `version-${version.version}`;
  return (
    <li class="panel version" aria-labelledby={heading}>
      <header class="row">
        <h2 id={heading}>Version {version.version}</h2>
        <Badge tone={version.method === 'DELETE' ? 'bad' : 'neutral'}>{version.method}</Badge>
        <span>
          through <ApiName api={version.api} />
        </span>
        {events && <Author version={version} events={events} />}
        <span class="quiet grow end">
          <TimeText at={version.at} exact />
        </span>
      </header>
      <VersionChanges version={version} before={before} isFirst={isFirst} />
    </li>
  );
}

function VersionChanges({ version, before, isFirst }: Omit<VersionItemProps, 'events'>) {
  if (!version.content) return <p>The resource was deleted.</p>;
  if (!before && !isFirst) return <p class="quiet">Load older versions to see what this one changed.</p>;
  const changes = listDifferences(before ? (withoutStamps(before) ?? {}) : {}, withoutStamps(version));
  const label = `Changes of version ${version.version}`;
  if (before?.content) return <JsonDiff label={label} changes={changes} />;
  return (
    <details>
      <summary>
        {before ? 'Created again' : 'Created'} with {changes.length} elements
      </summary>
      <JsonDiff label={label} changes={changes} />
    </details>
  );
}

/** The API by its title. `server`: data that the server itself made. */
function ApiName({ api }: { api: string }) {
  const session = useSignedIn();
  return <strong>{api === 'server' ? 'the server itself' : findApiTitle(session, api)}</strong>;
}

function Author({ version: { api, actor }, events }: { version: ExactVersion; events: WriteEvent[] }) {
  const { surfaces } = useSignedIn();
  if (actor === undefined || api === 'server') return null;
  return (
    <span>
      by <code>{findAuthor(actor, events)}</code>
      {surfaces.some((surface) => surface.actor === actor) && <span class="quiet"> (you)</span>}
    </span>
  );
}

/** `?from=1&to=3`: two versions. */
function Comparison({ path, versions }: { path: string; versions: ExactVersion[] }) {
  const { query } = useLocation();
  const from = query.get('from') ?? versions.at(-1)!.version;
  const to = query.get('to') ?? versions[0]!.version;
  const find = (number: string): ExactVersion | undefined => versions.find(({ version }) => version === number);
  const choose = (next: { from?: string; to?: string }): void =>
    navigate(`${path}?${new URLSearchParams({ from, to, ...next })}`, { replace: true });
  const [one, other] = [find(from), find(to)];
  return (
    <section class="panel" aria-labelledby="compare">
      <div class="row">
        <h2 id="compare">Compare</h2>
        <VersionChoice label="From version" versions={versions} value={from} onChoose={(version) => choose({ from: version })} />
        <span>with</span>
        <VersionChoice label="To version" versions={versions} value={to} onChoose={(version) => choose({ to: version })} />
      </div>
      {one && other ? (
        <JsonDiff label={`From version ${from} to ${to}`} changes={listDifferences(withoutStamps(one), withoutStamps(other))} />
      ) : (
        <p class="quiet">Load older versions to compare these.</p>
      )}
    </section>
  );
}

interface VersionChoiceProps {
  label: string;
  versions: ExactVersion[];
  value: string;
  onChoose: (version: string) => void;
}

const VersionChoice = ({ label, versions, value, onChoose }: VersionChoiceProps) => (
  <select aria-label={label} class="version-choice" value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
    {versions.map(({ version }) => (
      <option key={version} value={version}>
        {version}
      </option>
    ))}
  </select>
);
