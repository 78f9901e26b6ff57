// A request as the state of a component: it begins when the component is shown or its inputs change, and is aborted when they change or it is left.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from './api-error.ts';
import type { ReadOptions } from './request.ts';

export type RequestState<T> =
  /** `isSlow`: it takes long enough for a skeleton. `error`: of the attempt before. */
  | { state: 'loading'; isSlow: boolean; data?: T | undefined; error?: ApiError | undefined }
  | { state: 'ready'; data: T }
  /** `data`: what an earlier attempt with the same inputs returned. */
  | { state: 'failed'; error: ApiError; data?: T | undefined };

/** What the last attempt with these inputs left. */
interface Kept<T> {
  inputs: readonly unknown[];
  data?: T | undefined;
  error?: ApiError | undefined;
}

/** A skeleton that is shown at once would flicker. */
const SLOW_MS = 150;

/**
 * `inputs`: what the request depends on. `load` is called with its read options and the data that is shown. While the request is repeated, and if
 * that fails, the earlier data stays; with other inputs it does not. `reload` is for the user, who waits for a busy server; `refresh` is for a timer, which comes again.
 */
export function useRequest<T>(
  inputs: readonly unknown[],
  load: (options: ReadOptions, before: T | undefined) => Promise<T>,
): RequestState<T> & { reload(): void; refresh(): void } {
  const [current, setCurrent] = useState<RequestState<T>>({ state: 'loading', isSlow: false });
  const [round, setRound] = useState<Required<Pick<ReadOptions, 'kind'>>>({ kind: 'read' });
  const kept = useRef<Kept<T>>({ inputs });
  useEffect(() => {
    const controller = new AbortController();
    const isSame = isSameList(kept.current.inputs, inputs);
    if (!isSame) kept.current = { inputs };
    const { data: before, error: last } = kept.current;
    setCurrent({ state: 'loading', isSlow: false, data: before, error: last });
    const slow = setTimeout(() => setCurrent((now) => (now.state === 'loading' ? { ...now, isSlow: true } : now)), SLOW_MS);
    const settle = (next: RequestState<T>): void => {
      if (controller.signal.aborted) return;
      clearTimeout(slow);
      kept.current = { inputs, ...next };
      setCurrent(next);
    };
    load({ signal: controller.signal, kind: isSame ? round.kind : 'read' }, before)
      .then((data) => settle({ state: 'ready', data }))
      .catch((error: unknown) => settle(toFailed(toApiError(error), before)));
    return () => {
      clearTimeout(slow);
      controller.abort();
    };
  }, [...inputs, round]);
  const reload = useCallback(() => setRound({ kind: 'read' }), []);
  const refresh = useCallback(() => setRound({ kind: 'single-read' }), []);
  return { ...current, reload, refresh };
}

const isSameList = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((item, at) => Object.is(item, other[at]));

/** What the user may not see any more, or what does not exist any more, does not stay. */
const toFailed = <T>(error: ApiError, data: T | undefined): RequestState<T> =>
  [401, 403, 404, 410].includes(error.status) ? { state: 'failed', error } : { state: 'failed', error, data };

/** The longest pause after failures. */
const LONGEST_MS = 60_000;

interface Refreshed {
  state: RequestState<unknown>['state'];
  /** Of the last attempt. */
  error?: ApiError | undefined;
  refresh(): void;
}

/**
 * Repeats a request while the page is visible: `ms` after it has ended, so that a slow one is not aborted before its response. Each failure doubles the pause, so that
 * a server in trouble is not asked by every open page every few seconds, and never before the time that the server names.
 */
export function useRefresh({ state, error, refresh }: Refreshed, ms: number): void {
  const failures = useRef(0);
  useEffect(() => {
    if (state === 'failed') failures.current++;
    else if (state === 'ready') failures.current = 0;
  }, [state]);
  const retryAt = error?.retryAt ?? 0;
  useEffect(() => {
    if (state === 'loading') return;
    const pause = Math.min(ms * 2 ** failures.current, Math.max(ms, LONGEST_MS));
    const timer = setInterval(() => document.visibilityState === 'visible' && Date.now() >= retryAt && refresh(), pause);
    return () => clearInterval(timer);
  }, [state, retryAt, refresh, ms]);
}
