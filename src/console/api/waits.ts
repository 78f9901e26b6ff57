// Waiting for a server that is busy: when it may be asked again (Retry-After), and who waits, for the page to show.
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after

interface Wait {
  /** In ms, like `until`. */
  began: number;
  until: number;
  /** What the server says. */
  reason: string;
}

/** Fired when somebody begins or ends to wait. */
export const WAITS_CHANGED = 'facet:waits';

const waits = new Set<Wait>();

export const listWaits = (): Wait[] => [...waits];

/** Too many requests, and a server that is busy or starting. Other statuses have other reasons to repeat a request, which the page does not know. */
const BUSY = [429, 503];

/** When a request may be repeated, in ms. Undefined: the response does not say. */
export function readRetryTime({ status, headers }: Pick<Response, 'status' | 'headers'>): number | undefined {
  const text = headers.get('retry-after');
  if (text === null || !BUSY.includes(status)) return undefined;
  const at = /^\d+$/.test(text) ? Date.now() + Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** Ends at the time, or when the signal is aborted. */
export async function waitUntil(until: number, reason: string, signal: AbortSignal | undefined): Promise<void> {
  const began = Date.now();
  const wait = { began, until, reason };
  const change = (action: 'add' | 'delete'): void => {
    waits[action](wait);
    window.dispatchEvent(new Event(WAITS_CHANGED));
  };
  change('add');
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, until - began);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
  change('delete');
}
