// Decides whether the result of a corrected order is the correction: Junction may announce it before it returns the new values or the new document. Unchanged
// content is read again until the correction is an hour old, and is then accepted.
// docs/decisions/0026-order-tracking-and-results.md
import { createHash } from 'node:crypto';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { isCorrectedStatus } from '../../junction/order-status.ts';
import type { TrackedResult } from '../track/order-tracker.ts';

/** `before`: the result that was applied last. */
interface ResultState {
  order: OrderSnapshot;
  before: TrackedResult | undefined;
  now: Date;
}

/** A partial result is not a correction. */
export function isCorrection({ order, before, now }: ResultState, { digest, final }: { digest: string; final: boolean }): boolean {
  if (!isCorrectedOrder(order) || !final) return false;
  const applied = before?.corrected === true && before.event === findLastEvent(order)!.id;
  return applied || before?.digest !== digest || !isRecentlyUpdated(order, now);
}

/** Whether the document is from before the correction. */
export function isOutdatedDocument({ order, before, now }: ResultState, hash: string): boolean {
  const { read } = before ?? {};
  return isCorrectedOrder(order) && isRecentlyUpdated(order, now) && read?.hash === hash && read.event !== findLastEvent(order)!.id;
}

export const isCorrectedOrder = (order: OrderSnapshot): boolean => isCorrectedStatus(findLastEvent(order)?.status ?? '');

const RECENT_MS = 3_600_000;

/** Announced content may still follow. */
export const isRecentlyUpdated = (order: OrderSnapshot, now: Date): boolean =>
  now.getTime() - Date.parse(findLastEvent(order)?.at ?? '') < RECENT_MS;

/** A hash of the content of a result, without what it contains about the order. */
export function digestResult({ metadata, results, missing_results, sample_information }: Record<string, unknown>): string {
  return createHash('sha256')
    .update(JSON.stringify([metadata, results, missing_results, sample_information]))
    .digest('base64');
}
