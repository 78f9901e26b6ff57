// The mappings as they stand, each with its examples: what faults are planted into.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/parameters.ts';
import { readExamples } from '../../src/mapping/example.ts';
import { surfaceExamples } from '../../src/mapping/laws/surface-proof.ts';
import type { LoadedSurface } from '../../src/mapping/load/loaded.ts';
import { loadShapes } from '../../src/mapping/load/mapping.ts';
import type { Bench } from './judge.ts';
import type { SurfaceBench } from './judge-surface.ts';

/** One per mapping of the project, those of the worked example in docs/ too. */
export const benches = (): Bench[] => FOLDERS.flatMap((folder) => benchesIn(folder).shapes);

/** One per surface, with the mappings that are its own. */
export const surfaceBenches = (): SurfaceBench[] =>
  FOLDERS.flatMap((folder) => {
    const { surfaces, shapes } = benchesIn(folder);
    return surfaces.map((loaded) => ({
      loaded,
      examples: surfaceExamples(loaded)?.content ?? [],
      shapes: shapes.filter(({ surface }) => surface === loaded),
    }));
  });

const FOLDERS = ['mappings', 'docs/example-vendor'].filter((folder) => existsSync(folder));

function benchesIn(folder: string): { surfaces: LoadedSurface[]; shapes: Bench[] } {
  const profiles = loadProfiles('fhir-profiles', join(folder, 'fhir-profiles'));
  const registry = buildRegistry(profiles.searchParameters);
  const { surfaces, shapes } = loadShapes(folder, { profiles, registry });
  const world = { shapes, profiles, registry };
  const made = shapes.map((loaded) => ({
    loaded,
    surface: surfaces.find(({ surface }) => surface === loaded.shape.surface)!,
    examples: readExamples(loaded.mapping.file).content,
    world,
  }));
  return { surfaces, shapes: made };
}

/** Mapping → mutant → why it is no fault at all. */
export const equivalents = (): Record<string, Record<string, string>> =>
  (parse(readFileSync('test/mapping/equivalent-mutants.yaml', 'utf8')) ?? {}) as Record<string, Record<string, string>>;
