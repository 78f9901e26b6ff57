// Updates the results of an order during a poll: reads and applies the result, then the document. Each may fail on its own and is read again by the next poll.

import { findLastEvent, isOnlyOrder, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { toPhase, toRequestStatus } from '../../junction/order-status.ts';
import type { ResultSubject } from '../../junction/reader.ts';
import type { Outcome } from '../../messaging/outcome.ts';
import { toOrderFields } from '../log-fields.ts';
import { DOCUMENT_READ_MS, isReadAt, type LeasedOrder, type OrderTracker, parseTrackedState, READ_MS } from '../track/order-tracker.ts';
import { applyResult, cancelPartialReport } from './apply-result.ts';
import { isOutdatedDocument } from './correction.ts';
import { applyDocument, toSha1 } from './document.ts';

/** `open`: more is expected. `error`: why the result could not be read. Undefined: the lease was lost. */
type ResultProgress = { open: boolean; error?: string } | undefined;

const DONE: ResultProgress = { open: false };

export async function updateResults(tracker: OrderTracker, leased: LeasedOrder, order: OrderSnapshot): Promise<ResultProgress> {
  const status = findLastEvent(order)?.status ?? '';
  if (!mayHaveResults(order, status)) return DONE;
  const phase = toPhase(status);
  const hasEnded = phase === 'failed' || phase === 'cancelled';
  const applied = isAlreadyApplied(leased, order) ? { leased, final: true } : await readAndApply(tracker, leased, order);
  if (!applied || 'error' in applied) return applied;
  if (hasEnded && !applied.final && toRequestStatus(order, tracker.clock()).status === 'revoked')
    await cancelPartialReport(tracker, applied.leased, order);
  if (!applied.final) return { open: phase === 'completed' };
  return updateDocument(tracker, applied.leased, order);
}

/** From the laboratory on; a failed or cancelled order may have had partial results. */
function mayHaveResults({ interpretation }: OrderSnapshot, status: string): boolean {
  const phase = toPhase(status);
  return !['received', 'collecting_sample', ''].includes(phase) || status.endsWith('.redraw_available') || interpretation !== undefined;
}

/** The result of this state of the order was applied, it is final, and no webhook has arrived since. */
function isAlreadyApplied({ trackedOrder }: LeasedOrder, order: OrderSnapshot): boolean {
  const { result } = parseTrackedState(trackedOrder);
  return result?.final === true && result.wakes === trackedOrder.eventCount && isReadAt(result, order);
}

type Applied = { leased: LeasedOrder; final: boolean } | { open: true; error: string } | undefined;

async function readAndApply(tracker: OrderTracker, leased: LeasedOrder, order: OrderSnapshot): Promise<Applied> {
  const { outcome, whole: isComplete } = await readResult(tracker, order);
  if (outcome.kind !== 'accepted') return { open: true, error: outcome.why };
  if (!outcome.value) return { leased, final: false };
  const applied = await applyResult(tracker, leased, { order, result: outcome.value, whole: isComplete });
  return applied === 'nothing' ? { leased, final: false } : applied;
}

/** A transaction of several orders has one result, which may not exist before its end: until then the order's own result is read. */
async function readResult(
  { reads }: OrderTracker,
  order: OrderSnapshot,
): Promise<{ outcome: Outcome<Record<string, unknown> | undefined>; whole: boolean }> {
  if (isOnlyOrder(order)) return { outcome: await reads.readResult({ order: order.id }, AbortSignal.timeout(READ_MS)), whole: true };
  const outcome = await reads.readResult({ transaction: order.transaction!.id }, AbortSignal.timeout(READ_MS));
  if (outcome.kind !== 'accepted' || outcome.value) return { outcome, whole: true };
  return { outcome: await reads.readResult({ order: order.id }, AbortSignal.timeout(READ_MS)), whole: false };
}

/** In ms: after that the document is not requested again before the next event of the order. */
const DOCUMENT_WAIT_MS = 3 * 24 * 3_600_000;

async function updateDocument(tracker: OrderTracker, leased: LeasedOrder, order: OrderSnapshot): Promise<ResultProgress> {
  const { result: before } = parseTrackedState(leased.trackedOrder);
  if (before?.document) return DONE;
  const subject: ResultSubject = isOnlyOrder(order) ? { order: order.id } : { transaction: order.transaction!.id };
  const outcome = await tracker.reads.readResultPdf(subject, AbortSignal.timeout(DOCUMENT_READ_MS));
  const now = tracker.clock();
  if (outcome.kind === 'accepted' && outcome.value && !isOutdatedDocument({ order, before, now }, toSha1(outcome.value))) {
    const applied = await applyDocument(tracker, leased, { order, bytes: outcome.value });
    return applied && DONE;
  }
  const age = now.getTime() - Date.parse(findLastEvent(order)?.at ?? order.updatedAt ?? '');
  const open = !(age > DOCUMENT_WAIT_MS);
  const why = outcome.kind === 'accepted' ? 'it does not exist' : outcome.why;
  if (!open) tracker.log({ ...toOrderFields(leased.trackedOrder), why }, 'the document of a result is not requested any more');
  return { open, ...(open && outcome.kind !== 'accepted' && { error: `document: ${outcome.why}` }) };
}
