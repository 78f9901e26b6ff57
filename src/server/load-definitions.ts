// Loads profiles, search parameters and mappings from the project's files. A mistake in them stops the start.

import { join } from 'node:path';
import { listSurfacePrefixes } from '../administration/key-surfaces.ts';
import type { Config } from '../config.ts';
import { indexAllReferences } from '../fhir/indexing/all-references.ts';
import { loadProfiles, type Profiles } from '../fhir/profiles.ts';
import { buildRegistry, type SearchRegistry } from '../fhir/search/registry.ts';
import { buildTerminology } from '../fhir/terminology/terminology.ts';
import { loadMappings } from '../mapping/load-mappings.ts';
import type { Mappings } from '../mapping/shape.ts';
import { ROOT } from '../root.ts';
import { EXTERNAL_STEPS } from '../vendor-api/external-step.ts';

type LoadOptions = Partial<Pick<Config, 'mappings' | 'strictReferences' | 'fullText'>>;

export interface Definitions {
  profiles: Profiles;
  registry: SearchRegistry;
  mappings: Mappings;
  /** Surface → the prefix of its development keys. */
  keyPrefixes: Record<string, string>;
}

/**
 * `mappings`: the folder; default `mappings/` of the project. It may have FHIR definitions of its own, in `fhir-profiles/`. `strictReferences`: all references
 * are indexed. `fullText`: serves `_text` and `_content`.
 */
export function loadDefinitions({ mappings: folder, strictReferences, fullText = false }: LoadOptions = {}): Definitions {
  const mappingsFolder = folder ?? join(ROOT, 'mappings');
  const profiles = loadProfiles(join(ROOT, 'fhir-profiles'), join(mappingsFolder, 'fhir-profiles'));
  const searched = buildRegistry(profiles.searchParameters, buildTerminology(profiles.terminology), { fullText });
  const registry = strictReferences ? indexAllReferences(searched) : searched;
  const mappings = loadMappings(mappingsFolder, { profiles, registry, externalSteps: EXTERNAL_STEPS });
  return { profiles, registry, mappings, keyPrefixes: listSurfacePrefixes(mappings.surfaces) };
}
