// The steps of the sandbox, in development: what a laboratory would do with the order next, as buttons.
import { useEffect, useRef, useState } from 'preact/hooks';
import { readSandbox, stepSandbox } from '../../api/admin-orders.ts';
import { ApiError } from '../../api/api-error.ts';
import { useRequest } from '../../api/use-request.ts';
import { Button } from '../../components/button.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { RequestView } from '../../components/request-view.tsx';

const LABELS: Readonly<Record<string, string>> = {
  collect: 'Collect the sample',
  receive: 'Receive it in the laboratory',
  partial: 'Report partial results',
  final: 'Report final results',
  corrected: 'Correct a value',
  fail: 'Fail',
};

const INTERPRETATIONS = ['normal', 'abnormal', 'critical'];

interface SandboxPanelProps {
  id: string;
  /** Names the tenant. */
  query: string;
  onStep: () => void;
  /** Changes when the order has changed: then other steps may be possible. */
  changes: number;
}

export function SandboxPanel({ id, query, onStep, changes }: SandboxPanelProps) {
  const [interpretation, setInterpretation] = useState('normal');
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const request = useRequest([id, query], (options) => readSandbox(id, query, options));
  const seen = useRef(changes);
  useEffect(() => {
    if (seen.current === changes) return;
    seen.current = changes;
    request.reload();
  }, [changes]);
  const step = async (name: string): Promise<void> => {
    setError(undefined);
    try {
      const withValues = name === 'partial' || name === 'final';
      await stepSandbox(id, query, { step: name, ...(withValues && { interpretation }) });
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
    request.reload();
    onStep();
  };
  return (
    <section class="panel sandbox" aria-labelledby="sandbox">
      <h2 id="sandbox">Sandbox</h2>
      <p class="quiet">This order is at a sandbox on this machine. Be the laboratory:</p>
      <RequestView request={request} title="Read the sandbox" lines={4}>
        {({ steps, status }) => (
          <>
            {steps.length === 0 && <p>Nothing more happens: {status.split('.').at(-1)!.replaceAll('_', ' ')}.</p>}
            {steps.some((name) => name === 'partial' || name === 'final') && (
              <label class="values">
                <span>Values</span>
                <select value={interpretation} onChange={(event) => setInterpretation(event.currentTarget.value)}>
                  {INTERPRETATIONS.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              </label>
            )}
            <div class="steps">
              {steps.map((name, at) => (
                <Button key={name} variant={name === 'fail' ? 'danger' : at === 0 ? 'primary' : 'plain'} onClick={() => step(name)}>
                  {LABELS[name] ?? name}
                </Button>
              ))}
            </div>
          </>
        )}
      </RequestView>
      {error && <ErrorNotice error={error} title="Do the step" />}
    </section>
  );
}
