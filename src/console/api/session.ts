// The session of the user: /console/session. The console never holds a key but while it is typed.
import { request } from './request.ts';

export interface Tenant {
  slug: string;
  name: string;
}

interface SessionSurface {
  name: string;
  title: string;
  /** Absent: an operator of the installation. */
  tenant?: Tenant;
  scopes: string[];
  /** The id of the key, as the history and the audit name it. */
  actor: string;
}

export interface Session {
  /** Present: somebody is signed in. */
  id?: string;
  surfaces: SessionSurface[];
  available: { name: string; title: string }[];
  ends?: string;
  server?: { version: string; engine: string; production: boolean; sandbox: boolean };
  /** Present: the issuers at which people sign in, each with where a sign-in begins. */
  signIn?: { title: string; url: string }[];
  /** Present: one click signs in as one of these tenants. */
  development?: { tenants: string[] };
}

/** The tenant that a session opens. Undefined: an operator's session, or none. */
export const findTenant = ({ surfaces }: Pick<Session, 'surfaces'>): Tenant | undefined => surfaces.find(({ tenant }) => tenant)?.tenant;

/** The display name of an API. */
export const findApiTitle = ({ available }: Pick<Session, 'available'>, api: string): string =>
  available.find(({ name }) => name === api)?.title ?? api;

const PATH = '/console/session';

/**
 * Requests for the session go one after the other, in all tabs: a response that arrives late would bring back a session that has ended, or end one that has begun.
 * Without HTTPS there are no locks and no sessions.
 */
const inTurn = <T>(send: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const begin = (): Promise<T> => send(AbortSignal.timeout(LONGEST_MS));
  return window.isSecureContext ? navigator.locks.request('facet-session', begin) : begin();
};

/** A server that does not respond must not hold up the requests of other tabs. */
const LONGEST_MS = 20_000;

export const readSession = (): Promise<Session> =>
  inTurn(async (signal) => (await request<Session>(PATH, { signal, kind: 'single-read', isForAnySession: true })).body);
export const signIn = (key: string): Promise<Session> =>
  inTurn(async (signal) => (await request<Session>(PATH, { method: 'POST', body: { key }, signal, isForAnySession: true })).body);
/** Adds a key to the session of the page. The server refuses one of another tenant. */
export const addKey = (key: string): Promise<Session> =>
  inTurn(async (signal) => (await request<Session>(PATH, { method: 'POST', body: { key }, signal })).body);
export const signInAsDemo = (tenant: string): Promise<Session> =>
  inTurn(
    async (signal) => (await request<Session>(`${PATH}/demo`, { method: 'POST', body: { tenant }, signal, isForAnySession: true })).body,
  );
export const signOut = (): Promise<void> =>
  inTurn(async (signal) => void (await request(PATH, { method: 'DELETE', signal, isForAnySession: true })));
