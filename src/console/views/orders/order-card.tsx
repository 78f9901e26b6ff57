// One order on the board: what is ordered, for whom, and where it stands.
import type { OrderMessage } from '../../api/admin-orders.ts';
import type { BoardOrder } from '../../api/orders.ts';
import { describePatient } from '../../api/patients.ts';
import { TimeText } from '../../components/time-text.tsx';
import { toHref } from '../../router.ts';
import { describeTask, describeTest } from './order-states.ts';

export function OrderCard({ order, waiting }: { order: BoardOrder; waiting: OrderMessage | undefined }) {
  const { id, task, request, patient } = order;
  const changed = task.lastModified ?? task.meta?.lastUpdated;
  const reason = waiting?.reason ?? task.statusReason?.text;
  return (
    <a class="order-card" href={toHref(`/orders/${encodeURIComponent(id)}`)}>
      <span class="title">{request ? describeTest(request) : 'A request that was deleted'}</span>
      <span class="quiet">{patient ? describePatient(patient) : 'patient not visible'}</span>
      <span class="state">{describeTask(task)}</span>
      {waiting && (
        <span class="quiet">
          {waiting.message === 'cancellation' && 'cancellation: '}
          {waiting.attempts === 1 ? '1 attempt' : `${waiting.attempts} attempts`}
          {waiting.nextAttempt && (
            <>
              , next <TimeText at={waiting.nextAttempt} />
            </>
          )}
        </span>
      )}
      {reason && <span class="reason">{reason}</span>}
      {changed && (
        <span class="quiet when">
          <TimeText at={changed} />
        </span>
      )}
    </a>
  );
}
