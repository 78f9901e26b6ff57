// The overview: what this server is, whether it is well, what is in it, what happened last, and where to go on.
import './overview.css';
import { findTenant } from '../../api/session.ts';
import { AddKeyButton } from '../../components/add-key-button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { PatientInput } from '../../components/patient-input.tsx';
import { navigate } from '../../router.ts';
import { hasSurface, useSignedIn } from '../../session-context.tsx';
import type { ViewProps } from '../view.ts';
import { NextSteps } from './next-steps.tsx';
import { RecentChanges } from './recent-changes.tsx';
import { ResourceCounts } from './resource-counts.tsx';
import { ServerFacts } from './server-facts.tsx';
import { Tour } from './tour.tsx';

export function View({ views }: ViewProps) {
  const session = useSignedIn();
  const tenant = findTenant(session);
  const isFhir = hasSurface(session, 'fhir');
  return (
    <>
      <header class="page-header">
        <h1>Overview</h1>
        <p class="quiet">
          {tenant ? `Tenant ${tenant.name}` : 'Operator of the installation'} · one FHIR R4 store, {countFaces(session.available.length)}{' '}
          faces
        </p>
      </header>
      {isFhir && (
        <section class="panel find-patient" aria-labelledby="find-patient">
          <h2 id="find-patient">Find a patient</h2>
          <PatientInput label="Find a patient" onChoose={(id) => navigate(`/Patient/${id}`)} />
        </section>
      )}
      {session.server && !session.server.production && isFhir && <Tour session={session} />}
      <div class="overview">
        <div class="overview-column">
          <ServerFacts session={session} />
          {isFhir && <RecentChanges />}
        </div>
        <div class="overview-column">
          {isFhir ? <ResourceCounts /> : <NoFhirKey />}
          <NextSteps views={views} />
        </div>
      </div>
    </>
  );
}

/** The APIs with data: those of administrators are not faces. */
const countFaces = (available: number): string => String(available - 2);

const NoFhirKey = () => (
  <section class="panel" aria-label="Resources">
    <EmptyState icon="key" title="No key of the FHIR API" actions={<AddKeyButton />}>
      <p>Counts, changes and faces are read through FHIR.</p>
    </EmptyState>
  </section>
);
