// What the mapping commands work on: the mappings and definitions in their folders, read and not thrown away when something is wrong with one of them.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mappingsFolder } from '../config.ts';
import { formatKnownNames } from '../fhir/closest-name.ts';
import { loadProfiles, type Profiles } from '../fhir/profiles.ts';
import { buildRegistry, type SearchRegistry } from '../fhir/search/registry.ts';
import { type LoadResult, readMappings } from '../mapping/load/compile-mappings.ts';
import { type LoadedShape, toQualifiedName } from '../mapping/load/loaded.ts';
import { ROOT } from '../root.ts';
import { EXTERNAL_STEPS } from '../vendor-api/external-step.ts';

export interface MappingFiles extends LoadResult {
  directory: string;
  profiles: Profiles;
  registry: SearchRegistry;
}

export interface MappingFolders {
  mappings?: string;
  profiles?: string;
}

/** Reads the folders: of the mappings by default the one that a server reads, of the definitions the project's own. */
export function readMappingFiles({
  mappings = findMappingsFolder(),
  profiles = join(ROOT, 'fhir-profiles'),
}: MappingFolders): MappingFiles {
  if (!existsSync(mappings))
    throw new Error(`there is no folder ${mappings}: "facet mapping new" makes it, or name another with FACET_MAPPINGS`);
  if (!existsSync(profiles)) throw new Error(`there is no folder ${profiles}`);
  const definitions = loadProfiles(profiles, join(mappings, 'fhir-profiles'));
  const registry = buildRegistry(definitions.searchParameters);
  return {
    directory: mappings,
    profiles: definitions,
    registry,
    ...readMappings(mappings, { profiles: definitions, registry, ports: EXTERNAL_STEPS }),
  };
}

export const findMappingsFolder = (): string => mappingsFolder() ?? join(ROOT, 'mappings');

/** The shapes with these names (`vendor/shape`, or `vendor` for all of one); all when none is named. A name that is none is an Error. */
export function pickShapes({ shapes, faults }: MappingFiles, names: string[]): LoadedShape[] {
  const known = shapes.map(toQualifiedName);
  const unknown = names.find((name) => !known.some((one) => isNamed(one, name)));
  if (unknown !== undefined)
    throw new Error(
      `there is no mapping ${unknown}${faults.length ? ' that can be used (facet mapping check says why)' : ''}${formatKnownNames(unknown, known)}`,
    );
  return shapes.filter((one) => names.length === 0 || names.some((name) => isNamed(toQualifiedName(one), name)));
}

export const isNamed = (shape: string, name: string): boolean => shape === name || shape.startsWith(`${name}/`);
