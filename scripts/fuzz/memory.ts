// The memory of the server during a run: resident memory at regular times, and whether it keeps growing.
import { readFileSync } from 'node:fs';

/** The number of times that the memory of a run is read. */
export const MEMORY_READINGS = 40;
/** A shorter run ends before validators and caches are built, so its memory is not judged. */
export const FEWEST_JUDGED_REQUESTS = 10_000;
const TOLERATED_GROWTH = 1.25;

/** Resident memory of a process in MiB. Undefined where there is no /proc. */
export function readMemory(pid: number): number | undefined {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);
  } catch {
    return undefined;
  }
}

/** Whether the last quarter of the readings is above the second quarter, when caches were filled, by more than a quarter. Medians, so that peaks do not count. */
export function hasGrown(readings: readonly number[]): boolean {
  const size = Math.floor(readings.length / 4);
  if (size === 0) return false;
  return findMedian(readings.slice(-size)) > findMedian(readings.slice(size, 2 * size)) * TOLERATED_GROWTH;
}

const findMedian = (readings: readonly number[]): number => readings.toSorted((a, b) => a - b)[Math.floor(readings.length / 2)]!;
