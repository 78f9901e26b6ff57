// The mappings as they stand, each with its examples: what faults are planted into.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { loadShapes } from '../../src/mapping/load/check-mappings.ts';
import { readExamples } from '../../src/mapping/load/examples.ts';
import type { LoadedSurface } from '../../src/mapping/load/loaded.ts';
import { readSurfaceExamples } from '../../src/mapping-tools/laws/surface-proof.ts';
import type { MutationTarget } from './judge.ts';
import type { SurfaceTarget } from './judge-surface.ts';

/** One per mapping of the project, those of the worked example in docs/ too. */
export const listTargets = (): MutationTarget[] => FOLDERS.flatMap((folder) => listTargetsIn(folder).shapes);

/** One per surface, with the mappings that are its own. */
export const listSurfaceTargets = (): SurfaceTarget[] =>
  FOLDERS.flatMap((folder) => {
    const { surfaces, shapes } = listTargetsIn(folder);
    return surfaces.map((loaded) => ({
      loaded,
      examples: readSurfaceExamples(loaded)?.content ?? [],
      shapes: shapes.filter(({ surface }) => surface === loaded),
    }));
  });

const FOLDERS = ['mappings', 'docs/example-vendor'].filter((folder) => existsSync(folder));

function listTargetsIn(folder: string): { surfaces: LoadedSurface[]; shapes: MutationTarget[] } {
  const profiles = loadProfiles('fhir-profiles', join(folder, 'fhir-profiles'));
  const registry = buildRegistry(profiles.searchParameters);
  const { surfaces, shapes } = loadShapes(folder, { profiles, registry });
  const world = { shapes, profiles, registry };
  const targets = shapes.map((loaded) => ({
    loaded,
    surface: surfaces.find(({ surface }) => surface === loaded.shape.surface)!,
    examples: readExamples(loaded.mapping.file).content,
    world,
  }));
  return { surfaces, shapes: targets };
}

/** Mapping → mutant → why it is no fault at all. */
export const readEquivalents = (): Record<string, Record<string, string>> =>
  (parse(readFileSync('test/mapping/equivalent-mutants.yaml', 'utf8')) ?? {}) as Record<string, Record<string, string>>;
