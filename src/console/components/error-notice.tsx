// An error with its remedy.
import { useState } from 'preact/hooks';
import type { ApiError } from '../api/api-error.ts';
import { AddKeyButton } from './add-key-button.tsx';
import { Button } from './button.tsx';
import { Icon } from './icons.tsx';
import { useSecondsUntil } from './use-seconds.ts';

interface ErrorNoticeProps {
  error: ApiError;
  /** What was tried (`Read the patient`). */
  title?: string;
  retry?: (() => void) | undefined;
  isRetrying?: boolean;
}

export const ErrorNotice = ({ error, title, retry, isRetrying = false }: ErrorNoticeProps) => (
  <div class="notice bad" role="alert">
    <Icon name="warning" />
    <div class="notice-body">
      <p class="notice-title">
        {title ?? 'This did not work'}
        {error.status > 0 && <span class="quiet"> · {error.status}</span>}
      </p>
      {error.problems.length === 1 ? (
        <p>{describeProblem(error.problems[0]!)}</p>
      ) : (
        <ul>
          {error.problems.map((problem, at) => (
            <li key={at}>{describeProblem(problem)}</li>
          ))}
        </ul>
      )}
      {error.remedy && <p>{error.remedy}</p>}
      {error.retryAt !== undefined && <RetryTime at={error.retryAt} />}
      {error.requestId && error.status >= 500 && (
        <p class="quiet">
          Request <code>{error.requestId}</code>
        </p>
      )}
      {retry && (
        <div class="row">
          <Button icon="refresh" busy={isRetrying} onClick={retry}>
            Try again
          </Button>
          {NEEDS_KEY.includes(error.status) && <AddKeyButton />}
        </div>
      )}
    </div>
  </div>
);

/** Screen readers get the first time only: an alert is read again when it changes. */
function RetryTime({ at }: { at: number }) {
  const seconds = useSecondsUntil(at);
  const [first] = useState(seconds);
  return (
    <p class="retry-time">
      <span class="unseen">{describeRetry(first)}</span>
      <span aria-hidden="true">{describeRetry(seconds)}</span>
    </p>
  );
}

const describeRetry = (seconds: number): string => (seconds > 0 ? `It can be tried again in ${seconds} s.` : 'It can be tried again now.');

/** What another key may open. */
const NEEDS_KEY = [401, 403];

const describeProblem = ({ text, expression }: ApiError['problems'][number]) => (
  <>
    {text}
    {expression && (
      <>
        {' '}
        <code>{expression}</code>
      </>
    )}
  </>
);
