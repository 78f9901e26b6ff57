// The modal dialogs that are open. All that is outside of the topmost one is inert, also what is above it in the top layer.
// https://html.spec.whatwg.org/multipage/interaction.html#modal-dialogs-and-inert-subtrees

/** Fired when a modal dialog is opened or closed. */
export const MODALS_CHANGED = 'facet:modals';

const modals: HTMLDialogElement[] = [];

/** Undefined: nothing is inert. */
export const findTopModal = (): HTMLDialogElement | undefined => modals.at(-1);

/** Returns the function that closes the dialog. Call it before the dialog is removed, so that the messages can be moved out. */
export function openModal(dialog: HTMLDialogElement): () => void {
  const before = document.activeElement as HTMLElement | null;
  dialog.showModal();
  modals.push(dialog);
  window.dispatchEvent(new Event(MODALS_CHANGED));
  return () => {
    dialog.close();
    modals.splice(modals.indexOf(dialog), 1);
    window.dispatchEvent(new Event(MODALS_CHANGED));
    // the browser gives the focus back, but not to a message: that was in the dialog until now
    const { activeElement } = document;
    if (activeElement === document.body || dialog.contains(activeElement)) before?.focus({ preventScroll: true });
  };
}
