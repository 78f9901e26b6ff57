// The routes of the console below /console, with the History API. Paths contain types and ids only, never patient data.
import { useEffect, useState } from 'preact/hooks';

const BASE = '/console';
const CHANGED = 'facet:location';

/** The URL of a path of the console (`/orders`). */
export const toHref = (path: string): string => (path === '/' ? BASE : BASE + path);

/** The path of the current URL, without the base. */
const readPath = (): string => location.pathname.slice(BASE.length).replace(/\/+$/, '') || '/';

/** Shows another path. `replace`: the current entry of the history is replaced. */
export function navigate(path: string, { replace = false }: { replace?: boolean } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', toHref(path));
  window.dispatchEvent(new Event(CHANGED));
}

interface ConsoleLocation {
  path: string;
  /** For choices of a view (`?tab=history`). */
  query: URLSearchParams;
}

/** The current path; the component is rendered again when it changes. */
export function useLocation(): ConsoleLocation {
  const read = (): string => readPath() + location.search;
  const [current, setCurrent] = useState(read);
  useEffect(() => {
    const update = (): void => setCurrent(read());
    window.addEventListener('popstate', update);
    window.addEventListener(CHANGED, update);
    return () => {
      window.removeEventListener('popstate', update);
      window.removeEventListener(CHANGED, update);
    };
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
