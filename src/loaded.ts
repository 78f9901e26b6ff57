// What the program reads from its own files before it does anything: profiles, search parameters, mappings. A mistake in them stops the start.
import { join } from 'node:path';
import { loadProfiles, type Profiles } from './fhir/profiles.ts';
import { buildRegistry, type Registry } from './fhir/search-parameters.ts';
import { loadMappings } from './projection/mapping.ts';
import type { Mappings } from './projection/shape.ts';
import { ROOT } from './root.ts';

export interface Loaded {
  profiles: Profiles;
  registry: Registry;
  mappings: Mappings;
  /** Surface → how the text of its development keys begins. */
  keyPrefixes: Record<string, string>;
}

export function load(): Loaded {
  const profiles = loadProfiles(join(ROOT, 'fhir-profiles'));
  const registry = buildRegistry(profiles.searchParameters);
  const mappings = loadMappings(join(ROOT, 'mappings'), { profiles, registry });
  const vendors = mappings.surfaces.map(({ name, auth }) => [name, auth.prefix] as const);
  return { profiles, registry, mappings, keyPrefixes: { fhir: 'fhir_test_', ...Object.fromEntries(vendors) } };
}
