// A button; while its action runs it is busy and cannot be pressed again.
import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { toApiError } from '../api/api-error.ts';
import { DisabledReason } from './disabled-reason.tsx';
import { Icon, type IconName } from './icons.tsx';
import { prepareToast, type ToastMessage } from './toast.tsx';

interface ButtonProps {
  children?: ComponentChildren;
  /** A promise makes the button busy until it is settled. If the action does not show its error itself, a message does. */
  onClick?: () => unknown;
  variant?: 'primary' | 'plain' | 'danger' | 'quiet';
  icon?: IconName | undefined;
  /** The name of a button that shows an icon only. */
  label?: string;
  type?: 'button' | 'submit';
  /** Present: it cannot be pressed now, for this reason. It can have the focus, so that the reason is found without a pointer. */
  disabledReason?: string | undefined;
  busy?: boolean;
  pressed?: boolean;
}

export function Button({ children, onClick, variant = 'plain', icon, label, type = 'button', disabledReason, busy, pressed }: ButtonProps) {
  const [isRunning, setIsRunning] = useState(false);
  const own = useRef<HTMLButtonElement>(null);
  const reasonId = useId();
  const isBusy = busy === true || isRunning;
  const isDisabled = disabledReason !== undefined || isBusy;
  const press = (event: Event): void => {
    // also keeps a form from being sent
    if (isDisabled) event.preventDefault();
    const show = prepareToast();
    const result = isDisabled ? undefined : onClick?.();
    if (!(result instanceof Promise)) return;
    setIsRunning(true);
    void result.catch((reason) => show(describeFailure(reason))).finally(() => setIsRunning(false));
  };
  return (
    <>
      <button
        ref={own}
        type={type}
        class={`button ${variant}${children === undefined ? ' icon-only' : ''}`}
        aria-label={label}
        title={children === undefined ? label : undefined}
        aria-busy={isBusy || undefined}
        aria-pressed={pressed}
        // a button that is `disabled` loses the focus
        aria-disabled={isDisabled || undefined}
        aria-describedby={disabledReason === undefined ? undefined : reasonId}
        onClick={press}
      >
        {icon && <Icon name={icon} />}
        {children}
      </button>
      {disabledReason !== undefined && <DisabledReason id={reasonId} text={disabledReason} button={own} />}
    </>
  );
}

/** A message does not count seconds down. */
const TIME = new Intl.DateTimeFormat('en', { timeStyle: 'medium' });

function describeFailure(reason: unknown): ToastMessage {
  const { message, remedy, retryAt } = toApiError(reason);
  const retry = retryAt === undefined ? '' : ` It can be tried again at ${TIME.format(retryAt)}.`;
  return { text: `This did not work: ${[message, remedy].filter(Boolean).join('. ')}${retry}`, tone: 'bad' };
}
