// Remembers for a moment which caller a key belongs to, so that not every request asks the database; a revocation takes effect within that moment.
// docs/decisions/0013-api-keys-and-scopes.md
import type { Caller } from '../../interactions/context.ts';
import type { FindCaller } from './authenticate.ts';

const MOMENT_MS = 1000;
const MOST = 10_000;

/** The same look-up, asked at most once a second per key. */
export function cacheCallers(find: FindCaller, now: () => number = Date.now): FindCaller {
  const known = new Map<string, { caller: Promise<Caller | undefined>; until: number }>();
  return (key) => {
    const found = known.get(key);
    if (found && found.until > now()) return found.caller;
    if (known.size >= MOST) known.clear();
    const caller = find(key);
    known.set(key, { caller, until: now() + MOMENT_MS });
    caller.catch(() => known.delete(key));
    return caller;
  };
}
