// Withdraws an order as a clinic does: the request is revoked, and the laboratory is told.
import { useState } from 'preact/hooks';
import { findDenial } from '../../api/access.ts';
import { ApiError } from '../../api/api-error.ts';
import { type ServiceRequest, withdrawOrder } from '../../api/orders.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { prepareToast } from '../../components/toast.tsx';
import { useSignedIn } from '../../session-context.tsx';

interface WithdrawProps {
  request: ServiceRequest;
  isOrder: boolean;
  hasEnded: boolean;
  onDone: () => void;
}

export function Withdraw({ request, isOrder, hasEnded, onDone }: WithdrawProps) {
  const denial = findDenial(useSignedIn(), { surface: 'fhir', type: 'ServiceRequest', permissions: ['u'] });
  const [isOpen, setIsOpen] = useState(false);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  if (!isOrder || hasEnded || request.status !== 'active') return null;
  const withdraw = async (): Promise<void> => {
    setError(undefined);
    const show = prepareToast();
    try {
      await withdrawOrder(request.id);
      show({ text: 'The order is withdrawn: the laboratory is told if it has the order' });
      setIsOpen(false);
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
    onDone();
  };
  return (
    <section class="panel" aria-labelledby="clinic">
      <h2 id="clinic">Request</h2>
      <p class="quiet">The request is active. Whoever ordered can withdraw it until a sample is with the laboratory.</p>
      <div class="row">
        <Button variant="danger" disabledReason={denial} onClick={() => setIsOpen(true)}>
          Withdraw the order
        </Button>
      </div>
      {isOpen && (
        <Dialog
          title="Withdraw the order?"
          onClose={() => setIsOpen(false)}
          actions={
            <>
              <Button onClick={() => setIsOpen(false)}>Keep it</Button>
              <Button variant="danger" onClick={withdraw}>
                Withdraw
              </Button>
            </>
          }
        >
          <p>The status of the request becomes revoked. An order that the laboratory has is cancelled there, unless it is too late.</p>
          {error && <ErrorNotice error={error} title="Withdraw the order" />}
        </Dialog>
      )}
    </section>
  );
}
