// The mappings as they stand, each with its examples: what faults are planted into.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/parameters.ts';
import { readExamples } from '../../src/projection/laws/example.ts';
import { loadShapes } from '../../src/projection/mapping.ts';
import type { Bench } from './judge.ts';

/** One per mapping of the project. */
export function benches(): Bench[] {
  const profiles = loadProfiles('fhir-profiles');
  const registry = buildRegistry(profiles.searchParameters);
  const { surfaces, shapes } = loadShapes('mappings', { profiles, registry });
  const world = { shapes, profiles, registry };
  return shapes.map((loaded) => ({
    loaded,
    surface: surfaces.find(({ surface }) => surface === loaded.shape.surface)!,
    examples: readExamples(loaded.mapping.file).content,
    world,
  }));
}

/** Mapping → mutant → why it is no fault at all. */
export const equivalents = (): Record<string, Record<string, string>> =>
  (parse(readFileSync('test/projection/equivalent-mutants.yaml', 'utf8')) ?? {}) as Record<string, Record<string, string>>;
