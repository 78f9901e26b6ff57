// What the mapping commands work on: the mappings and definitions in their folders, read and not thrown away when something is wrong with one of them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mappingsFolder } from '../config.ts';
import { amongThese } from '../fhir/closest-name.ts';
import { loadProfiles, type Profiles } from '../fhir/profiles.ts';
import { buildRegistry, type Registry } from '../fhir/search/parameters.ts';
import { nameOf } from '../mapping/example.ts';
import type { LoadedShape } from '../mapping/load/loaded.ts';
import { type Readings, readMappings } from '../mapping/load/mapping.ts';
import { EXTERNAL_STEPS } from '../orders/external-step-names.ts';
import { ROOT } from '../root.ts';

export interface MappingWorld extends Readings {
  directory: string;
  profiles: Profiles;
  registry: Registry;
}

export interface MappingPlaces {
  mappings?: string;
  profiles?: string;
}

/** Reads the folders: of the mappings by default the one that a server reads, of the definitions the project's own. */
export function mappingWorld({ mappings = standardFolder(), profiles = join(ROOT, 'fhir-profiles') }: MappingPlaces): MappingWorld {
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

export const standardFolder = (): string => mappingsFolder() ?? join(ROOT, 'mappings');

/** The shapes with these names (`vendor/shape`, or `vendor` for all of one); all when none is named. A name that is none is an Error. */
export function chosen({ shapes, faults }: MappingWorld, names: string[]): LoadedShape[] {
  const known = shapes.map(nameOf);
  const unknown = names.find((name) => !known.some((one) => isOf(one, name)));
  if (unknown !== undefined)
    throw new Error(
      `there is no mapping ${unknown}${faults.length ? ' that can be used (facet mapping check says why)' : ''}${amongThese(unknown, known)}`,
    );
  return shapes.filter((one) => names.length === 0 || names.some((name) => isOf(nameOf(one), name)));
}

export const isOf = (shape: string, name: string): boolean => shape === name || shape.startsWith(`${name}/`);
