// Places an order: a patient, a test of the catalogue, a dry run that says whether it would be sent, and the order.
import { useEffect, useId, useState } from 'preact/hooks';
import { ApiError } from '../../api/api-error.ts';
import { type CatalogueEntry, describePatient, findPatients, findTests, type Patient, placeOrder, tryOrder } from '../../api/orders.ts';
import { type RequestState, useRequest } from '../../api/use-request.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { showToast } from '../../components/toast.tsx';
import { navigate } from '../../router.ts';

export function PlaceOrder({ onClose }: { onClose: () => void }) {
  const [patient, setPatient] = useState('');
  const [test, setTest] = useState<CatalogueEntry | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const dryRun = useRequest([patient, test?.id], async (signal) => (patient && test ? tryOrder(patient, test, signal) : undefined));
  const outcome = dryRun.state === 'ready' ? dryRun.data : undefined;
  const place = async (): Promise<void> => {
    setError(undefined);
    try {
      const id = await placeOrder(patient, test!);
      showToast({ text: 'The order is placed' });
      navigate(`/orders/${encodeURIComponent(id)}`, { replace: true });
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" disabled={!outcome || outcome.refusal !== undefined} onClick={place}>
        Place the order
      </Button>
    </>
  );
  return (
    <Dialog title="Place an order" onClose={onClose} actions={actions}>
      <PatientChoice chosen={patient} onChoose={setPatient} />
      <TestChoice patient={patient} chosen={test} onChoose={setTest} />
      <div class="dry-run" role="status">
        {outcome?.refusal !== undefined && <p class="refusal">It cannot be ordered: {outcome.refusal}</p>}
        {outcome && outcome.refusal === undefined && <p>{['It can be ordered', ...outcome.remarks].map(toSentence).join(' ')}</p>}
        {!outcome && dryRun.state !== 'failed' && (
          <p class="quiet">Choose a patient and a test. Nothing is stored before you place the order.</p>
        )}
      </div>
      {dryRun.state === 'failed' && <ErrorNotice error={dryRun.error} title="Try the order" />}
      {error && <ErrorNotice error={error} title="Place the order" />}
    </Dialog>
  );
}

const toSentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

const TYPING_MS = 250;

/** What was typed, a moment after the last key. */
function useTyped(): [typed: string, settled: string, type: (text: string) => void] {
  const [typed, type] = useState('');
  const [settled, setSettled] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return [typed, settled, type];
}

const listFound = <T,>(request: RequestState<T[]>): T[] => ('data' in request && request.data ? request.data : []);

function PatientChoice({ chosen, onChoose }: { chosen: string; onChoose: (id: string) => void }) {
  const [typed, settled, type] = useTyped();
  const id = useId();
  const request = useRequest([settled], (signal) => findPatients(settled, signal));
  const found = listFound<Patient>(request);
  return (
    <fieldset class="choice">
      <legend>Patient</legend>
      <input
        type="search"
        aria-label="Find a patient by name"
        aria-controls={id}
        placeholder="Name begins with"
        value={typed}
        onInput={(event) => type(event.currentTarget.value)}
      />
      <select id={id} size={4} aria-label="Patients" value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
        {found.map((patient) => (
          <option key={patient.id} value={patient.id}>
            {describePatient(patient)}
            {patient.birthDate && `, born ${patient.birthDate}`}
          </option>
        ))}
      </select>
      {request.state === 'ready' && found.length === 0 && <p class="quiet">No patient has a name like this.</p>}
      {request.state === 'failed' && <ErrorNotice error={request.error} title="Find patients" />}
    </fieldset>
  );
}

interface TestChoiceProps {
  patient: string;
  chosen: CatalogueEntry | undefined;
  onChoose: (entry: CatalogueEntry) => void;
}

function TestChoice({ patient, chosen, onChoose }: TestChoiceProps) {
  const [typed, settled, type] = useTyped();
  const id = useId();
  const request = useRequest([settled], (signal) => findTests(settled, signal));
  const found = listFound<CatalogueEntry>(request);
  const refusals = useRefusals(patient, found);
  const choose = (chosenId: string): void => {
    const entry = found.find((one) => one.id === chosenId);
    if (entry) onChoose(entry);
  };
  const isPossible = (entry: CatalogueEntry): boolean => refusals.get(entry.id) === undefined;
  const sorted = [...found.filter(isPossible), ...found.filter((entry) => !isPossible(entry))];
  return (
    <fieldset class="choice">
      <legend>Test</legend>
      <input
        type="search"
        aria-label="Find a test by its title"
        aria-controls={id}
        placeholder="Title contains"
        value={typed}
        onInput={(event) => type(event.currentTarget.value)}
      />
      <select id={id} size={5} aria-label="Tests" value={chosen?.id ?? ''} onChange={(event) => choose(event.currentTarget.value)}>
        {sorted.map((entry) => (
          <option key={entry.id} value={entry.id} disabled={!isPossible(entry)}>
            {entry.title ?? entry.name ?? entry.id}
            {isPossible(entry) ? entry.subtitle && `, ${entry.subtitle}` : ' (not ordered alone)'}
          </option>
        ))}
      </select>
      {request.state === 'ready' && found.length === 0 && (
        <p class="quiet">The catalogue has no such test. It is filled with ActivityDefinitions, by hand or from the laboratory network.</p>
      )}
      {request.state === 'failed' && <ErrorNotice error={request.error} title="Find tests" />}
    </fieldset>
  );
}

/** Why a test of the catalogue cannot be ordered for this patient, by its id. */
function useRefusals(patient: string, entries: CatalogueEntry[]): Map<string, string> {
  const ids = entries.map(({ id }) => id).join();
  const request = useRequest([patient, ids], async (signal) => {
    const refusals = new Map<string, string>();
    if (patient === '') return refusals;
    for (const entry of entries) {
      const { refusal } = await tryOrder(patient, entry, signal);
      if (refusal !== undefined) refusals.set(entry.id, refusal);
    }
    return refusals;
  });
  return request.state === 'ready' ? request.data : new Map();
}
