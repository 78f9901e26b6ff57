// The session of the user: /console/session. The console never holds a key but while it is typed.
import { request } from './request.ts';

interface SessionSurface {
  name: string;
  title: string;
  /** Absent: an operator of the installation. */
  tenant?: { slug: string; name: string };
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

const PATH = '/console/session';

export const readSession = async (signal?: AbortSignal): Promise<Session> =>
  (await request<Session>(PATH, { signal, isForAnySession: true })).body;
export const signIn = async (key: string): Promise<Session> =>
  (await request<Session>(PATH, { method: 'POST', body: { key }, isForAnySession: true })).body;
/** Adds a key to the session of the page. The server refuses one of another tenant. */
export const addKey = async (key: string): Promise<Session> => (await request<Session>(PATH, { method: 'POST', body: { key } })).body;
export const signInAsDemo = async (tenant: string): Promise<Session> =>
  (await request<Session>(`${PATH}/demo`, { method: 'POST', body: { tenant }, isForAnySession: true })).body;
export const signOut = async (): Promise<void> => void (await request(PATH, { method: 'DELETE', isForAnySession: true }));
