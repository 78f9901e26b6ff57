// The routes of the console below /console, with the History API. Paths contain types and ids only, never patient data.
import { useEffect, useState } from 'preact/hooks';

const BASE = '/console';
const CHANGED = 'facet:location';

/** The URL of a path of the console (`/orders`). */
export const toHref = (path: string): string => (path === '/' ? BASE : BASE + path);

/** The path of the current URL, without the base. */
const readPath = (): string => location.pathname.slice(BASE.length).replace(/\/+$/, '') || '/';

/** Asks whether the view may be left; `leave` goes on to where the user wanted to go. */
type Guard = (leave: () => unknown) => void;

let guard: Guard | undefined;
/** Where the shown entry is in the history. */
let position = 0;
/** The path and the query of the shown entry. */
let shown = '';
/** Whether the browser is on its way back to the shown entry, because its view is guarded. */
let isReturning = false;

/** Until the returned function is called, `ask` decides whether another path is shown. */
export function guardView(ask: Guard): () => void {
  guard = ask;
  return () => {
    if (guard === ask) guard = undefined;
  };
}

interface NavigateOptions {
  /** The current entry of the history is replaced. */
  replace?: boolean;
  /** Nobody is asked: what the guard protects is saved or given up. */
  isForced?: boolean;
}

/** Shows another path, unless the user stays in a view that is guarded. */
export function navigate(path: string, { replace = false, isForced = false }: NavigateOptions = {}): void {
  const go = (): void => {
    if (!replace) position++;
    history[replace ? 'replaceState' : 'pushState']({ position }, '', toHref(path));
    showEntry(position);
  };
  if (isForced) go();
  else leaveView(go);
}

/** Does what ends the view, unless the user stays in a view that is guarded. Returns what `leave` returns if it is done at once. */
export const leaveView = (leave: () => unknown): unknown => (guard ? guard(leave) : leave());

function showEntry(at: number): void {
  position = at;
  shown = readEntry();
  window.dispatchEvent(new Event(CHANGED));
}

const readEntry = (): string => readPath() + location.search;

const readPosition = (): number | undefined => (history.state as { position?: number } | null)?.position;

/** Follows the browser's buttons. The browser has changed the entry already: a view that is guarded is gone back to before the user is asked. */
function followHistory(): void {
  if (isReturning) {
    isReturning = false;
    return;
  }
  const to = readPosition() ?? markEntry(position + 1);
  const steps = to - position;
  if (!guard || steps === 0 || readEntry() === shown) {
    showEntry(to);
    return;
  }
  isReturning = true;
  history.go(-steps);
  guard(() => {
    guard = undefined;
    history.go(steps);
  });
}

/** Marks an entry that the console did not make: the first one, and one of a link within the page. */
function markEntry(at: number): number {
  history.replaceState({ position: at }, '');
  return at;
}

interface ConsoleLocation {
  path: string;
  /** For choices of a view (`?tab=history`). */
  query: URLSearchParams;
}

/** The current path; the component is rendered again when it changes. */
export function useLocation(): ConsoleLocation {
  const [current, setCurrent] = useState(readEntry);
  useEffect(() => {
    const update = (): void => setCurrent(readEntry());
    position = readPosition() ?? markEntry(0);
    shown = readEntry();
    // the same listener is added once
    window.addEventListener('popstate', followHistory);
    window.addEventListener(CHANGED, update);
    return () => window.removeEventListener(CHANGED, update);
  }, []);
  const [path = '/', search = ''] = current.split('?');
  return { path, query: new URLSearchParams(search) };
}

/** The parameters of a path that has this pattern (`/:type/:id`). */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const [expected, actual] = [pattern.split('/'), path.split('/')];
  if (expected.length !== actual.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of expected.entries()) {
    const value = actual[at]!;
    if (part.startsWith(':')) params[part.slice(1)] = decode(value);
    else if (part !== value) return undefined;
  }
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** Paths below the console that the server answers. */
const OF_SERVER = /^\/console\/(?:api|session)(?:\/|$)/;

/** Makes links to the console's own paths change the view without loading the page. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if ((link.pathname !== BASE && !link.pathname.startsWith(`${BASE}/`)) || OF_SERVER.test(link.pathname)) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate((link.pathname.slice(BASE.length) || '/') + link.search);
}
