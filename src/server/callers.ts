// Finds the callers of API keys, and notes when keys are used.
import { createKeyUsage, type KeyUsage } from '../administration/key-usage.ts';
import { cacheLookups, type FindCaller } from '../http/middleware/authenticate.ts';
import type { Caller } from '../interactions/context.ts';
import { type FoundApiKey, findApiKey } from '../store/api-keys.ts';
import type { Database } from '../store/database/database.ts';

/** `background`: the same database on the connections of background work. */
export function createCallers(database: Database, background: Database, clock: () => Date): { findCaller: FindCaller; keyUsage: KeyUsage } {
  const keyUsage = createKeyUsage(background, clock);
  return { keyUsage, findCaller: noteUse(keyUsage, cacheLookups(findCallerIn(database, clock))) };
}

/** Key lookups have a queue of their own, so that a request without a valid key delays no tenant. */
const findCallerIn =
  (database: Database, clock: () => Date) =>
  async (key: string): Promise<Caller | undefined> =>
    toCaller(await findApiKey(database.forRequest('keys', { safe: true }), key, clock().toISOString()));

const noteUse =
  (usage: KeyUsage, find: FindCaller): FindCaller =>
  async (key) => {
    const caller = await find(key);
    if (caller) usage.note(caller.tenant, caller.actor);
    return caller;
  };

/** The caller of an active key; undefined for any other key. */
function toCaller(key: FoundApiKey | undefined): Caller | undefined {
  if (key?.state !== 'active') return undefined;
  const { tenant, id, surface, scopes, patient, brand } = key;
  return { tenant, actor: id, surface, scopes, ...(brand !== null && { brand }), ...(patient !== null && { patient }) };
}
