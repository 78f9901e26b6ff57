// A session of the console: credentials by surface, encrypted. docs/decisions/0061-console-application.md
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { createSeal } from './seal.ts';

export interface Session {
  /** Names it, and opens nothing: pages tell by it whether the browser still has the session that they show. */
  id: string;
  /** Surface → the API key or access token that opens it. */
  credentials: Record<string, string>;
  /** When the first of them was given, in ms. */
  began: number;
}

interface SealedSession {
  text: string;
  /** When it ends unless it is renewed, in ms. */
  ends: number;
}

/** Encrypts and decrypts the sessions of one installation. */
export interface SessionSeal {
  seal(session: Session): Promise<SealedSession>;
  /** The time, in ms. */
  now(): number;
  /** Undefined: the session has ended, or this installation did not make it. */
  open(text: string): Promise<Session | undefined>;
}

const HOUR_MS = 3_600_000;
/** A session that is not renewed ends after so long. */
const UNUSED_MS = HOUR_MS;
/** No session is renewed beyond this. */
const LONGEST_MS = 12 * HOUR_MS;

/** `secret`: shared by all processes of the installation. */
export function createSessionSeal(secret: string, clock: () => Date): SessionSeal {
  const { seal, open } = createSeal<Session & Record<string, unknown>>(createHash('sha256').update(secret).digest(), clock);
  return {
    now: () => clock().getTime(),
    async seal({ id, credentials, began }) {
      const last = Math.max(...Object.values(credentials).map(readExpiry));
      const ends = Math.min(clock().getTime() + UNUSED_MS, began + LONGEST_MS, last);
      return { text: await seal({ id, credentials, began }, ends), ends };
    },
    async open(text) {
      const session = await open(text);
      // a session of an earlier release has no id
      return session?.id === undefined ? undefined : { id: session.id, credentials: session.credentials, began: session.began };
    },
  };
}

/** When a credential ends by itself, in ms: an access token has a dot, and was verified before. */
const readExpiry = (credential: string): number =>
  credential.includes('.') ? Number(decodeJwt(credential).exp) * 1000 : Number.POSITIVE_INFINITY;
