// The front door: what this server is, and for whom.
import { search } from '../../api/fhir.ts';
import { useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { hasSurface, useSignedIn } from '../../session-context.tsx';

export function View() {
  const session = useSignedIn();
  return (
    <>
      <header class="page-header">
        <h1>Facet</h1>
        <p class="quiet">One FHIR R4 store, many faces.</p>
      </header>
      <section class="panel" aria-labelledby="server">
        <h2 id="server">This server</h2>
        <dl class="facts">
          <dt>Version</dt>
          <dd>{session.server?.version}</dd>
          <dt>Database</dt>
          <dd>{session.server?.engine}</dd>
          <dt>Signed in for</dt>
          <dd class="row">
            {session.surfaces.map(({ name, title }) => (
              <Badge key={name}>{title}</Badge>
            ))}
          </dd>
        </dl>
      </section>
      {hasSurface(session, 'fhir') && <Patients />}
    </>
  );
}

function Patients() {
  const request = useRequest([], async (signal) => (await search('Patient', [['_summary', 'count']], signal)).body.total ?? 0);
  return (
    <section class="panel" aria-labelledby="patients">
      <h2 id="patients">Patients</h2>
      <RequestView request={request} title="Count the patients" lines={1}>
        {(count) => <p>{count.toLocaleString('en')}</p>}
      </RequestView>
    </section>
  );
}
