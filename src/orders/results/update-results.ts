// The part of a look that is about results: whether there may be any, reading and applying them, and then their document. Each may fail by itself and is
// taken up by the next look; what is applied already stays.

import { findLastEvent, isOnlyOrder, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { toPhase, toRequestStatus } from '../../junction/order-status.ts';
import type { ResultSubject } from '../../junction/reader.ts';
import type { Outcome } from '../../messaging/outcome.ts';
import { DOCUMENT_READ_MS, isReadAt, type LeasedOrder, type OrderTracker, parseTrackedState, READ_MS } from '../track/order-tracker.ts';
import { applyResult, cancelPartialReport } from './apply-result.ts';
import { isOutdatedDocument } from './correction.ts';
import { applyDocument, toSha1 } from './document.ts';

/** `open`: something is still to come. `error`: it could not be read. Undefined: the lease is lost. */
type ResultProgress = { open: boolean; error?: string } | undefined;

const DONE: ResultProgress = { open: false };

export async function updateResults(following: OrderTracker, leased: LeasedOrder, order: OrderSnapshot): Promise<ResultProgress> {
  const status = findLastEvent(order)?.status ?? '';
  if (!mayHaveResults(order, status)) return DONE;
  const phase = toPhase(status);
  const over = phase === 'failed' || phase === 'cancelled';
  const applied = isAlreadyApplied(leased, order) ? { look: leased, final: true } : await readAndApply(following, leased, order);
  if (!applied || 'error' in applied) return applied;
  if (over && !applied.final && toRequestStatus(order, following.clock()).status === 'revoked')
    await cancelPartialReport(following, applied.look, order);
  if (!applied.final) return { open: phase === 'completed' };
  return updateDocument(following, applied.look, order);
}

/** From the laboratory on; an order that came to nothing may have had partial ones. */
function mayHaveResults({ interpretation }: OrderSnapshot, status: string): boolean {
  const phase = toPhase(status);
  return !['received', 'collecting_sample', ''].includes(phase) || status.endsWith('.redraw_available') || interpretation !== undefined;
}

/** The result of this very state of the order stands here, it is final, and there was no news since. */
function isAlreadyApplied({ placed }: LeasedOrder, order: OrderSnapshot): boolean {
  const { result } = parseTrackedState(placed);
  return result?.final === true && result.wakes === placed.eventCount && isReadAt(result, order);
}

type Applied = { look: LeasedOrder; final: boolean } | { open: true; error: string } | undefined;

async function readAndApply(following: OrderTracker, leased: LeasedOrder, order: OrderSnapshot): Promise<Applied> {
  const { outcome, whole } = await readResult(following, order);
  if (outcome.kind !== 'accepted') return { open: true, error: outcome.why };
  if (!outcome.value) return { look: leased, final: false };
  const applied = await applyResult(following, leased, { order, result: outcome.value, whole });
  return applied === 'nothing' ? { look: leased, final: false } : applied;
}

/** A journey of several orders has one result, which may be there only when it is over: until then the order's own. */
async function readResult(
  { reads }: OrderTracker,
  order: OrderSnapshot,
): Promise<{ outcome: Outcome<Record<string, unknown> | undefined>; whole: boolean }> {
  if (isOnlyOrder(order)) return { outcome: await reads.readResult({ order: order.id }, AbortSignal.timeout(READ_MS)), whole: true };
  const outcome = await reads.readResult({ transaction: order.transaction!.id }, AbortSignal.timeout(READ_MS));
  if (outcome.kind !== 'accepted' || outcome.value) return { outcome, whole: true };
  return { outcome: await reads.readResult({ order: order.id }, AbortSignal.timeout(READ_MS)), whole: false };
}

/** After so long nobody waits for a document any more, in ms; news of the order asks for it again. */
const DOCUMENT_WAIT_MS = 3 * 24 * 3_600_000;

async function updateDocument(following: OrderTracker, leased: LeasedOrder, order: OrderSnapshot): Promise<ResultProgress> {
  const { result: before } = parseTrackedState(leased.placed);
  if (before?.document) return DONE;
  const of: ResultSubject = isOnlyOrder(order) ? { order: order.id } : { transaction: order.transaction!.id };
  const outcome = await following.reads.readResultPdf(of, AbortSignal.timeout(DOCUMENT_READ_MS));
  const now = following.clock();
  if (outcome.kind === 'accepted' && outcome.value && !isOutdatedDocument({ order, before, now }, toSha1(outcome.value))) {
    const applied = await applyDocument(following, leased, { order, bytes: outcome.value });
    return applied && DONE;
  }
  const age = now.getTime() - Date.parse(findLastEvent(order)?.at ?? order.updatedAt ?? '');
  const open = !(age > DOCUMENT_WAIT_MS);
  const why = outcome.kind === 'accepted' ? 'there is none' : outcome.why;
  if (!open) following.log({ tenant: leased.placed.tenant, order: order.id, why }, 'the document of a result was given up');
  return { open, ...(open && outcome.kind !== 'accepted' && { error: `the document: ${outcome.why}` }) };
}
