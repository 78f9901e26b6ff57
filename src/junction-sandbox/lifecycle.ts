// An order's way through the laboratory, step by step: events are appended, the last one says where the order stands, and each is announced.
// https://docs.junction.com/lab/overview/orders-and-results
import { randomUUID } from 'node:crypto';
import { buildCorrectedReport, buildReport, type ReportOptions } from './report.ts';
import { readCollectionMethod, readStatus, type SandboxOrder, type SandboxState } from './sandbox-state.ts';
import { queueCriticalResultWebhook, queueOrderWebhook } from './webhook-sender.ts';

/** The usual way of an order, by how its sample is taken. */
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
  on_site_collection: [
    'received.on_site_collection.ordered',
    'received.on_site_collection.requisition_created',
    'sample_with_lab.on_site_collection.draw_completed',
    'sample_with_lab.on_site_collection.partial_results',
    'completed.on_site_collection.completed',
  ],
};

const findStatusSequence = (sent: SandboxOrder['sent']): string[] => STATUS_SEQUENCES[readCollectionMethod(sent)]!;
/** From here on, nothing is cancelled any more. */
const NOT_CANCELLABLE = /^(sample_with_lab|completed|cancelled|failed)\./;

/** The order's first event. */
export const buildFirstEvents = (state: SandboxState, sent: SandboxOrder['sent']): SandboxOrder['events'] => [
  buildEvent(state, 1, findStatusSequence(sent)[0]!),
];

/** What a step may bring with it. */
export interface StepOptions extends ReportOptions {
  /** Why: `sample_hemolyzed`. */
  detail?: string;
  /** The redraw carries the passthrough of the order before it. Whether Junction's do is nowhere said. */
  passthrough?: boolean;
  /** Nobody is told. */
  silent?: boolean;
}

/** What comes next on the order's usual way; undefined: it is at its end, or has left it. */
function findNextStatus(order: SandboxOrder): string | undefined {
  const way = findStatusSequence(order.sent);
  const at = way.indexOf(readStatus(order));
  return at < 0 ? undefined : way[at + 1];
}

/** Moves the order to `status`, or one step along its usual way. False when that leads nowhere. */
export function advanceOrder(state: SandboxState, order: SandboxOrder, status = findNextStatus(order), wishes: StepOptions = {}): boolean {
  if (status === undefined) return false;
  appendStatus(state, order, status, wishes);
  if (status.endsWith('.redraw_available')) createRedraw(state, order, wishes);
  return true;
}

/** False when it is too late for that. */
export function cancelIfPossible(state: SandboxState, order: SandboxOrder): boolean {
  if (NOT_CANCELLABLE.test(readStatus(order))) return false;
  appendStatus(state, order, `cancelled.${readCollectionMethod(order.sent)}.cancelled`, {});
  return true;
}

function appendStatus(state: SandboxState, order: SandboxOrder, status: string, wishes: StepOptions): void {
  const events = [...order.events, buildEvent(state, order.events.at(-1)!.id + 1, status, wishes.detail)];
  const next = { ...order, events, report: buildReportForStatus(state, order, status, wishes) };
  state.orders.set(order.id, next);
  if (wishes.silent) return;
  queueOrderWebhook(state, next, 'labtest.order.updated');
  if (next.report?.interpretation === 'critical' && next.report !== order.report) queueCriticalResultWebhook(state, next);
}

/** Reading them does not wait for an announcement. */
function buildReportForStatus(state: SandboxState, order: SandboxOrder, status: string, wishes: StepOptions): SandboxOrder['report'] {
  if (status.endsWith('.partial_results')) return buildReport(state, order, 'partial', wishes);
  if (status.endsWith('.corrected')) return buildCorrectedReport(state, order, wishes);
  return status.startsWith('completed.') ? buildReport(state, order, 'final', wishes) : order.report;
}

/** A new order of the same journey; the first one ends here. */
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
