// Who is signed in, for all views. The session is asked for at the start, while it is used, and when the server refuses it.
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError } from './api/api-error.ts';
import { SESSION_REFUSED } from './api/request.ts';
import { readSession, type Session } from './api/session.ts';

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
  const refresh = useMemo(
    () => (session?: Session) => {
      if (session) setState({ session, error: undefined });
      else
        readSession()
          .then((read) => setState({ session: read, error: undefined }))
          .catch((error: unknown) => setState((before) => ({ ...before, error: error instanceof ApiError ? error : undefined })));
    },
    [],
  );
  useEffect(() => {
    refresh();
    return renewWhileUsed(refresh);
  }, [refresh]);
  return <SessionContext.Provider value={{ ...state, refresh }}>{children}</SessionContext.Provider>;
}

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
