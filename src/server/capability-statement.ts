// The current CapabilityStatement. It is built again when profiles are loaded or removed.
import { buildCapabilityStatement, type CapabilityOptions } from '../fhir/capability-statement.ts';
import { hash } from '../fhir/hash.ts';
import type { FhirApi } from '../http/fhir/router.ts';
import type { Profiles } from '../interactions/profiles.ts';
import type { Store } from '../store/store.ts';

/** Returns a function that reads its text and ETag. The database is queried for loaded profiles at most once a second. */
export function buildCapabilityReader(facts: Omit<CapabilityOptions, 'profiles'>, profiles: Profiles, store: Store): FhirApi['capability'] {
  let cached: { of: ReadonlyMap<string, string[]>; text: string; etag: string } | undefined;
  return async () => {
    const supported = await profiles.listSupported(store);
    if (cached?.of !== supported) {
      const text = JSON.stringify(buildCapabilityStatement({ ...facts, profiles: supported }));
      cached = { of: supported, text, etag: `W/"${hash(text)}"` };
    }
    return cached;
  };
}
