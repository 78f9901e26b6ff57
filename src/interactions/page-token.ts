// The opaque token of a page link: the search and the position in it, encrypted so that the server's URLs contain no patient data.
import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } from 'node:crypto';
import { invalid } from '../fhir/outcome.ts';

/** Encrypts and decrypts page links of one installation. A link is valid only for the tenant for which it was created. */
export interface PageTokens {
  seal(tenant: number, content: unknown): string;
  open(tenant: number, sealed: string): unknown;
}

const NONCE = 12;
const TAG = 16;

/** AES-256-GCM under a key that all processes of the installation share. */
export function createPageTokens(secret: string): PageTokens {
  const key = createSecretKey(createHash('sha256').update(secret).digest());
  return {
    seal(tenant, content) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(String(tenant)));
      const text = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
    },
    open(tenant, sealed) {
      try {
        const bytes = Buffer.from(sealed, 'base64url');
        if (bytes.toString('base64url') !== sealed) throw new Error('not as it was written');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG });
        decipher.setAAD(Buffer.from(String(tenant))).setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
        return JSON.parse(decipher.update(bytes.subarray(NONCE + TAG), undefined, 'utf8') + decipher.final('utf8'));
      } catch {
        throw invalid('this page link was not created by this server, or was changed: start the search again');
      }
    },
  };
}
