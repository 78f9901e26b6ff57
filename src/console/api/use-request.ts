// A request as the state of a component: it begins when the component is shown or its inputs change, and is aborted when they change or it is left.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from './api-error.ts';

export type RequestState<T> =
  /** `isSlow`: it takes long enough for a skeleton. */
  { state: 'loading'; isSlow: boolean; data?: T | undefined } | { state: 'ready'; data: T } | { state: 'failed'; error: ApiError };

/** A skeleton that is shown at once would flicker. */
const SLOW_MS = 150;

/** `inputs`: what the request depends on. `load` is called with the signal that aborts it. While it is repeated, the earlier data stays. */
export function useRequest<T>(inputs: readonly unknown[], load: (signal: AbortSignal) => Promise<T>): RequestState<T> & { reload(): void } {
  const [current, setCurrent] = useState<RequestState<T>>({ state: 'loading', isSlow: false });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setCurrent((before) => ({ state: 'loading', isSlow: false, data: round > 0 && 'data' in before ? before.data : undefined }));
    const slow = setTimeout(() => setCurrent((before) => (before.state === 'loading' ? { ...before, isSlow: true } : before)), SLOW_MS);
    load(controller.signal)
      .then((data) => settle({ state: 'ready', data }))
      .catch((error: unknown) => settle({ state: 'failed', error: toApiError(error) }));
    const settle = (next: RequestState<T>): void => {
      if (controller.signal.aborted) return;
      clearTimeout(slow);
      setCurrent(next);
    };
    return () => {
      clearTimeout(slow);
      controller.abort();
    };
  }, [...inputs, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { ...current, reload };
}

/** Repeats a request while the page is visible: `ms` after it has ended, so that a slow one is not aborted before its response. */
export function useRefresh({ state, reload }: Pick<ReturnType<typeof useRequest>, 'state' | 'reload'>, ms: number): void {
  useEffect(() => {
    if (state === 'loading') return;
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), ms);
    return () => clearInterval(timer);
  }, [state, reload, ms]);
}

/** An error of the page itself is shown in the same way. */
const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(-1, [{ text: `the console failed: ${error instanceof Error ? error.message : String(error)}` }]);
