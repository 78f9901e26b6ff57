// Shows the state of a request: a skeleton if it is slow, the error with its remedy, or the content, which stays if it cannot be read again.
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/api-error.ts';
import type { RequestState } from '../api/use-request.ts';
import { Button } from './button.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { Skeleton } from './skeleton.tsx';

interface RequestViewProps<T> {
  request: RequestState<T> & { reload(): void };
  /** What is loaded (`Read the orders`). */
  title: string;
  /** The lines of the skeleton. */
  lines?: number;
  children: (data: T) => ComponentChildren;
}

export function RequestView<T>({ request, title, lines = 3, children }: RequestViewProps<T>) {
  const isLoading = request.state === 'loading';
  const error = request.state === 'ready' ? undefined : request.error;
  // the content keeps its place, and so what is typed in it, when the line above it comes and goes
  if (request.data !== undefined)
    return (
      <>
        {error && <NotUpToDate error={error} retry={request.reload} isRetrying={isLoading} />}
        <div aria-busy={isLoading}>{children(request.data)}</div>
      </>
    );
  if (request.state === 'ready') return <>{children(request.data)}</>;
  if (error) return <ErrorNotice error={error} title={title} retry={request.reload} isRetrying={isLoading} />;
  return <div class={isLoading && request.isSlow ? '' : 'pending'}>{<Skeleton lines={lines} label={title} />}</div>;
}

/** Above data that could not be read again. */
export const NotUpToDate = ({ error, retry, isRetrying = false }: { error: ApiError; retry: () => void; isRetrying?: boolean }) => (
  <div class="not-up-to-date quiet" role="status">
    <span>Not up to date: {error.message}.</span>
    <Button variant="quiet" icon="refresh" busy={isRetrying} onClick={retry}>
      Try again
    </Button>
  </div>
);
