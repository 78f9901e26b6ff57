// Encrypts JSON into a text that a cookie holds (a JWE: https://www.rfc-editor.org/rfc/rfc7516). Nothing is stored, so every process of the installation can open it.
// docs/decisions/0061-console-application.md
import type { KeyObject } from 'node:crypto';
import { EncryptJWT, type JWTPayload, jwtDecrypt } from 'jose';

interface Seal<T> {
  /** `ends`: in ms. */
  seal(content: T, ends: number): Promise<string>;
  /** Undefined: its time is over, or this installation did not make it. */
  open(text: string): Promise<T | undefined>;
}

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;
const ALLOWED = { keyManagementAlgorithms: [ENCRYPTION.alg], contentEncryptionAlgorithms: [ENCRYPTION.enc] };

/** `key`: 32 bytes, of this kind of text alone. */
export function createSeal<T extends JWTPayload>(key: Uint8Array | KeyObject, clock: () => Date): Seal<T> {
  return {
    seal: (content, ends) =>
      new EncryptJWT(content)
        .setProtectedHeader(ENCRYPTION)
        .setExpirationTime(Math.floor(ends / 1000))
        .encrypt(key),
    async open(text) {
      try {
        return (await jwtDecrypt<T>(text, key, { ...ALLOWED, currentDate: clock() })).payload;
      } catch {
        return undefined;
      }
    },
  };
}
