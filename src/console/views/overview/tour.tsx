// The tour of a development server: one patient, in FHIR and through the face of each vendor.
import { useState } from 'preact/hooks';
import { readFaces } from '../../api/faces.ts';
import type { FaceBody } from '../../api/faces-body.ts';
import { FHIR, search } from '../../api/fhir.ts';
import type { ReadOptions } from '../../api/request.ts';
import { findApiTitle, type Session } from '../../api/session.ts';
import { useRequest } from '../../api/use-request.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { toHref } from '../../router.ts';

interface Step {
  title: string;
  text: string;
  /** The request that shows the same. */
  request: string;
  json: object;
}

export function Tour({ session }: { session: Session }) {
  const steps = useRequest([], (options) => readSteps(session, options));
  return (
    <section class="panel tour" aria-labelledby="tour">
      <h2 id="tour">The tour: one patient, all faces</h2>
      <RequestView request={steps} title="Read the patient of the tour" lines={6}>
        {(found) => (found ? <Steps {...found} /> : <NoPatient />)}
      </RequestView>
    </section>
  );
}

interface TourPatient {
  id: string;
  steps: Step[];
}

/** The oldest patient: on a new server that of the demo data. */
async function readSteps(session: Session, options: ReadOptions): Promise<TourPatient | undefined> {
  const { body } = await search(
    'Patient',
    [
      ['_sort', '_lastUpdated'],
      ['_count', '1'],
      ['_elements', 'id'],
    ],
    options,
  );
  const id = body.entry?.[0]?.resource?.id;
  if (id === undefined) return undefined;
  const { body: found } = await readFaces('Patient', id, options);
  return {
    id,
    steps: [toFhirStep(found.resource, id), ...Object.entries(found.faces).flatMap(([surface, list]) => toStep(surface, list, session))],
  };
}

const toFhirStep = (resource: object, id: string): Step => ({
  title: 'FHIR R4',
  text: 'This is what is stored: one resource, with its history. Every other face is a view of it, and has no tables of its own.',
  request: `GET ${FHIR}/Patient/${id}`,
  json: resource,
});

function toStep(surface: string, faces: FaceBody[], session: Session): Step[] {
  const [fullest] = faces.filter(({ view }) => view).sort((one, other) => (other.fields?.length ?? 0) - (one.fields?.length ?? 0));
  if (!fullest?.view) return [];
  const title = findApiTitle(session, surface);
  return [
    {
      title,
      text: `The same patient, in the words of ${title}. A client that was written for ${title} reads and changes it here, and sees what others changed.`,
      request: `GET /${surface}${fullest.path.replace(/\{\w+\}/, 'id' in fullest.view ? String(fullest.view.id) : '')}`,
      json: fullest.view,
    },
  ];
}

function Steps({ id, steps }: TourPatient) {
  const [at, setAt] = useState(0);
  const step = steps[at]!;
  return (
    <div class="tour-body">
      <ol class="tour-steps">
        {steps.map(({ title }, index) => (
          <li key={title}>
            <button type="button" aria-current={index === at ? 'step' : undefined} onClick={() => setAt(index)}>
              <span class="tour-number">{index + 1}</span> {title}
            </button>
          </li>
        ))}
      </ol>
      <div class="tour-step">
        <p>{step.text}</p>
        <p>
          <code>{step.request}</code>
        </p>
        <JsonView label={`the patient in ${step.title}`} json={step.json} />
        <div class="row">
          <Button disabledReason={at === 0 ? 'This is the first face.' : undefined} onClick={() => setAt(at - 1)}>
            Back
          </Button>
          <Button
            variant="primary"
            disabledReason={at === steps.length - 1 ? 'This is the last face.' : undefined}
            onClick={() => setAt(at + 1)}
          >
            Next face
          </Button>
          <a class="tour-link" href={toHref(`/Patient/${id}`)}>
            Open all faces side by side
          </a>
        </div>
      </div>
    </div>
  );
}

const NoPatient = () => (
  <EmptyState icon="faces" title="No patient yet">
    <p>
      The tour shows a patient through every face. Create one: <a href="/docs#/fhir/create-Patient">POST /fhir/R4/Patient</a>.
    </p>
  </EmptyState>
);
