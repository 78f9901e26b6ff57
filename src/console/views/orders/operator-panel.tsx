// What an operator sees of an order and does with it. Each action asks for a reason, which is stored with the order.
import { useId, useState } from 'preact/hooks';
import { type AdminOrder, actOnOrder, type OrderAction } from '../../api/admin-orders.ts';
import { ApiError } from '../../api/api-error.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { prepareToast } from '../../components/toast.tsx';

interface ActionText {
  label: string;
  /** What it does, in the dialog. */
  effect: string;
  variant: 'plain' | 'danger';
}

const ACTIONS: Readonly<Record<OrderAction, ActionText>> = {
  retry: {
    label: 'Retry now',
    effect: 'The same order is sent at once, under the same key. If it may have arrived, it is looked up at the laboratory network first.',
    variant: 'plain',
  },
  park: { label: 'Park', effect: 'It is not sent until it is released. Its Task is on hold.', variant: 'plain' },
  release: {
    label: 'Release',
    effect: 'The server continues with it within a second. If it may have arrived, it is looked up first.',
    variant: 'plain',
  },
  drop: {
    label: 'Drop',
    effect:
      'The order is given up and its request is revoked. If it may have arrived, it is looked up, and cancelled there. This cannot be undone.',
    variant: 'danger',
  },
};

interface OperatorPanelProps {
  order: AdminOrder;
  /** Names the tenant. */
  query: string;
  onDone: () => void;
}

export function OperatorPanel({ order, query, onDone }: OperatorPanelProps) {
  const [chosen, setChosen] = useState<OrderAction | undefined>(undefined);
  return (
    <section class={order.actions.length ? 'panel urgent' : 'panel'} aria-labelledby="operation">
      <h2 id="operation">Operation</h2>
      <p>{order.parkedByOperator ? 'It was parked by an operator.' : `${order.meaning[0]!.toUpperCase()}${order.meaning.slice(1)}.`}</p>
      {order.reason && <p class="reason">{order.reason}</p>}
      {order.actions.length > 0 && (
        <div class="row">
          {order.actions
            .filter((action) => action !== 'park' || !order.parkedByOperator)
            .map((action) => (
              <Button key={action} variant={ACTIONS[action].variant} onClick={() => setChosen(action)}>
                {ACTIONS[action].label}
              </Button>
            ))}
        </div>
      )}
      <OperationFacts order={order} />
      {chosen && <ActionDialog id={order.order} action={chosen} query={query} onDone={onDone} onClose={() => setChosen(undefined)} />}
    </section>
  );
}

const OperationFacts = ({ order }: { order: AdminOrder }) => (
  <dl class="facts">
    <dt>State</dt>
    <dd>{order.state}</dd>
    <dt>Attempts</dt>
    <dd>{order.attempts}</dd>
    {order.nextAttempt && (
      <>
        <dt>Next</dt>
        <dd>
          <TimeText at={order.nextAttempt} />
        </dd>
      </>
    )}
    {order.lastSent && (
      <>
        <dt>Last sent</dt>
        <dd>
          <TimeText at={order.lastSent} />
        </dd>
      </>
    )}
    <dt>Account</dt>
    <dd>{order.account}</dd>
    <dt>Physician</dt>
    <dd>{order.physician ? `${order.physician.name}, NPI ${order.physician.npi}` : "of the laboratory's network"}</dd>
    {order.networkOrder && <IdFact name="Network order" id={order.networkOrder} />}
    {order.lastKey && <IdFact name="Last key" id={order.lastKey} />}
    {order.cancellation && (
      <>
        <dt>Cancellation</dt>
        <dd>
          {order.cancellation.state}
          {order.cancellation.reason && `: ${order.cancellation.reason}`}
        </dd>
      </>
    )}
    {order.networkOrders
      .filter(({ failedPolls }) => failedPolls > 0)
      .map(({ id, failedPolls, reason }) => (
        <>
          <dt key={id}>Polls failed</dt>
          <dd>
            {failedPolls}
            {reason && `: ${reason}`}
          </dd>
        </>
      ))}
  </dl>
);

const IdFact = ({ name, id }: { name: string; id: string }) => (
  <>
    <dt>{name}</dt>
    <dd class="id-fact">
      <code>{id}</code>
      <CopyButton text={id} label={`Copy ${name.toLowerCase()}`} />
    </dd>
  </>
);

interface ActionDialogProps {
  id: string;
  action: OrderAction;
  query: string;
  onDone: () => void;
  onClose: () => void;
}

function ActionDialog({ id, action, query, onDone, onClose }: ActionDialogProps) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const field = useId();
  const { label, effect, variant } = ACTIONS[action];
  const act = async (): Promise<void> => {
    setError(undefined);
    const show = prepareToast();
    try {
      show({ text: await actOnOrder(id, query, { action, reason: reason.trim() }) });
      onClose();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
    onDone();
  };
  const buttons = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button
        variant={variant === 'danger' ? 'danger' : 'primary'}
        disabledReason={reason.trim() === '' ? 'Type a reason first.' : undefined}
        onClick={act}
      >
        {label}
      </Button>
    </>
  );
  return (
    <Dialog title={`${label}?`} onClose={onClose} actions={buttons}>
      <p>{effect}</p>
      <label class="field" for={field}>
        <span>Reason</span>
        <input
          id={field}
          maxLength={200}
          value={reason}
          aria-describedby={`${field}-hint`}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <p class="quiet" id={`${field}-hint`}>
        It is stored with the order for other operators. Do not name a patient.
      </p>
      {error && <ErrorNotice error={error} title={label} />}
    </Dialog>
  );
}
