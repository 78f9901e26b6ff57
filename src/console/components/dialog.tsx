// A modal dialog: the browser's own, which keeps the focus inside, closes with Escape and gives the focus back.
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button.tsx';
import { openModal } from './modals.ts';

interface DialogProps {
  title: string;
  /** Called when it is closed in any way. */
  onClose: () => void;
  children: ComponentChildren;
  /** Buttons at its end. */
  actions?: ComponentChildren;
  wide?: boolean;
}

export function Dialog({ title, onClose, children, actions, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // the event of a dialog that was removed arrives later, when another one may be open
  const isShown = useRef(true);
  useLayoutEffect(() => {
    const close = openModal(dialog.current!);
    // the browser would begin at the button that closes it
    dialog.current!.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea)')?.focus();
    return () => {
      isShown.current = false;
      close();
    };
  }, []);
  return (
    <dialog ref={dialog} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onClose={() => isShown.current && onClose()}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button variant="quiet" icon="close" label="Close" onClick={onClose} />
      </header>
      <div class="dialog-body">{children}</div>
      {actions && <footer>{actions}</footer>}
    </dialog>
  );
}
