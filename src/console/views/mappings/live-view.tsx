// The view of this shape over a stored resource: each field with its value and the elements that it is read from now.
import { useState } from 'preact/hooks';
import { type Resource, search } from '../../api/fhir.ts';
import type { ExplainedShape } from '../../api/mapping-types.ts';
import { useRequest } from '../../api/use-request.ts';
import { AddKeyButton } from '../../components/add-key-button.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { formatTime } from '../../components/time-text.tsx';
import { navigate, toHref, useLocation } from '../../router.ts';
import { hasSurface, useSignedIn } from '../../session-context.tsx';
import { LiveFace } from './live-face.tsx';

interface LiveViewProps {
  surface: string;
  explained: ExplainedShape;
}

const RECENT = 25;

export function LiveView(props: LiveViewProps) {
  const session = useSignedIn();
  if (hasSurface(session, 'fhir')) return <Chosen {...props} />;
  return (
    <EmptyState icon="key" title="A live view needs a key of the FHIR API" actions={<AddKeyButton />}>
      <p>It reads the resource, with the scopes that the key has.</p>
    </EmptyState>
  );
}

function Chosen({ surface, explained: { shape, resource } }: LiveViewProps) {
  const { query } = useLocation();
  const id = query.get('id') ?? '';
  const recent = useRequest([resource], async (options) => {
    const parameters = [
      ['_sort', '-_lastUpdated'],
      ['_count', String(RECENT)],
      ['_elements', 'id,meta'],
    ] as const;
    return ((await search(resource, parameters, options)).body.entry ?? []).flatMap(({ resource: found }) => found ?? []);
  });
  const choose = (chosen: string): void =>
    navigate(`/mappings/${surface}/${shape}?${new URLSearchParams({ tab: 'live', ...(chosen && { id: chosen }) })}`, { replace: true });
  return (
    <RequestView request={recent} title={`Find the latest ${resource} resources`} lines={6}>
      {(resources) =>
        resources.length === 0 ? (
          <EmptyState icon="search" title={`There is no ${resource} yet`}>
            <p>Create one by FHIR, or by one of the endpoints above, and it is shown here as this shape shows it.</p>
          </EmptyState>
        ) : (
          <div class="live-view">
            <Chooser resource={resource} resources={resources} id={id} onChoose={choose} />
            <LiveFace surface={surface} shape={shape} resource={resource} id={id === '' ? resources[0]!.id! : id} />
          </div>
        )
      }
    </RequestView>
  );
}

interface ChooserProps {
  resource: string;
  resources: Resource[];
  id: string;
  onChoose: (id: string) => void;
}

/** A list of the latest ones, and an input for any id. */
function Chooser({ resource, resources, id, onChoose }: ChooserProps) {
  const [typed, setTyped] = useState(id);
  const isListed = id === '' || resources.some((one) => one.id === id);
  const current = id === '' ? resources[0]!.id! : id;
  return (
    <form
      class="panel chooser"
      onSubmit={(event) => {
        event.preventDefault();
        onChoose(typed.trim());
      }}
    >
      <label class="field">
        Latest {resource}
        <select value={current} onChange={(event) => onChoose(event.currentTarget.value)}>
          {!isListed && <option value={id}>{id}</option>}
          {resources.map((one) => (
            <option key={one.id} value={one.id}>
              {one.id} · {formatTime(one.meta?.lastUpdated ?? '')}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        Or its id
        <input type="text" autocomplete="off" spellcheck={false} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      <Button type="submit">Show</Button>
      <a href={toHref(`/${resource}/${current}`)}>All its faces</a>
    </form>
  );
}
