// A button; while its action runs it is busy and cannot be pressed again.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toApiError } from '../api/api-error.ts';
import { Icon, type IconName } from './icons.tsx';
import { showToast } from './toast.tsx';

interface ButtonProps {
  children?: ComponentChildren;
  /** A promise makes the button busy until it is settled. If the action does not show its error itself, a message does. */
  onClick?: () => unknown;
  variant?: 'primary' | 'plain' | 'danger' | 'quiet';
  icon?: IconName | undefined;
  /** The name of a button that shows an icon only. */
  label?: string;
  type?: 'button' | 'submit';
  disabled?: boolean;
  busy?: boolean;
  pressed?: boolean;
}

export function Button({
  children,
  onClick,
  variant = 'plain',
  icon,
  label,
  type = 'button',
  disabled,
  busy = false,
  pressed,
}: ButtonProps) {
  const [isRunning, setIsRunning] = useState(false);
  const isBusy = busy || isRunning;
  const press = (): void => {
    const result = onClick?.();
    if (!(result instanceof Promise)) return;
    setIsRunning(true);
    void result.catch(showFailure).finally(() => setIsRunning(false));
  };
  return (
    <button
      type={type}
      class={`button ${variant}${children === undefined ? ' icon-only' : ''}`}
      aria-label={label}
      title={children === undefined ? label : undefined}
      aria-busy={isBusy || undefined}
      aria-pressed={pressed}
      disabled={disabled === true || isBusy}
      onClick={press}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

function showFailure(reason: unknown): void {
  const { message, remedy } = toApiError(reason);
  showToast({ text: `This did not work: ${[message, remedy].filter(Boolean).join('. ')}`, tone: 'bad' });
}
