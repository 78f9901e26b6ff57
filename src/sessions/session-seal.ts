// A session of the console: credentials by surface, encrypted into a text that a cookie holds (a JWE: https://www.rfc-editor.org/rfc/rfc7516). Nothing is stored, so
// every process of the installation can open it. docs/decisions/0061-console-application.md
import { createHash } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';

export interface Session {
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
const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;
const ALLOWED = { keyManagementAlgorithms: [ENCRYPTION.alg], contentEncryptionAlgorithms: [ENCRYPTION.enc] };

/** `secret`: shared by all processes of the installation. */
export function createSessionSeal(secret: string, clock: () => Date): SessionSeal {
  const key = createHash('sha256').update(secret).digest();
  return {
    now: () => clock().getTime(),
    async seal({ credentials, began }) {
      const ends = Math.min(clock().getTime() + UNUSED_MS, began + LONGEST_MS);
      const jwt = new EncryptJWT({ credentials, began }).setProtectedHeader(ENCRYPTION).setExpirationTime(Math.floor(ends / 1000));
      return { text: await jwt.encrypt(key), ends };
    },
    async open(text) {
      try {
        const { payload } = await jwtDecrypt<Session>(text, key, { ...ALLOWED, currentDate: clock() });
        return { credentials: payload.credentials, began: payload.began };
      } catch {
        return undefined;
      }
    },
  };
}
