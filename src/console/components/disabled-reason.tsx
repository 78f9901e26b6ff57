// Why a button cannot be pressed now: a tip that everyone finds who finds the button, with the pointer, the keyboard or a screen reader.
// https://www.w3.org/WAI/ARIA/apg/patterns/tooltip/, https://www.w3.org/WAI/WCAG22/Understanding/content-on-hover-or-focus
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface DisabledReasonProps {
  /** By which the button refers to it (`aria-describedby`). */
  id: string;
  text: string;
  button: RefObject<HTMLButtonElement | null>;
}

export function DisabledReason({ id, text, button }: DisabledReasonProps) {
  const own = useRef<HTMLSpanElement>(null);
  useEffect(() => (own.current && button.current ? showTip(own.current, button.current) : undefined), []);
  return (
    <span ref={own} id={id} role="tooltip" class="tip" popover="manual">
      {text}
    </span>
  );
}

/** Shows the tip while the pointer is at it or at its button, or the button has the focus. Escape hides it. Call what is returned to end that. */
function showTip(tip: HTMLElement, button: HTMLElement): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const isShown = (): boolean => tip.matches(':popover-open');
  const hide = (): void => tip.hidePopover();
  const update = (): void => {
    const isWanted = button.matches(':hover, :focus') || tip.matches(':hover');
    if (isWanted) tip.showPopover();
    else hide();
    placeAt(tip, button);
  };
  for (const name of ['pointerenter', 'pointerleave', 'focus', 'blur', 'click']) {
    button.addEventListener(name, update, { signal });
    tip.addEventListener(name, update, { signal });
  }
  const dismiss = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !isShown()) return;
    // a dialog around it stays open
    event.preventDefault();
    hide();
  };
  window.addEventListener('keydown', dismiss, { signal });
  // the browser scrolls to a button that gets the focus
  window.addEventListener('scroll', () => isShown() && placeAt(tip, button), { signal, capture: true, passive: true });
  return () => listening.abort();
}

/** How far it stays from the edges of the window, in px. */
const MARGIN = 8;

/** Below the button, or above it where there is no room. It touches the button, so that the pointer can go from one to the other. */
function placeAt(tip: HTMLElement, button: HTMLElement): void {
  const { left, top, bottom } = button.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const furthest = clientWidth - tip.offsetWidth - MARGIN;
  tip.style.left = `${Math.max(MARGIN, Math.min(left, furthest))}px`;
  tip.style.top = `${bottom + tip.offsetHeight + MARGIN <= clientHeight ? bottom : top - tip.offsetHeight}px`;
}
