// What is in the store: the number of resources of each type, counted by the server when it is asked.
import { useState } from 'preact/hooks';
import { countTypes, listServedTypes } from '../../api/fhir.ts';
import { useRequest } from '../../api/use-request.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { toHref } from '../../router.ts';

/** The types that are counted first: counting every type costs a search for each. */
const USUAL = [
  ...['Patient', 'Practitioner', 'PractitionerRole', 'Organization', 'Location', 'ServiceRequest', 'Task', 'DiagnosticReport'],
  ...['Observation', 'Appointment', 'Encounter', 'Condition', 'MedicationRequest', 'ActivityDefinition'],
];

export function ResourceCounts() {
  const [isWhole, setIsWhole] = useState(false);
  const counts = useRequest([isWhole], async (options) => {
    const served = await listServedTypes(options);
    const types = isWhole ? served : USUAL.filter((type) => served.includes(type));
    return [...(await countTypes(types, options))].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  });
  return (
    <section class="panel" aria-labelledby="counts">
      <div class="panel-head">
        <h2 id="counts">What is in it</h2>
        <Button variant="quiet" onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? 'Usual types' : 'Count all types'}
        </Button>
      </div>
      <RequestView request={counts} title="Count the resources" lines={8}>
        {(list) => (list.length === 0 ? <NoResources /> : <Bars counts={list} />)}
      </RequestView>
    </section>
  );
}

/** The widths are logarithmic: a store has thousands of observations for each practitioner. */
function Bars({ counts }: { counts: [string, number][] }) {
  const widest = Math.log10((counts[0]?.[1] ?? 0) + 1);
  return (
    <ul class="counts">
      {counts.map(([type, count]) => (
        <li key={type}>
          <a href={toHref(`/explorer/${type}`)}>{type}</a>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${Math.max(2, (Math.log10(count + 1) / widest) * 100)}%` }} />
          </span>
          <span class="number">{count.toLocaleString('en')}</span>
        </li>
      ))}
    </ul>
  );
}

const NoResources = () => (
  <EmptyState icon="info" title="Nothing that this key may search">
    <p>
      The store of this tenant is empty, or the key has no search scope (<code>system/Patient.s</code>).
    </p>
  </EmptyState>
);
