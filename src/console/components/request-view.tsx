// Shows the state of a request: a skeleton if it is slow, the error with its remedy, or the content.
import type { ComponentChildren } from 'preact';
import type { RequestState } from '../api/use-request.ts';
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
  if (request.state === 'failed') return <ErrorNotice error={request.error} title={title} retry={request.reload} />;
  if (request.data !== undefined) return <div aria-busy={request.state === 'loading'}>{children(request.data)}</div>;
  if (request.state === 'ready') return <>{children(request.data)}</>;
  return <div class={request.isSlow ? '' : 'unseen'}>{<Skeleton lines={lines} label={title} />}</div>;
}
