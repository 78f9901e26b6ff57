// What the network's word for an order means in FHIR: for the Task (one order's fulfilment) and for the ServiceRequest (the whole journey, redraws included).
// Words: https://docs.junction.com/lab/overview/orders-and-results. FHIR: https://hl7.org/fhir/R4/task.html#statemachine, request.html#statemachine
import { lastEvent, type OrderSnapshot } from './order-snapshot.ts';

/** `received.walk_in_test.ordered`: phase, way of collecting, detail. The first row that fits counts; a detail that is new is told by its phase. */
const TASK: [word: RegExp, status: string][] = [
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
export const taskStatus = (word: string): string => TASK.find(([pattern]) => pattern.test(word))?.[1] ?? 'in-progress';

export const phaseOf = (word: string): string => word.split('.')[0]!;

const KNOWN_PHASES = new Set(['received', 'collecting_sample', 'sample_with_lab', 'completed', 'cancelled', 'failed']);

export const isKnownPhase = (word: string): boolean => KNOWN_PHASES.has(phaseOf(word));

/** Whether this order has come to its end: what may still come is a correction. */
export const isAtEnd = (word: string): boolean => ['completed', 'cancelled', 'failed'].includes(phaseOf(word)) || isRedrawn(word);

/** The sample could not be used: the journey goes on with another order. */
const isRedrawn = (word: string): boolean => word.endsWith('.redraw_available');

export const isCorrected = (word: string): boolean => /^completed\..*\.corrected$/.test(word);

/** How the request stands by its newest order. `word`: the network's phase, told beside a code that does not say it; undefined: what was told stays. */
export interface RequestStand {
  status: 'active' | 'completed' | 'revoked';
  word: string | undefined;
}

/**
 * The journey decides whether the request is over; one that still counts as running days after its newest order has ended is taken for over
 * (inferred: a journey's status follows its order's in a moment). R4 has no "failed" for a request: it is revoked, and the word says why.
 */
export function requestStand(order: OrderSnapshot, now: Date): RequestStand {
  const last = lastEvent(order);
  if (!last) return { status: 'active', word: undefined };
  const phase = phaseOf(last.status);
  const running = isRunning(order, now);
  if (phase === 'completed' && (!running || isCorrected(last.status))) return { status: 'completed', word: undefined };
  if (phase === 'cancelled' && !running) return { status: 'revoked', word: undefined };
  if (phase === 'failed') return { status: 'revoked', word: 'failed' };
  const ended = phase === 'completed' || phase === 'cancelled';
  return { status: 'active', word: ended ? undefined : phase };
}

const LAG_MS = 72 * 3_600_000;

/** Whether the journey goes on, as far as this order knows. */
export function isRunning(order: OrderSnapshot, now: Date): boolean {
  if (order.transaction === undefined || ['completed', 'cancelled'].includes(order.transaction.status ?? '')) return false;
  return !(now.getTime() - Date.parse(lastEvent(order)?.at ?? '') > LAG_MS);
}

/** When the laboratory completed the order; undefined: it has not. */
export const completedAt = ({ events }: OrderSnapshot): string | undefined =>
  events.find(({ status }) => phaseOf(status) === 'completed')?.at;
