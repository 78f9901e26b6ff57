// Keeps the focus in its place when the element that has it is removed: a button whose step is done, a panel that was answered. Browsers give the focus to the whole
// page then, and the next Tab begins at its top. https://www.w3.org/WAI/WCAG22/Understanding/focus-order.html
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** The focus goes to the heading of the nearest part of `root` that stays. */
export function useFocusRestoration(root: RefObject<HTMLElement | null>): void {
  useEffect(() => watchFocus(root.current!), []);
}

function watchFocus(root: HTMLElement): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  /** The element that has the focus and those around it, from the inside out. */
  let path: HTMLElement[] = [];
  /** Whether the user saw where the focus was: not after a press of the pointer. */
  let isSeen = false;
  const remember = ({ target }: FocusEvent): void => {
    path = listPath(target as HTMLElement, root);
    isSeen = path[0]!.matches(':focus-visible');
  };
  const forget = (): void => {
    if (path[0]?.isConnected) path = [];
  };
  const restore = (): void => {
    if (path.length === 0 || path[0]!.isConnected || document.activeElement !== document.body) return;
    const headings = path.flatMap((one) => (one.isConnected ? [...one.querySelectorAll<HTMLElement>('h1, h2, h3')] : []));
    const place = headings.find((heading) => heading.checkVisibility()) ?? root;
    path = [];
    place.tabIndex = -1;
    place.focus({ preventScroll: !isSeen });
  };
  root.addEventListener('focusin', remember, { signal });
  // an element that the focus leaves while it stays in the page is forgotten; a removed element is still connected during this event, so that is looked at later
  const leave = ({ relatedTarget }: FocusEvent): void => {
    if (!root.contains(relatedTarget as Node | null)) queueMicrotask(forget);
  };
  root.addEventListener('focusout', leave, { signal });
  const observer = new MutationObserver(restore);
  observer.observe(root, { childList: true, subtree: true });
  return () => {
    listening.abort();
    observer.disconnect();
  };
}

function listPath(from: HTMLElement, root: HTMLElement): HTMLElement[] {
  const path = [from];
  for (let at = from; at !== root && at.parentElement; at = at.parentElement) path.push(at.parentElement);
  return path;
}
