// What the network's word for an order means in FHIR: for the Task (one order's fulfilment) and for the ServiceRequest (the whole journey, redraws included).
// Words: https://docs.junction.com/lab/overview/orders-and-results. FHIR: https://hl7.org/fhir/R4/task.html#statemachine, request.html#statemachine
import { findLastEvent, type OrderSnapshot } from './order-snapshot.ts';

/** `received.walk_in_test.ordered`: phase, way of collecting, detail. The first row that fits counts; a detail that is new is told by its phase. */
const TASK_STATUSES: [word: RegExp, status: string][] = [
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

/** A phase that nobody knows is on its way somehow. */
export const toTaskStatus = (word: string): string => TASK_STATUSES.find(([pattern]) => pattern.test(word))?.[1] ?? 'in-progress';

export const toPhase = (word: string): string => word.split('.')[0]!;

const KNOWN_PHASES = new Set(['received', 'collecting_sample', 'sample_with_lab', 'completed', 'cancelled', 'failed']);

export const isKnownPhase = (word: string): boolean => KNOWN_PHASES.has(toPhase(word));

/** Whether this order has come to its end: what may still come is a correction. */
export const isEndStatus = (word: string): boolean => ['completed', 'cancelled', 'failed'].includes(toPhase(word)) || isRedrawn(word);

/** The sample could not be used: the journey goes on with another order. */
const isRedrawn = (word: string): boolean => word.endsWith('.redraw_available');

export const isCorrectedStatus = (word: string): boolean => /^completed\..*\.corrected$/.test(word);

/** How the request stands by its newest order. `word`: the network's phase, told beside a code that does not say it; undefined: what was told stays. */
export interface RequestStatus {
  status: 'active' | 'completed' | 'revoked';
  phase: string | undefined;
}

/**
 * The journey decides whether the request is over; one that still counts as running days after its newest order has ended is taken for over
 * (inferred: a journey's status follows its order's in a moment). R4 has no "failed" for a request: it is revoked, and the word says why.
 */
export function toRequestStatus(order: OrderSnapshot, now: Date): RequestStatus {
  const last = findLastEvent(order);
  if (!last) return { status: 'active', phase: undefined };
  const phase = toPhase(last.status);
  const running = isTransactionActive(order, now);
  if (phase === 'completed' && (!running || isCorrectedStatus(last.status))) return { status: 'completed', phase: undefined };
  if (phase === 'cancelled' && !running) return { status: 'revoked', phase: undefined };
  if (phase === 'failed') return { status: 'revoked', phase: 'failed' };
  const ended = phase === 'completed' || phase === 'cancelled';
  return { status: 'active', phase: ended ? undefined : phase };
}

const TRANSACTION_LAG_MS = 72 * 3_600_000;

/** Whether the journey goes on, as far as this order knows. */
export function isTransactionActive(order: OrderSnapshot, now: Date): boolean {
  if (order.transaction === undefined || ['completed', 'cancelled'].includes(order.transaction.status ?? '')) return false;
  return !(now.getTime() - Date.parse(findLastEvent(order)?.at ?? '') > TRANSACTION_LAG_MS);
}

/** When the laboratory completed the order; undefined: it has not. */
export const findCompletionTime = ({ events }: OrderSnapshot): string | undefined =>
  events.find(({ status }) => toPhase(status) === 'completed')?.at;
