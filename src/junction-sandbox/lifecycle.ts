// The statuses of an order at the laboratory: each change appends an event and queues a webhook. The last event is the current status.
// https://docs.junction.com/lab/overview/orders-and-results
import { randomUUID } from 'node:crypto';
import { buildCorrectedReport, buildReport, type ReportOptions } from './report.ts';
import { readCollectionMethod, readStatus, type SandboxOrder, type SandboxState } from './sandbox-state.ts';
import { queueCriticalResultWebhook, queueOrderWebhook } from './webhook-sender.ts';

/** The usual statuses of an order, by collection method. */
const STATUS_SEQUENCES: Record<string, string[]> = {
  walk_in_test: [
    'received.walk_in_test.ordered',
    'received.walk_in_test.requisition_created',
    'collecting_sample.walk_in_test.appointment_pending',
    'sample_with_lab.walk_in_test.partial_results',
    'completed.walk_in_test.completed',
  ],
  at_home_phlebotomy: [
    'received.at_home_phlebotomy.ordered',
    'received.at_home_phlebotomy.requisition_created',
    'collecting_sample.at_home_phlebotomy.appointment_pending',
    'collecting_sample.at_home_phlebotomy.draw_completed',
    'sample_with_lab.at_home_phlebotomy.partial_results',
    'completed.at_home_phlebotomy.completed',
  ],
  testkit: [
    'received.testkit.ordered',
    'received.testkit.requisition_created',
    'collecting_sample.testkit.transit_customer',
    'collecting_sample.testkit.with_customer',
    'collecting_sample.testkit.transit_lab',
    'sample_with_lab.testkit.delivered_to_lab',
    'completed.testkit.completed',
  ],
  on_site_collection: [
    'received.on_site_collection.ordered',
    'received.on_site_collection.requisition_created',
    'sample_with_lab.on_site_collection.draw_completed',
    'sample_with_lab.on_site_collection.partial_results',
    'completed.on_site_collection.completed',
  ],
};

const findStatusSequence = (sent: SandboxOrder['sent']): string[] => STATUS_SEQUENCES[readCollectionMethod(sent)]!;
/** Statuses in which an order can no longer be cancelled. */
const NOT_CANCELLABLE = /^(sample_with_lab|completed|cancelled|failed|collecting_sample\.testkit)\./;

export const buildFirstEvents = (state: SandboxState, sent: SandboxOrder['sent']): SandboxOrder['events'] => [
  buildEvent(state, 1, findStatusSequence(sent)[0]!),
];

export interface StepOptions extends ReportOptions {
  /** The status detail: `sample_hemolyzed`. */
  detail?: string;
  /** The redraw has the passthrough of the order before it. Junction does not document this. */
  passthrough?: boolean;
  /** No webhook is sent. */
  silent?: boolean;
}

/** Undefined at the end of the usual sequence, or outside of it. */
function findNextStatus(order: SandboxOrder): string | undefined {
  const sequence = findStatusSequence(order.sent);
  const at = sequence.indexOf(readStatus(order));
  return at < 0 ? undefined : sequence[at + 1];
}

/** Sets `status`, by default the next one of the usual sequence. Returns false if there is none. */
export function advanceOrder(state: SandboxState, order: SandboxOrder, status = findNextStatus(order), options: StepOptions = {}): boolean {
  if (status === undefined) return false;
  appendStatus(state, order, status, options);
  if (status.endsWith('.redraw_available')) createRedraw(state, order, options);
  return true;
}

/** Returns false if it is too late. */
export function cancelIfPossible(state: SandboxState, order: SandboxOrder): boolean {
  if (NOT_CANCELLABLE.test(readStatus(order))) return false;
  appendStatus(state, order, `cancelled.${readCollectionMethod(order.sent)}.cancelled`, {});
  return true;
}

function appendStatus(state: SandboxState, order: SandboxOrder, status: string, options: StepOptions): void {
  const events = [...order.events, buildEvent(state, order.events.at(-1)!.id + 1, status, options.detail)];
  const next = { ...order, events, report: buildReportForStatus(state, order, status, options) };
  state.orders.set(order.id, next);
  if (options.silent) return;
  queueOrderWebhook(state, next, 'labtest.order.updated');
  if (next.report?.interpretation === 'critical' && next.report !== order.report) queueCriticalResultWebhook(state, next);
}

/** Results can be read as soon as the status changes. */
function buildReportForStatus(state: SandboxState, order: SandboxOrder, status: string, options: StepOptions): SandboxOrder['report'] {
  if (status.endsWith('.partial_results')) return buildReport(state, order, 'partial', options);
  if (status.endsWith('.corrected')) return buildCorrectedReport(state, order, options);
  return status.startsWith('completed.') ? buildReport(state, order, 'final', options) : order.report;
}

/** A new order of the same order transaction, which replaces `before`. */
function createRedraw(state: SandboxState, before: SandboxOrder, { passthrough, silent }: StepOptions): void {
  const order: SandboxOrder = {
    ...before,
    id: randomUUID(),
    passthrough: passthrough ? before.passthrough : null,
    createdAt: new Date(Math.max(state.now().getTime(), Date.parse(before.createdAt)) + 1).toISOString(),
    events: buildFirstEvents(state, before.sent),
    origin: 'redraw',
    parentId: before.id,
    report: null,
  };
  state.orders.set(order.id, order);
  if (!silent) queueOrderWebhook(state, order, 'labtest.order.created');
}

const buildEvent = (state: SandboxState, id: number, status: string, detail?: string) => ({
  id,
  created_at: state.now().toISOString(),
  status,
  ...(detail !== undefined && { status_detail: detail }),
});
