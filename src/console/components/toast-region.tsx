// Short messages about what was done, with an action to undo it where that is possible. Screen readers announce them, failures at once. A key leads to the newest: it
// would be gone before somebody without a pointer has reached it from the content.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { nameViewer, readViewer, TOAST_SHOWN, type ToastMessage, type Viewer } from './toast.tsx';

/** A message with an action stays longer. */
const SHOWN_MS = { plain: 5000, action: 12_000 };
const MOST = 3;
/** How long a message waits for the dialog that its action opens or closes: the regions move along, and a live region that was moved with its text is not announced. */
const SETTLED_MS = 100;

const KEY = 'F8';

interface Shown extends ToastMessage {
  id: number;
  viewer: Viewer;
}

/** An action belongs to the session in which it was offered, and a text to its tenant: it may have words of the server. */
const isFor = ({ action, isForAnyTenant, viewer }: Omit<Shown, 'id'>, { session, tenant }: Viewer): boolean =>
  (!action || viewer.session === session) && (isForAnyTenant || viewer.tenant === tenant);

/** Both live regions are there before they have a message: screen readers do not announce a region that is new. Of a region only what is added is announced. */
const REGIONS = [
  { tone: 'good', role: 'status', live: 'polite' },
  { tone: 'bad', role: 'alert', live: 'assertive' },
] as const;

export function ToastRegion({ session, tenant }: Viewer) {
  const [messages, setMessages] = useState<Shown[]>([]);
  nameViewer({ session, tenant });
  useEffect(() => setMessages((before) => before.filter((message) => isFor(message, { session, tenant }))), [session, tenant]);
  const held = useRef(new Set<number>());
  const remove = (id: number): void => setMessages((before) => before.filter((one) => one.id !== id));
  const hold = (id: number, isHeld: boolean): void => void (isHeld ? held.current.add(id) : held.current.delete(id));
  useEffect(() => {
    let count = 0;
    const add = (message: Shown): void => setMessages((before) => [...makeRoom(before, held.current), message]);
    const show = ({ detail }: CustomEventInit<ToastMessage>): void => {
      const message: Shown = { viewer: readViewer(), ...detail!, id: ++count };
      setTimeout(() => isFor(message, readViewer()) && add(message), SETTLED_MS);
    };
    window.addEventListener(TOAST_SHOWN, show);
    return () => window.removeEventListener(TOAST_SHOWN, show);
  }, []);
  const newest = messages.at(-1)?.id;
  const region = useRef<HTMLElement>(null);
  useEffect(() => {
    const goToNewest = (event: KeyboardEvent): void => {
      if (event.key !== KEY || newest === undefined) return;
      event.preventDefault();
      region.current?.querySelector<HTMLElement>(`[data-message="${newest}"] button`)?.focus();
    };
    window.addEventListener('keydown', goToNewest);
    return () => window.removeEventListener('keydown', goToNewest);
  }, [newest]);
  return (
    <section class="toasts" aria-label={`Messages (${KEY})`} ref={region}>
      {REGIONS.map(({ tone: own, role, live }) => (
        <div key={role} role={role} aria-live={live} aria-atomic="false" aria-relevant="additions">
          {messages.map(
            (message) => (message.tone ?? 'good') === own && <Toast key={message.id} {...message} onHold={hold} onEnd={remove} />,
          )}
        </div>
      ))}
    </section>
  );
}

/** The messages beside a new one: the oldest goes that is not held. */
function makeRoom(messages: Shown[], held: ReadonlySet<number>): Shown[] {
  if (messages.length < MOST) return messages;
  const oldest = messages.find(({ id }) => !held.has(id));
  return messages.filter((message) => message !== oldest);
}

/** The focus goes from a message back to what had it before. If that cannot have it any more, it goes to what is below the message: a dialog, or the content. */
function focusPlace(message: HTMLElement, before: HTMLElement | null): void {
  const dialog = message.closest('dialog');
  if (!dialog || dialog.contains(before)) before?.focus({ preventScroll: true });
  if (before && document.activeElement === before) return;
  const place = dialog ?? document.getElementById('content');
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

interface ToastProps extends Shown {
  onHold: (id: number, isHeld: boolean) => void;
  onEnd: (id: number) => void;
}

/** It stays while the pointer is at it, or the focus in it: who reads slowly, or is on the way to its action, is not late. */
function Toast({ id, text, tone = 'good', action, onHold, onEnd }: ToastProps) {
  const own = useRef<HTMLDivElement>(null);
  const [isHovered, setIsHovered] = useState(false);
  const [isFocused, setIsFocused] = useState(false);
  const isHeld = isHovered || isFocused;
  /** What had the focus before. */
  const origin = useRef<HTMLElement | null>(null);
  const enter = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget instanceof HTMLElement && !relatedTarget.closest('.toasts')) origin.current = relatedTarget;
    setIsFocused(true);
  };
  const remove = (): void => {
    if (own.current?.contains(document.activeElement)) focusPlace(own.current, origin.current);
    onEnd(id);
  };
  // before the next event: a message that is about to end stays as soon as the pointer is at it
  useLayoutEffect(() => {
    onHold(id, isHeld);
    if (isHeld) return;
    const timer = setTimeout(remove, action ? SHOWN_MS.action : SHOWN_MS.plain);
    return () => clearTimeout(timer);
  }, [isHeld]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: nothing is done by them, the message only stays
    <div
      ref={own}
      data-message={id}
      class={`toast ${tone}`}
      onMouseEnter={() => setIsHovered(true)}
      onMouseLeave={() => setIsHovered(false)}
      onFocusIn={enter}
      onFocusOut={() => setIsFocused(false)}
    >
      <span>{text}</span>
      {action && <kbd title={`${KEY} leads to the newest message`}>{KEY}</kbd>}
      {action && (
        <Button
          onClick={() => {
            action.run();
            remove();
          }}
        >
          {action.label}
        </Button>
      )}
      <Button variant="quiet" icon="close" label="Dismiss" onClick={remove} />
    </div>
  );
}
