// The search parameters in force, while the index of some is still being made: those answer nothing until it is whole, for half an answer would look
// like a whole one.
import { unavailable } from '../outcome.ts';
import type { SearchRegistry } from './registry.ts';

/** Seconds until it is worth asking again. */
const RETRY_AFTER = 30;

/** The same registry; using a parameter that is not ready is refused (503). Indexing goes on by all of them. */
export const buildReadyRegistry = (registry: SearchRegistry, isReady: (type: string, code: string) => boolean): SearchRegistry => ({
  ...registry,
  lookup(type, code) {
    const parameter = registry.lookup(type, code);
    if (parameter && !isReady(type, code))
      throw unavailable(`the index of the search parameter ${type}.${code} is being made: try again later`, RETRY_AFTER);
    return parameter;
  },
});
