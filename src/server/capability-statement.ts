// The current statements of /metadata. The CapabilityStatement is built again when profiles are loaded or removed, the TerminologyCapabilities at the first request.
import { buildCapabilityStatement, type CapabilityOptions } from '../fhir/capability-statement.ts';
import { hash } from '../fhir/hash.ts';
import { buildTerminologyCapabilities } from '../fhir/terminology-capabilities.ts';
import type { CapabilityText, CapabilityTexts } from '../http/fhir/metadata.ts';
import type { Profiles } from '../interactions/profiles.ts';
import type { Store } from '../store/store.ts';

interface CapabilityFacts extends Omit<CapabilityOptions, 'profiles' | 'smart'> {
  /** Returns the same object until the endpoints change. Undefined: access tokens are not accepted. */
  readSmart(): CapabilityOptions['smart'];
}

/** Returns functions that read their text and ETag. The database is queried for loaded profiles at most once a second. */
export function buildCapabilityReaders({ readSmart, ...facts }: CapabilityFacts, profiles: Profiles, store: Store): CapabilityTexts {
  const readTerminology = cacheByBaseUrl((baseUrl) => buildTerminologyCapabilities({ ...facts, baseUrl }));
  let cached: { of: ReadonlyMap<string, string[]>; smart: CapabilityOptions['smart']; read: TextReader } | undefined;
  return {
    async CapabilityStatement(baseUrl) {
      const supported = await profiles.listSupported(store);
      const smart = readSmart();
      if (cached?.of !== supported || cached.smart !== smart)
        cached = {
          of: supported,
          smart,
          read: cacheByBaseUrl((url) => buildCapabilityStatement({ ...facts, baseUrl: url, profiles: supported, ...(smart && { smart }) })),
        };
      return cached.read(baseUrl);
    },
    TerminologyCapabilities: async (baseUrl) => readTerminology(baseUrl),
  };
}

type TextReader = (baseUrl: string) => CapabilityText;

/** Base URLs whose statements are cached. Clients can name any number of loopback hosts. */
const MAX_BASE_URLS = 10;

function cacheByBaseUrl(build: (baseUrl: string) => object): TextReader {
  const texts = new Map<string, CapabilityText>();
  return (baseUrl) => {
    const text = texts.get(baseUrl) ?? toCapabilityText(build(baseUrl));
    if (texts.size >= MAX_BASE_URLS) texts.clear();
    texts.set(baseUrl, text);
    return text;
  };
}

function toCapabilityText(statement: object): CapabilityText {
  const text = JSON.stringify(statement);
  return { text, etag: `W/"${hash(text)}"` };
}
