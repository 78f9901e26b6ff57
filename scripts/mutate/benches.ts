// The mappings as they stand, each with its examples: what faults are planted into.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/parameters.ts';
import { readExamples } from '../../src/projection/laws/example.ts';
import { loadShapes } from '../../src/projection/mapping.ts';
import type { Bench } from './judge.ts';

/** One per mapping of the project, those of the worked example in docs/ too. */
export const benches = (): Bench[] => ['mappings', 'docs/example-vendor'].filter((folder) => existsSync(folder)).flatMap(benchesIn);

function benchesIn(folder: string): Bench[] {
  const profiles = loadProfiles('fhir-profiles', join(folder, 'fhir-profiles'));
  const registry = buildRegistry(profiles.searchParameters);
  const { surfaces, shapes } = loadShapes(folder, { profiles, registry });
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
