// The explorer: finds resources with a form that is made from what the server says it can search for.
import { FHIR } from '../../api/fhir.ts';
import { type ReadOptions, request } from '../../api/request.ts';
import { useRequest } from '../../api/use-request.ts';
import { AddKeyButton } from '../../components/add-key-button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { toHref } from '../../router.ts';
import { hasSurface, useSignedIn } from '../../session-context.tsx';
import type { ViewProps } from '../view.ts';
import { type Capabilities, type CapabilityStatement, readCapabilities } from './query/capabilities.ts';
import { TypeChooser, TypeList } from './type-list.tsx';
import { TypeSearch } from './type-search.tsx';
import './explorer.css';

/** What the server can do does not change while the page is open. */
let known: Capabilities | undefined;

async function loadCapabilities(options: ReadOptions): Promise<Capabilities> {
  known ??= readCapabilities((await request<CapabilityStatement>(`${FHIR}/metadata`, { ...options, isPublic: true })).body);
  return known;
}

export function View({ params: { type } }: ViewProps) {
  const session = useSignedIn();
  const capabilities = useRequest([], loadCapabilities);
  return (
    <>
      <header class="page-header explorer-header">
        <h1>Explorer</h1>
        {known && <TypeChooser capabilities={known} type={type} />}
      </header>
      {hasSurface(session, 'fhir') ? (
        <RequestView request={capabilities} title="Read what the server can search for" lines={8}>
          {(loaded) => <Chosen capabilities={loaded} type={type} />}
        </RequestView>
      ) : (
        <EmptyState icon="key" title="The explorer reads by the FHIR API" actions={<AddKeyButton />}>
          <p>Your session has no key of it.</p>
        </EmptyState>
      )}
    </>
  );
}

function Chosen({ capabilities, type }: { capabilities: Capabilities; type: string | undefined }) {
  if (type === undefined) return <TypeList capabilities={capabilities} />;
  if (capabilities.types.has(type)) return <TypeSearch key={type} capabilities={capabilities} type={type} />;
  return (
    <EmptyState icon="search" title={`There is no resource type ${type} here`} actions={<a href={toHref('/explorer')}>Choose a type</a>}>
      <p>Names of types begin with a capital letter: Patient, Observation. An operator may have left this one out.</p>
    </EmptyState>
  );
}
