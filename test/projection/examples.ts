// The mappings as the program loads them, and the examples that stand beside them.
import { join } from 'node:path';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/parameters.ts';
import { type Example, nameOf, readExamples, type World } from '../../src/projection/laws/example.ts';
import type { LoadedShape } from '../../src/projection/loaded.ts';
import { loadShapes } from '../../src/projection/mapping.ts';

export { envOf, nameOf } from '../../src/projection/laws/example.ts';

export const profiles = loadProfiles('fhir-profiles');
export const registry = buildRegistry(profiles.searchParameters);
export const { shapes } = loadShapes('mappings', { profiles, registry });
export const world: World = { shapes, profiles, registry };

export const examplesOf = (loaded: LoadedShape): Example[] => readExamples(join('mappings', `${nameOf(loaded)}.yaml`)).content;

/** The schemas that the vendor prints for a shape. */
export function printedOf(loaded: LoadedShape): { request: object; response: object } {
  const { prints } = examplesOf(loaded).find((example) => example.prints)!;
  return prints as { request: object; response: object };
}
