// The FHIR resources that an order must have, derived from the state of the sandbox alone. Written for proofs, independently of the program.
import { toResultJson } from '../../src/junction-sandbox/report.ts';
import type { SandboxOrder, SandboxState } from '../../src/junction-sandbox/sandbox-state.ts';

/** The words the tests use → the Task's status. */
const TASKS: Record<string, string> = {
  'received.walk_in_test.ordered': 'received',
  'received.walk_in_test.requisition_created': 'accepted',
  'collecting_sample.walk_in_test.appointment_pending': 'in-progress',
  'collecting_sample.walk_in_test.redraw_available': 'completed',
  'sample_with_lab.walk_in_test.partial_results': 'in-progress',
  'completed.walk_in_test.completed': 'completed',
  'completed.walk_in_test.corrected': 'completed',
  'cancelled.walk_in_test.cancelled': 'cancelled',
  'failed.walk_in_test.sample_error': 'failed',
};
const REQUESTS: Record<string, string> = { completed: 'completed', cancelled: 'revoked', failed: 'revoked' };

export interface Expected {
  /** Oldest order first. */
  tasks: string[];
  request: string;
  /** Of the report; undefined: there is none. */
  report: string | undefined;
  /** Name and sample of each marker → what was measured, in the laboratory's digits. */
  markers: Map<string, string>;
  document: boolean;
}

/** The orders of one journey, oldest first. */
export const journeyOf = (world: SandboxState, transactionId: string): SandboxOrder[] =>
  [...world.orders.values()].filter((order) => order.transactionId === transactionId).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));

const wordOf = (order: SandboxOrder): string => order.events.at(-1)!.status;

export function expectedOf(orders: SandboxOrder[]): Expected {
  const newest = orders.at(-1)!;
  const phase = wordOf(newest).split('.')[0]!;
  const visible = toResultJson(orders) as { results: Record<string, string>[] } | undefined;
  return {
    tasks: orders.map((order) => TASKS[wordOf(order)]!),
    request: REQUESTS[phase] ?? 'active',
    report: visible && reportStatus(newest, phase),
    markers: new Map((visible?.results ?? []).map((result) => [`${result.name}|${result.source_sample_id}`, result.result!])),
    document: orders.some(({ report }) => report?.hasDocument),
  };
}

function reportStatus(newest: SandboxOrder, phase: string): string {
  if (wordOf(newest).endsWith('.corrected')) return 'corrected';
  if (phase === 'completed') return 'final';
  return phase === 'failed' || phase === 'cancelled' ? 'cancelled' : 'partial';
}

/** What an Observation says was measured. */
export function valueIn({ valueQuantity, valueString, valueCodeableConcept }: Record<string, unknown>): unknown {
  const quantity = valueQuantity as { value: number; comparator?: string } | undefined;
  if (quantity?.comparator) return `${quantity.comparator}${quantity.value.toFixed(1)}`;
  return quantity?.value ?? valueString ?? (valueCodeableConcept as { text: string } | undefined)?.text;
}
