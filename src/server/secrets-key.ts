// The keys that encrypt the secrets of lab accounts: the configured ones, else for the embedded database one that is created in the data directory.

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { createSecretBox, KEY_BYTES, type SecretBox } from '../orders/accounts/secrets.ts';

const KEY_FILE = 'secrets-key';

/**
 * Without a configured key, the key of an embedded database is in its data directory. `encrypt` creates it when it is needed first. With PostgreSQL no key is
 * created: a command could run in another directory than the server.
 */
export function openSecretBox({ secretsKeys, databaseUrl, dataDir }: Pick<Config, 'secretsKeys' | 'databaseUrl' | 'dataDir'>): SecretBox {
  if (secretsKeys.length || databaseUrl !== undefined) return createSecretBox(secretsKeys);
  const file = join(dataDir, KEY_FILE);
  const open = (): SecretBox => createSecretBox(existsSync(file) ? [Buffer.from(readFileSync(file, 'utf8'), 'base64')] : []);
  return {
    encrypt(accountId, secrets) {
      if (!existsSync(file)) writeFileSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
      return open().encrypt(accountId, secrets);
    },
    decrypt: (accountId, text) => open().decrypt(accountId, text),
    isCurrent: (text) => open().isCurrent(text),
  };
}
