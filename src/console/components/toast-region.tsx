// Short messages about what was done, with an action to undo it where that is possible. Screen readers are told.
import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { TOAST_SHOWN, type ToastMessage } from './toast.tsx';

/** A message with an action stays longer. */
const SHOWN_MS = { plain: 5000, action: 12_000 };

export function ToastRegion() {
  const [messages, setMessages] = useState<(ToastMessage & { id: number })[]>([]);
  const remove = (id: number): void => setMessages((before) => before.filter((one) => one.id !== id));
  useEffect(() => {
    let count = 0;
    const show = (event: Event): void => {
      const { detail } = event as CustomEvent<ToastMessage>;
      const id = ++count;
      setMessages((before) => [...before.slice(-2), { ...detail, id }]);
      setTimeout(() => remove(id), detail.action ? SHOWN_MS.action : SHOWN_MS.plain);
    };
    window.addEventListener(TOAST_SHOWN, show);
    return () => window.removeEventListener(TOAST_SHOWN, show);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {messages.map(({ id, text, tone = 'good', action }) => (
        <div key={id} class={`toast ${tone}`}>
          <span>{text}</span>
          {action && (
            <Button
              onClick={() => {
                action.run();
                remove(id);
              }}
            >
              {action.label}
            </Button>
          )}
          <Button variant="quiet" icon="close" label="Dismiss" onClick={() => remove(id)} />
        </div>
      ))}
    </div>
  );
}
