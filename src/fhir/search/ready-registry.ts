// Search parameters whose index is still being built. A search by one is refused until its index is complete, because an incomplete result would look
// complete.
import { unavailable } from '../outcome.ts';
import type { SearchRegistry } from './registry.ts';

/** The value of Retry-After, in seconds. */
const RETRY_AFTER = 30;

/** The registry for searches: a parameter that is not ready is refused (503). Indexing uses all parameters. */
export const buildReadyRegistry = (registry: SearchRegistry, isReady: (type: string, code: string) => boolean): SearchRegistry => ({
  ...registry,
  lookup(type, code) {
    const parameter = registry.lookup(type, code);
    if (parameter && !isReady(type, code))
      throw unavailable(`the index of the search parameter ${type}.${code} is being built: try again later`, RETRY_AFTER);
    return parameter;
  },
});
