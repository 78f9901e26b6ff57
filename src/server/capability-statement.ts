// The current statements of /metadata. The CapabilityStatement is built again when profiles are loaded or removed, the TerminologyCapabilities at the first request.
import { buildCapabilityStatement, type CapabilityOptions } from '../fhir/capability-statement.ts';
import { hash } from '../fhir/hash.ts';
import { buildTerminologyCapabilities } from '../fhir/terminology-capabilities.ts';
import type { CapabilityText, CapabilityTexts } from '../http/fhir/metadata.ts';
import type { Profiles } from '../interactions/profiles.ts';
import type { Store } from '../store/store.ts';

/** Returns functions that read their text and ETag. The database is queried for loaded profiles at most once a second. */
export function buildCapabilityReaders(facts: Omit<CapabilityOptions, 'profiles'>, profiles: Profiles, store: Store): CapabilityTexts {
  let cached: { of: ReadonlyMap<string, string[]>; text: CapabilityText } | undefined;
  let terminology: CapabilityText | undefined;
  return {
    async CapabilityStatement() {
      const supported = await profiles.listSupported(store);
      if (cached?.of !== supported)
        cached = { of: supported, text: toCapabilityText(buildCapabilityStatement({ ...facts, profiles: supported })) };
      return cached.text;
    },
    async TerminologyCapabilities() {
      terminology ??= toCapabilityText(buildTerminologyCapabilities(facts));
      return terminology;
    },
  };
}

function toCapabilityText(statement: object): CapabilityText {
  const text = JSON.stringify(statement);
  return { text, etag: `W/"${hash(text)}"` };
}
