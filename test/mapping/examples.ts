// The mappings as the program loads them, including the worked example in docs/, with their examples.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { loadShapes } from '../../src/mapping/load/check-mappings.ts';
import { type Example, readExamples } from '../../src/mapping/load/examples.ts';
import { type LoadedShape, type LoadedSurface, toQualifiedName } from '../../src/mapping/load/loaded.ts';
import type { World } from '../../src/mapping-tools/laws/example-context.ts';

export { buildExampleEnv } from '../../src/mapping/load/examples.ts';
export { toQualifiedName } from '../../src/mapping/load/loaded.ts';

/** The folders with mappings: each is served by itself. */
export const FOLDERS = ['mappings', 'docs/example-vendor'].filter((folder) => existsSync(folder));

function worldOf(folder: string): World & { surfaces: LoadedSurface[] } {
  const profiles = loadProfiles('fhir-profiles', join(folder, 'fhir-profiles'));
  const registry = buildRegistry(profiles.searchParameters);
  return { ...loadShapes(folder, { profiles, registry }), profiles, registry };
}

/** Every folder with what it holds. */
export const worlds = FOLDERS.map((folder) => ({ folder, world: worldOf(folder) }));
export const world: World = worlds[0]!.world;
export const { shapes, profiles, registry } = world;

/** Every mapping there is, with the world it belongs to. */
export const everyShape = worlds.flatMap((world) =>
  world.world.shapes.map((loaded) => [toQualifiedName(loaded), loaded, world.world] as const),
);

export const everySurface = worlds.flatMap((world) => world.world.surfaces.map((loaded) => [loaded.surface.name, loaded] as const));

export const examplesOf = (loaded: LoadedShape): Example[] => readExamples(loaded.mapping.file).content;

/** The schemas that the vendor prints for a shape. */
export function printedOf(loaded: LoadedShape): { request: object; response: object } {
  const { prints } = examplesOf(loaded).find((example) => example.prints)!;
  return prints as { request: object; response: object };
}
