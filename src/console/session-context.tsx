// Who is signed in, for all views. The session is asked for at the start, while it is used, when the server refuses it, and when another tab has changed it.
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { type ApiError, toApiError } from './api/api-error.ts';
import { nameSession, SESSION_REFUSED } from './api/request.ts';
import { findTenant, readSession, type Session } from './api/session.ts';
import { showToast } from './components/toast.tsx';

interface SessionState {
  /** Undefined: not known yet. */
  session: Session | undefined;
  /** Why it is not known. */
  error: ApiError | undefined;
  /** Takes over a session that a sign-in returned; without one it is asked for. */
  refresh(session?: Session): void;
}

const SessionContext = createContext<SessionState>({ session: undefined, error: undefined, refresh: () => {} });

/** Each question renews the session; without use it ends. */
const RENEW_MS = 10 * 60_000;

export function SessionProvider({ children }: { children: ComponentChildren }) {
  const [state, setState] = useState<Pick<SessionState, 'session' | 'error'>>({ session: undefined, error: undefined });
  const { refresh, close } = useMemo(
    () =>
      shareSession({
        show: (session) => setState({ session, error: undefined }),
        fail: (error) => setState((before) => ({ ...before, error })),
      }),
    [],
  );
  useEffect(() => {
    refresh();
    const stop = renewWhileUsed(refresh);
    return () => {
      stop();
      close();
    };
  }, [refresh, close]);
  return <SessionContext.Provider value={{ ...state, refresh }}>{children}</SessionContext.Provider>;
}

interface SessionListener {
  show(session: Session): void;
  fail(error: ApiError): void;
}

/** The session of this page, in step with those of the other tabs: they have the same cookie. */
function shareSession({ show, fail }: SessionListener): { refresh: SessionState['refresh']; close(): void } {
  const tabs = new BroadcastChannel('facet-session');
  let shown: Session | undefined;
  const take = (session: Session): void => {
    if (!shown || shown.id !== session.id) tabs.postMessage(session.id);
    nameSession(session.id);
    shown = session;
    show(session);
  };
  const read = (): Promise<void> =>
    readSession()
      .then((session) => {
        if (shown?.id !== undefined && session.id !== undefined && session.id !== shown.id) announceOther(session);
        take(session);
      })
      .catch((error: unknown) => fail(toApiError(error)));
  tabs.onmessage = ({ data }) => data !== shown?.id && void read();
  return { refresh: (session) => (session ? take(session) : void read()), close: () => tabs.close() };
}

const announceOther = ({ surfaces }: Session): void =>
  showToast({
    text: `Another session has begun in this browser: you now work for ${findTenant({ surfaces })?.name ?? 'the installation'}`,
    tone: 'bad',
    isForAnyTenant: true,
  });

/** Renews the session only if the user did something since the last time. */
function renewWhileUsed(refresh: () => void): () => void {
  let isUsed = false;
  const note = (): void => {
    isUsed = true;
  };
  const again = (): void => refresh();
  const timer = setInterval(() => {
    if (isUsed) refresh();
    isUsed = false;
  }, RENEW_MS);
  window.addEventListener('pointerdown', note);
  window.addEventListener('keydown', note);
  window.addEventListener(SESSION_REFUSED, again);
  return () => {
    clearInterval(timer);
    window.removeEventListener('pointerdown', note);
    window.removeEventListener('keydown', note);
    window.removeEventListener(SESSION_REFUSED, again);
  };
}

export const useSession = (): SessionState => useContext(SessionContext);

/** The session of a view: views are shown to signed-in users only. */
export function useSignedIn(): Session {
  const { session } = useSession();
  if (!session) throw new Error('this view needs a session');
  return session;
}

/** Whether the session opens an API (`fhir`, `loop`, `admin`). */
export const hasSurface = ({ surfaces }: Session, name: string): boolean => surfaces.some((surface) => surface.name === name);
