// Encrypts the secrets of accounts at rest with AES-256-GCM. A ciphertext names its key and is bound to its account, so that it cannot be used in another row.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** The secrets of an account. */
export interface AccountSecrets {
  apiKey: string;
  /** Several while a secret is replaced, the newest first. */
  webhookSecrets: string[];
}

/** Encrypts with the first key, and decrypts with any of them. */
export interface SecretBox {
  /** Throws a SecretsError if there is no key. */
  encrypt(accountId: number, secrets: AccountSecrets): string;
  /** `problem`: the key is missing, or the text was changed. It contains no secret. */
  decrypt(accountId: number, text: string): AccountSecrets | { problem: string };
  /** Whether the text was encrypted with the first key. */
  isCurrent(text: string): boolean;
}

/** The text contains no secret. */
export class SecretsError extends Error {}

const ALGORITHM = 'aes-256-gcm';
export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The form of a ciphertext: `v1.<key id>.<base64url of IV, tag and content>`. */
const FORM = /^v1\.([0-9a-f]{8})\.([\w-]+)$/;

/** `keys`: 32 bytes each. */
export function createSecretBox(keys: readonly Buffer[]): SecretBox {
  const byId = new Map(keys.map((key) => [toKeyId(key), key]));
  const [first] = keys;
  return {
    encrypt(accountId, secrets) {
      if (!first)
        throw new SecretsError(
          'the secrets of lab accounts cannot be stored without a key: set FACET_SECRETS_KEY to the output of openssl rand -base64 32',
        );
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, first, iv).setAAD(toBinding(accountId));
      const content = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()]);
      return `v1.${toKeyId(first)}.${Buffer.concat([iv, cipher.getAuthTag(), content]).toString('base64url')}`;
    },
    decrypt(accountId, text) {
      const [, keyId = '', data = ''] = FORM.exec(text) ?? [];
      const key = byId.get(keyId);
      if (!key) return { problem: `its secrets are encrypted with the key ${keyId || '?'}, which FACET_SECRETS_KEY does not contain` };
      const bytes = Buffer.from(data, 'base64url');
      const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)];
      try {
        const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(toBinding(accountId)).setAuthTag(tag);
        const content = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        // type assertion: `encrypt` wrote this text, as its tag shows
        return JSON.parse(content.toString('utf8')) as AccountSecrets;
      } catch {
        return { problem: 'its secrets were changed, or belong to another account: enter them again with facet accounts rotate' };
      }
    },
    isCurrent: (text) => first !== undefined && FORM.exec(text)?.[1] === toKeyId(first),
  };
}

/** Names a key without revealing it. */
const toKeyId = (key: Buffer): string => createHash('sha256').update('facet secrets key').update(key).digest('hex').slice(0, 8);

const toBinding = (accountId: number): Buffer => Buffer.from(`lab account ${accountId}`);
