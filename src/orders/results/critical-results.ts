// Whether a report is critical: as long as anything in it is, whoever has reported it and whoever looked last. Only the laboratory takes that back, by
// correcting the value or by reporting it in error. https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html
import type { Resource } from '../../fhir/types.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { parseTrackedState } from '../track/order-tracker.ts';

export const CRITICAL = 'critical';

const CRITICAL_CODES = new Set(['HH', 'LL', 'AA']);

/** An Observation that stands. */
export const isCriticalObservation = ({ status, interpretation }: Resource): boolean =>
  status !== 'entered-in-error' &&
  ((interpretation ?? []) as { coding?: { code?: string }[] }[]).some(({ coding }) =>
    coding?.some(({ code }) => CRITICAL_CODES.has(code ?? '')),
  );

/** Whether another order of the same journey is critical, as far as was heard. */
export const hasCriticalSibling = (placed: TrackedOrder, orders: TrackedOrder[]): boolean =>
  orders.some(
    (one) =>
      one.orderId !== placed.orderId &&
      one.transactionId !== null &&
      one.transactionId === placed.transactionId &&
      parseTrackedState(one).result?.critical === true,
  );
