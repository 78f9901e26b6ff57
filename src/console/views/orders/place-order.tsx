// Places an order: a patient, a test of the catalogue, a dry run that says whether it would be sent, and the order.
import { useCallback, useRef, useState } from 'preact/hooks';
import { v7 } from 'uuid';
import { ApiError } from '../../api/api-error.ts';
import { type CatalogueEntry, findTests, placeOrder, tryOrder } from '../../api/orders.ts';
import type { ReadOptions } from '../../api/request.ts';
import { type RequestState, useRequest } from '../../api/use-request.ts';
import { Button } from '../../components/button.tsx';
import { Combobox } from '../../components/combobox.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { PatientInput } from '../../components/patient-input.tsx';
import { prepareToast } from '../../components/toast.tsx';
import { useIsMounted } from '../../components/use-is-mounted.ts';
import type { ComboboxOption } from '../../components/use-options.ts';
import { navigate } from '../../router.ts';

interface PlaceOrderProps {
  /** Why the session may not place orders. */
  denial: string | undefined;
  onClose: () => void;
}

export function PlaceOrder({ denial, onClose }: PlaceOrderProps) {
  const [patient, setPatient] = useState('');
  const [test, setTest] = useState<CatalogueEntry | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const dryRun = useRequest([patient, test?.id], async (options) => (patient && test ? tryOrder(patient, test, options) : undefined));
  const outcome = dryRun.state === 'ready' ? dryRun.data : undefined;
  const [isPlacing, setIsPlacing] = useState(false);
  const isMounted = useIsMounted();
  const ids = useRef(new Map<string, string>());
  const place = async (): Promise<void> => {
    setError(undefined);
    setIsPlacing(true);
    const show = prepareToast();
    const choice = `${patient} ${test!.id}`;
    // the same choice again is the same order: the response of an attempt may be lost. crypto.randomUUID exists on https and localhost only
    const id = ids.current.get(choice) ?? v7();
    ids.current.set(choice, id);
    try {
      const { isRepeated } = await placeOrder(id, patient, test!);
      show({ text: isRepeated ? 'The order was placed already' : 'The order is placed' });
      if (isMounted.current) navigate(`/orders/${encodeURIComponent(id)}`, { replace: true });
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      if (isMounted.current) setError(failure);
      else show({ text: `The order ${failure.status === 0 ? 'may not be placed' : 'is not placed'}: ${failure.message}`, tone: 'bad' });
    } finally {
      setIsPlacing(false);
    }
  };
  const actions = (
    <>
      <Button disabledReason={isPlacing ? 'The order is being placed.' : undefined} onClick={onClose}>
        Cancel
      </Button>
      <Button variant="primary" disabledReason={denial ?? findObstacle(dryRun)} onClick={place}>
        Place the order
      </Button>
    </>
  );
  return (
    <Dialog title="Place an order" onClose={onClose} actions={actions}>
      <div class="choice">
        <span aria-hidden="true">Patient</span>
        <PatientInput label="Patient" onChoose={setPatient} />
      </div>
      <div class="choice">
        <span aria-hidden="true">Test</span>
        <TestInput chosen={test} onChoose={setTest} />
      </div>
      <div class="dry-run" role="status">
        {outcome?.refusal !== undefined && <p class="refusal">It cannot be ordered: {outcome.refusal}</p>}
        {outcome && outcome.refusal === undefined && <p>{['It can be ordered', ...outcome.remarks].map(toSentence).join(' ')}</p>}
        {!outcome && dryRun.state !== 'failed' && (
          <p class="quiet">Choose a patient and a test. Nothing is stored before you place the order.</p>
        )}
      </div>
      {dryRun.state === 'failed' && <ErrorNotice error={dryRun.error} title="Try the order" retry={dryRun.reload} />}
      {error && <ErrorNotice error={error} title="Place the order" />}
    </Dialog>
  );
}

/** Why the order cannot be placed. */
function findObstacle(dryRun: RequestState<Awaited<ReturnType<typeof tryOrder>> | undefined>): string | undefined {
  if (dryRun.state === 'loading') return 'The order is being checked.';
  if (dryRun.state === 'failed') return 'The order could not be checked.';
  if (!dryRun.data) return 'Choose a patient and a test first.';
  return dryRun.data.refusal === undefined ? undefined : `It cannot be ordered: ${dryRun.data.refusal}`;
}

const toSentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

interface TestInputProps {
  chosen: CatalogueEntry | undefined;
  onChoose: (entry: CatalogueEntry) => void;
}

/** The tests of the catalogue. Whether one can be ordered is found out when it is chosen. */
function TestInput({ chosen, onChoose }: TestInputProps) {
  const entries = useRef(new Map<string, CatalogueEntry>());
  const find = useCallback(async (text: string, options: ReadOptions) => {
    const found = await findTests(text.trim(), options);
    for (const entry of found) entries.current.set(entry.id, entry);
    return found.map((entry): ComboboxOption => ({ value: entry.id, title: toTitle(entry), hint: entry.subtitle }));
  }, []);
  return (
    <Combobox
      label="Test"
      text={chosen ? toTitle(chosen) : ''}
      find={find}
      isRemote
      onChoose={({ value }) => onChoose(entries.current.get(value)!)}
      placeholder="A word of its title"
    />
  );
}

const toTitle = ({ title, name, id }: CatalogueEntry): string => title ?? name ?? id;
