// Maps Junction's order status to FHIR: to Task.status (one order) and to ServiceRequest.status (the whole order transaction, with redraws).
// https://docs.junction.com/lab/overview/orders-and-results. FHIR: https://hl7.org/fhir/R4/task.html#statemachine, request.html#statemachine
import { findLastEvent, type OrderSnapshot } from './order-snapshot.ts';

/** `received.walk_in_test.ordered`: phase, collection method, detail. The first matching row counts; an unknown detail is mapped by its phase. */
const TASK_STATUSES: [pattern: RegExp, taskStatus: string][] = [
  [/^received\.[^.]+\.ordered$/, 'received'],
  [/^received\./, 'accepted'],
  [/\.redraw_available$/, 'completed'],
  [/^(?:collecting_sample|sample_with_lab)\..*\.(?:appointment_cancelled|problem_in_transit_\w+|lab_processing_blocked)$/, 'on-hold'],
  [/^(?:collecting_sample|sample_with_lab)(?:\.|$)/, 'in-progress'],
  [/^completed(?:\.|$)/, 'completed'],
  [/^cancelled(?:\.|$)/, 'cancelled'],
  [/^failed(?:\.|$)/, 'failed'],
  [/^received$/, 'received'],
];

/** An unknown phase is in progress. */
export const toTaskStatus = (status: string): string => TASK_STATUSES.find(([pattern]) => pattern.test(status))?.[1] ?? 'in-progress';

export const toPhase = (status: string): string => status.split('.')[0]!;

const KNOWN_PHASES = new Set(['received', 'collecting_sample', 'sample_with_lab', 'completed', 'cancelled', 'failed']);

export const isKnownPhase = (status: string): boolean => KNOWN_PHASES.has(toPhase(status));

/** After the end of an order only a correction can follow. */
export const isEndStatus = (status: string): boolean => ['completed', 'cancelled', 'failed'].includes(toPhase(status)) || isRedrawn(status);

/** The sample could not be used: the order transaction continues with another order. */
const isRedrawn = (status: string): boolean => status.endsWith('.redraw_available');

export const isCorrectedStatus = (status: string): boolean => /^completed\..*\.corrected$/.test(status);

/** The status of the request by its newest order. `phase`: Junction's phase, where the FHIR code does not express it; undefined: unchanged. */
export interface RequestStatus {
  status: 'active' | 'completed' | 'revoked';
  phase: string | undefined;
}

/**
 * The order transaction decides whether the request has ended. If it is still active three days after its newest order ended, it is treated as ended (inferred:
 * normally its status follows within moments). R4 has no "failed" for a request: it is revoked, and the phase says why.
 */
export function toRequestStatus(order: OrderSnapshot, now: Date): RequestStatus {
  const last = findLastEvent(order);
  if (!last) return { status: 'active', phase: undefined };
  const phase = toPhase(last.status);
  const running = isTransactionActive(order, now);
  if (phase === 'completed' && (!running || isCorrectedStatus(last.status))) return { status: 'completed', phase: undefined };
  if (phase === 'cancelled' && !running) return { status: 'revoked', phase: undefined };
  if (phase === 'failed') return { status: 'revoked', phase: 'failed' };
  const hasEnded = phase === 'completed' || phase === 'cancelled';
  return { status: 'active', phase: hasEnded ? undefined : phase };
}

const TRANSACTION_LAG_MS = 72 * 3_600_000;

/** Whether more orders or events are expected, by the status in this order. */
export function isTransactionActive(order: OrderSnapshot, now: Date): boolean {
  if (order.transaction === undefined || ['completed', 'cancelled'].includes(order.transaction.status ?? '')) return false;
  return !(now.getTime() - Date.parse(findLastEvent(order)?.at ?? '') > TRANSACTION_LAG_MS);
}

/** When the laboratory completed the order; undefined if it has not. */
export const findCompletionTime = ({ events }: OrderSnapshot): string | undefined =>
  events.find(({ status }) => toPhase(status) === 'completed')?.at;
