// The active profiles: our own, and those of packages that an operator has loaded. A profile is compiled when a resource first claims it. At most once a
// second, the server reads whether packages have changed, so that all processes on one database use the same profiles. https://hl7.org/fhir/R4/profiling.html
// docs/decisions/0008-profiles-and-value-sets.md
import type { Issue } from '../fhir/outcome.ts';
import { buildProfileCheckers, type ProfileChecker, type ProfileCheckers } from '../fhir/profile/checker.ts';
import {
  type Definition,
  listDependencies,
  type PackagedDefinition,
  type ReportUnchecked,
  UnusableDefinitionError,
} from '../fhir/profile/definition.ts';
import { buildDefinitionLibrary, chooseDefinition, type DefinitionLibrary } from '../fhir/profile/library.ts';
import { buildProfileIssues, hasProfileErrors } from '../fhir/profile/profile-issues.ts';
import { listProfileClaims, parseCanonical } from '../fhir/profile-claims.ts';
import type { Terminology } from '../fhir/terminology/terminology.ts';
import type { Resource } from '../fhir/types.ts';
import type { LoadedProfile } from '../store/definitions.ts';
import type { TenantStore } from '../store/store.ts';

export interface Profiles {
  /** The errors of a resource against the loaded profiles that it claims. Omits warnings. */
  findErrors(store: TenantStore, resource: Resource): Promise<Issue[]>;
  /** The checker of one profile. Undefined if the profile is not loaded; an UnusableDefinitionError if it cannot be compiled. */
  findChecker(store: TenantStore, canonical: string): Promise<ProfileChecker | UnusableDefinitionError | undefined>;
  /** The terminology for these value sets and code systems. Undefined if only the terminology of the search registry is available. */
  findTerminology(store: TenantStore, urls: string[]): Promise<Terminology | undefined>;
  /** Type → canonical URLs of its profiles. Returns the same object while the packages do not change. */
  listSupported(store: TenantStore): Promise<ReadonlyMap<string, string[]>>;
}

/** Disables profile checks. For writes by the server itself, which must not fail because a client has claimed a profile. */
export const NO_PROFILE_CHECKS: Profiles = {
  findErrors: async () => [],
  findChecker: async () => undefined,
  findTerminology: async () => undefined,
  listSupported: async () => new Map(),
};

const REFRESH_MS = 1000;
const OWN_PACKAGE = 'facet';

/** The state for one set of packages. */
interface LoadedProfiles {
  state: string;
  profiles: Map<string, LoadedProfile[]>;
  library: DefinitionLibrary;
  checkers: ProfileCheckers;
  /** URLs whose definitions are all in the library. */
  gathered: Set<string>;
  supported: Map<string, string[]>;
}

interface ProfileOptions {
  /** In ms. */
  now?: () => number;
  /** Called during compilation for each rule of a profile that cannot be checked. */
  onUnsupported?: ReportUnchecked;
}

/** `own`: definitions that are part of the program. */
export function createProfiles(own: readonly Definition[], { now = Date.now, onUnsupported }: ProfileOptions = {}): Profiles {
  let known: LoadedProfiles | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  // Each caller reads with its own handle. A caller inside a transaction must not wait for a caller outside, which may itself wait for that connection.
  const current = async (store: TenantStore): Promise<LoadedProfiles> => {
    if (known && now() - lookedAt < REFRESH_MS) return known;
    const startedAt = now();
    const state = await store.definitions.readRevision();
    if (known?.state !== state) known = loadProfiles(state, await store.definitions.listProfiles(), { own, missed: onUnsupported });
    lookedAt = startedAt;
    return known;
  };
  const findChecker: Profiles['findChecker'] = async (store, canonical) => findCheckerIn(await current(store), store, canonical);
  return {
    findChecker,
    listSupported: async (store) => (await current(store)).supported,
    async findTerminology(store, urls) {
      const now = await current(store);
      const missing = urls.filter((url) => !now.gathered.has(url));
      if (missing.length) await loadDefinitions(now, store, missing);
      return now.library.terminology;
    },
    async findErrors(store, resource) {
      const found: Issue[] = [];
      for (const { canonical, ...subject } of listProfileClaims(resource)) {
        const claimed = await findChecker(store, canonical);
        if (claimed && !(claimed instanceof UnusableDefinitionError) && hasProfileErrors(claimed, subject))
          found.push(...buildProfileIssues(claimed, subject).filter(({ severity }) => severity === 'error'));
      }
      return found;
    },
  };
}

function loadProfiles(
  state: string,
  stored: LoadedProfile[],
  { own, missed }: { own: readonly Definition[]; missed: ProfileOptions['onUnsupported'] },
): LoadedProfiles {
  const definitions: PackagedDefinition[] = own.map((resource) => ({ package: OWN_PACKAGE, resource }));
  const ownProfiles = own.flatMap((definition): LoadedProfile[] =>
    definition.resourceType === 'StructureDefinition'
      ? [{ package: OWN_PACKAGE, url: definition.url, version: definition.version ?? null, type: definition.type }]
      : [],
  );
  const profiles = Map.groupBy([...ownProfiles, ...stored], ({ url }) => url);
  const library = buildDefinitionLibrary(definitions, (canonical) => profiles.get(parseCanonical(canonical).url)?.[0]?.type);
  const byType = Map.groupBy([...ownProfiles, ...stored], ({ type }) => type);
  const supported = new Map([...byType].map(([type, list]) => [type, [...new Set(list.map(toCanonical))].sort()] as const));
  return {
    state,
    profiles,
    library,
    checkers: buildProfileCheckers(missed ? { ...library, reportUnchecked: missed } : library),
    gathered: new Set(),
    supported,
  };
}

const toCanonical = ({ url, version }: LoadedProfile): string => (version === null ? url : `${url}|${version}`);

async function findCheckerIn(
  known: LoadedProfiles,
  store: TenantStore,
  canonical: string,
): Promise<ProfileChecker | UnusableDefinitionError | undefined> {
  const { url } = parseCanonical(canonical);
  const versions = (known.profiles.get(url) ?? []).map(({ version, ...rest }) => ({
    ...rest,
    resource: { ...(version !== null && { version }) },
  }));
  if (!chooseDefinition(versions, canonical, '')) return undefined;
  if (!known.gathered.has(url)) await loadDefinitions(known, store, [url]);
  try {
    return known.checkers.findChecker(canonical);
  } catch (error) {
    if (error instanceof UnusableDefinitionError) return error;
    throw error;
  }
}

/** Adds definitions and all their dependencies to the library. Concurrent calls are safe, because they add equal definitions. */
async function loadDefinitions(known: LoadedProfiles, store: TenantStore, urls: string[]): Promise<void> {
  const seen = new Set<string>();
  const found: PackagedDefinition[] = [];
  for (let pending = urls; pending.length; ) {
    const missing = pending.filter((url) => !known.gathered.has(url) && !seen.has(url));
    for (const url of missing) seen.add(url);
    const rows = missing.length ? await store.definitions.findByUrl(missing) : [];
    // the database has only definitions that were parsed when their package was added
    const packaged = rows.map((row): PackagedDefinition => ({ package: row.package, resource: JSON.parse(row.body) as Definition }));
    found.push(...packaged);
    pending = [...packaged.map(({ resource }) => resource), ...listOwnDefinitions(known, missing)].flatMap(listDependencies);
  }
  known.library.add(found.filter(({ resource }) => !known.gathered.has(resource.url)));
  // URLs without a definition are not remembered, because searches may contain any URL
  const named = new Set(urls.filter((url) => !found.some(({ resource }) => resource.url === url) && !known.profiles.has(url)));
  for (const url of seen) if (!named.has(url)) known.gathered.add(url);
}

/** Our own definitions are in the library from the start, but their dependencies may be in packages. */
const listOwnDefinitions = ({ library, profiles }: LoadedProfiles, urls: string[]): Definition[] =>
  urls.flatMap((url) =>
    profiles.get(url)?.some((profile) => profile.package === OWN_PACKAGE) ? (library.findProfile(url, OWN_PACKAGE)?.resource ?? []) : [],
  );
