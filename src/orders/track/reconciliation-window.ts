// Reads all orders that changed within a window of time, page by page, while orders go on changing. One that changes leaves a window that is over, and those
// behind it move a place to the front: so the pages are read from the last one to the first, where none that moves can be passed by.
import type { SnapshotsPage } from '../../junction/reader.ts';

/** One page, worked through by whoever reads it; a word: why there is none, and the reading ends with it. Pages count from 1. */
type PageReader<Why extends string> = (page: number) => Promise<SnapshotsPage | Why>;

/** `unsettled`: orders changed inside the window, too, or came into it, so that one may have been missed; when the newest change seen was. */
export type WindowResult<Why extends string> = { seen: number } | { unsettled: string | undefined } | Why;

export async function readReconciliationWindow<Why extends string>(page: PageReader<Why>): Promise<WindowResult<Why>> {
  const first = await page(1);
  if (typeof first === 'string') return first;
  const end = first.last ? 1 : await findLastPage(page, first);
  if (typeof end === 'string') return end;
  const seen = new Set(first.orders.map(({ id }) => id));
  let [total, newest, settled] = [first.total, findNewestChange(first), true];
  for (let nth = end; end > 1 && nth >= 1; nth--) {
    const next = await page(nth);
    if (typeof next === 'string') return next;
    for (const { id } of next.orders) seen.add(id);
    const latest = findNewestChange(next);
    // the newest change stands at one end of the list: what is newer than both ends has happened since
    settled &&= !((next.total ?? 0) > (total ?? 0)) && !(nth < end && latest > newest);
    [total, newest] = [next.total, Math.max(newest, latest)];
  }
  if (settled && !((total ?? 0) > seen.size)) return { seen: seen.size };
  return { unsettled: newest > 0 ? new Date(newest).toISOString() : undefined };
}

/** The number of the last page: by what the first one tells, else by reading on. */
async function findLastPage<Why extends string>(page: PageReader<Why>, { total, orders }: SnapshotsPage): Promise<number | Why> {
  if (total !== undefined) return Math.ceil(total / orders.length);
  for (let nth = 2; ; nth++) {
    const next = await page(nth);
    if (typeof next === 'string') return next;
    if (next.last) return nth;
  }
}

/** In ms; 0: none is told. */
const findNewestChange = ({ orders }: SnapshotsPage): number =>
  Math.max(0, ...orders.map(({ updatedAt }) => Date.parse(updatedAt ?? '') || 0));
