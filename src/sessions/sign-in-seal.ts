// What a sign-in at an issuer remembers in the browser until the issuer responds, encrypted. docs/decisions/0065-sign-in-at-an-issuer.md
import { createHmac } from 'node:crypto';
import { createSeal } from './seal.ts';
import type { Session } from './session-seal.ts';

export interface PendingSignIn {
  /** The name of the issuer. */
  name: string;
  attempt: { state: string; nonce: string; verifier: string };
  /** The path of the console that was asked for. */
  to: string;
  /** The session to which the access token is added. */
  session?: Session;
}

export interface SignInSeal {
  seal(pending: PendingSignIn): Promise<{ text: string; ends: number }>;
  open(text: string): Promise<PendingSignIn | undefined>;
}

/** How long a user may take at the issuer. */
const LIFETIME_MS = 10 * 60_000;

/** `secret`: that of the sessions. The key is another one, so that neither kind of cookie passes for the other. */
export function createSignInSeal(secret: string, clock: () => Date): SignInSeal {
  const key = createHmac('sha256', secret).update('sign-in').digest();
  const { seal, open } = createSeal<PendingSignIn & Record<string, unknown>>(key, clock);
  return {
    async seal(pending) {
      const ends = clock().getTime() + LIFETIME_MS;
      return { text: await seal({ ...pending }, ends), ends };
    },
    open,
  };
}
