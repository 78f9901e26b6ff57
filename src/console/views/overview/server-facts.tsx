// What this server is, and whether it is well.
import { FHIR } from '../../api/fhir.ts';
import { checkReady } from '../../api/health.ts';
import type { Session } from '../../api/session.ts';
import { useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { TimeText } from '../../components/time-text.tsx';

const BASE = location.origin + FHIR;

export const ServerFacts = ({ session: { server, surfaces, ends } }: { session: Session }) => (
  <section class="panel" aria-labelledby="server">
    <h2 id="server">This server</h2>
    <dl class="facts">
      <dt>Health</dt>
      <dd>
        <Health />
      </dd>
      <dt>Version</dt>
      <dd>
        {server?.version} <span class="quiet">{server?.production ? 'production' : 'development'}</span>
      </dd>
      <dt>Database</dt>
      <dd>{server?.engine}</dd>
      <dt>Lab orders</dt>
      <dd>{server?.sandbox ? 'to a sandbox on this machine, never to a laboratory' : 'to the laboratory network'}</dd>
      <dt>FHIR base</dt>
      <dd class="with-button">
        <code>{BASE}</code>
        <CopyButton text={BASE} label="Copy the FHIR base" />
      </dd>
      <dt>Signed in for</dt>
      <dd class="row">
        {surfaces.map(({ name, title }) => (
          <Badge key={name}>{title}</Badge>
        ))}
      </dd>
      {ends && (
        <>
          <dt>Session ends</dt>
          <dd>
            <TimeText at={ends} /> <span class="quiet">unless it is used: to twelve hours at most, and not beyond an access token</span>
          </dd>
        </>
      )}
    </dl>
  </section>
);

function Health() {
  const ready = useRequest([], checkReady);
  if (ready.state === 'loading') return <Badge>checking …</Badge>;
  return (
    <span class="health">
      {ready.state === 'ready' ? (
        <>
          <Badge tone="good">ready</Badge>
          <span class="quiet">answered in {Math.max(1, Math.round(ready.data))} ms</span>
        </>
      ) : (
        <>
          <Badge tone="bad">not ready</Badge>
          <span>{ready.error.message}</span>
        </>
      )}
      <Button variant="quiet" icon="refresh" label="Check again" onClick={ready.reload} />
    </span>
  );
}
