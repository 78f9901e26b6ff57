// Whether a fault planted in a surface is noticed: by its grammar and the checks at start, by its own examples, or by those of its shapes.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkAliases } from '../../src/mapping/load/check-aliases.ts';
import { SURFACE_SCHEMA } from '../../src/mapping/load/file-grammar.ts';
import type { LoadedSurface } from '../../src/mapping/load/loaded.ts';
import { buildSurface } from '../../src/mapping/response/surface.ts';
import { checkSurfaceExample, findSurfaceGaps, type SurfaceExample } from '../../src/mapping-tools/laws/surface-proof.ts';
import { judgeMutant, type MutationTarget, type Verdict } from './judge.ts';
import type { SurfaceMutant } from './surface-changes.ts';

/** A surface with its examples, and its shapes with theirs. */
export interface SurfaceTarget {
  loaded: LoadedSurface;
  examples: SurfaceExample[];
  shapes: MutationTarget[];
}

const accepts = new Ajv2020({ strictRequired: false, allowUnionTypes: true }).compile(SURFACE_SCHEMA);

/** Judges one mutant; `by` is undefined when nothing notices it. */
export function judgeSurface({ content }: SurfaceMutant, { loaded, examples, shapes }: SurfaceTarget): Verdict {
  if (!accepts(content)) return { by: 'start', text: accepts.errors?.[0]?.message ?? '' };
  const faults: string[] = [];
  const source = { ...loaded.source, content };
  const surface = buildSurface(loaded.surface.name, content, (_, error) => faults.push((error as Error).message));
  const mutant: LoadedSurface = { ...loaded, surface, source };
  const [world] = shapes;
  faults.push(...(world ? checkAliases(source, world.world.profiles).map(({ text }) => text) : []));
  if (faults.length) return { by: 'start', text: faults[0]! };
  const [breach] = examples.flatMap((example) => checkSurfaceExample(mutant, example));
  if (breach !== undefined) return { by: 'example', text: breach };
  const [gap] = findSurfaceGaps(mutant, examples);
  if (gap) return { by: 'gap', text: gap.text };
  for (const bench of shapes) {
    const verdict = judgeMutant({ name: '', content: bench.loaded.mapping.content }, { ...bench, surface: mutant });
    if (verdict.by !== undefined) return verdict;
  }
  return { by: undefined, text: '' };
}
