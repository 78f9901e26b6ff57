// Reads mappings and definitions for the mapping commands. Mistakes in one mapping are collected, and the others stay usable.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mappingsFolder } from '../config.ts';
import { formatKnownNames } from '../fhir/closest-name.ts';
import { loadProfiles, type Profiles } from '../fhir/profiles.ts';
import { buildRegistry, type SearchRegistry } from '../fhir/search/registry.ts';
import { type LoadResult, readMappings } from '../mapping/load/check-mappings.ts';
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

/** Reads the folders. Default for mappings: the folder that a server reads; for definitions: the project's own. */
export function readMappingFiles({
  mappings = findMappingsFolder(),
  profiles = join(ROOT, 'fhir-profiles'),
}: MappingFolders): MappingFiles {
  if (!existsSync(mappings))
    throw new Error(`there is no folder ${mappings}: "facet mapping new" creates it, or name another one with FACET_MAPPINGS`);
  if (!existsSync(profiles)) throw new Error(`there is no folder ${profiles}`);
  const definitions = loadProfiles(profiles, join(mappings, 'fhir-profiles'));
  const registry = buildRegistry(definitions.searchParameters);
  return {
    directory: mappings,
    profiles: definitions,
    registry,
    ...readMappings(mappings, { profiles: definitions, registry, externalSteps: EXTERNAL_STEPS }),
  };
}

export const findMappingsFolder = (): string => mappingsFolder() ?? join(ROOT, 'mappings');

/** Finds the shapes with these names (`vendor/shape`, or `vendor` for all its shapes); without names, all. Throws for an unknown name. */
export function pickShapes({ shapes, faults }: MappingFiles, names: string[]): LoadedShape[] {
  const known = shapes.map(toQualifiedName);
  const unknown = names.find((name) => !known.some((file) => isNamed(file, name)));
  if (unknown !== undefined)
    throw new Error(
      `there is no mapping ${unknown}${faults.length ? ' that can be used (facet mapping check says why)' : ''}${formatKnownNames(unknown, known)}`,
    );
  return shapes.filter((shape) => names.length === 0 || names.some((name) => isNamed(toQualifiedName(shape), name)));
}

export const isNamed = (shape: string, name: string): boolean => shape === name || shape.startsWith(`${name}/`);
