// Whether what was read of an order that was corrected is the correction: its announcement may come before the network tells the values, or the document,
// that it is of. What says the same as before is looked at again until the correction is an hour old; then it is taken as it is.
// docs/decisions/0026-order-tracking-and-results.md
import { createHash } from 'node:crypto';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { isCorrectedStatus } from '../../junction/order-status.ts';
import type { TrackedResult } from '../track/order-tracker.ts';

/** An order, and what was heard of its result before. */
interface ResultState {
  order: OrderSnapshot;
  before: TrackedResult | undefined;
  now: Date;
}

/** Whether what was read, by its digest, is the correction of the order. A partial result is none. */
export function isCorrection({ order, before, now }: ResultState, { digest, final }: { digest: string; final: boolean }): boolean {
  if (!isCorrectedOrder(order) || !final) return false;
  const applied = before?.corrected === true && before.event === findLastEvent(order)!.id;
  return applied || before?.digest !== digest || !isRecentlyUpdated(order, now);
}

/** Whether the document is that of the state before the correction. */
export function isOutdatedDocument({ order, before, now }: ResultState, hash: string): boolean {
  const { read } = before ?? {};
  return isCorrectedOrder(order) && isRecentlyUpdated(order, now) && read?.hash === hash && read.event !== findLastEvent(order)!.id;
}

export const isCorrectedOrder = (order: OrderSnapshot): boolean => isCorrectedStatus(findLastEvent(order)?.status ?? '');

const RECENT_MS = 3_600_000;

/** What was announced may still be to come. */
export const isRecentlyUpdated = (order: OrderSnapshot, now: Date): boolean =>
  now.getTime() - Date.parse(findLastEvent(order)?.at ?? '') < RECENT_MS;

/** What a result says, as one short text: two that say the same have the same. What is told of the order beside it is no part of that. */
export function digestResult({ metadata, results, missing_results, sample_information }: Record<string, unknown>): string {
  return createHash('sha256')
    .update(JSON.stringify([metadata, results, missing_results, sample_information]))
    .digest('base64');
}
