// Reads all orders that changed within a time window, page by page, while orders continue to change. An order that changes leaves a window that has ended, and the
// orders after it move forward by one position. So the pages are read from the last to the first: no order can move into a page that was already read.
import type { SnapshotsPage } from '../../junction/reader.ts';

/** Reads and processes one page; pages are counted from 1. A text is the reason why the page was not read, and ends the reading. */
type PageReader<Why extends string> = (page: number) => Promise<SnapshotsPage | Why>;

/** `unsettled`: orders changed inside the window or were added to it, so one may have been missed. Its value is the time of the newest change that was read. */
export type WindowResult<Why extends string> = { seen: number } | { unsettled: string | undefined } | Why;

export async function readReconciliationWindow<Why extends string>(page: PageReader<Why>): Promise<WindowResult<Why>> {
  const first = await page(1);
  if (typeof first === 'string') return first;
  const end = first.last ? 1 : await findLastPage(page, first);
  if (typeof end === 'string') return end;
  const seen = new Set(first.orders.map(({ id }) => id));
  let [total, newest, isStable] = [first.total, findNewestChange(first), true];
  for (let index = end; end > 1 && index >= 1; index--) {
    const next = await page(index);
    if (typeof next === 'string') return next;
    for (const { id } of next.orders) seen.add(id);
    const latest = findNewestChange(next);
    // the list is sorted by time: a change that is newer than both of its ends happened during the reading
    isStable &&= !((next.total ?? 0) > (total ?? 0)) && !(index < end && latest > newest);
    [total, newest] = [next.total, Math.max(newest, latest)];
  }
  if (isStable && !((total ?? 0) > seen.size)) return { seen: seen.size };
  return { unsettled: newest > 0 ? new Date(newest).toISOString() : undefined };
}

/** The number of the last page: by the total of the first page, otherwise by reading all pages. */
async function findLastPage<Why extends string>(page: PageReader<Why>, { total, orders }: SnapshotsPage): Promise<number | Why> {
  if (total !== undefined) return Math.ceil(total / orders.length);
  for (let index = 2; ; index++) {
    const next = await page(index);
    if (typeof next === 'string') return next;
    if (next.last) return index;
  }
}

/** In ms; 0: the page has no update time. */
const findNewestChange = ({ orders }: SnapshotsPage): number =>
  Math.max(0, ...orders.map(({ updatedAt }) => Date.parse(updatedAt ?? '') || 0));
