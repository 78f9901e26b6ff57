// Whether a planted fault is noticed: by the checks at start, by an example or a law, or by what the examples may not leave out.

import { buildSamples } from '../../src/mapping/explain/samples.ts';
import { compileShape } from '../../src/mapping/load/check-mappings.ts';
import type { Example } from '../../src/mapping/load/examples.ts';
import type { LoadedShape, LoadedSurface } from '../../src/mapping/load/loaded.ts';
import { findGaps } from '../../src/mapping-tools/laws/coverage.ts';
import type { World } from '../../src/mapping-tools/laws/example-context.ts';
import { checkExample } from '../../src/mapping-tools/laws/mapping-proof.ts';
import type { Mutant } from './mutant.ts';

export interface Verdict {
  by: 'start' | 'example' | 'gap' | undefined;
  /** The message of the check that noticed the mutant. */
  text: string;
}

export interface MutationTarget {
  loaded: LoadedShape;
  surface: LoadedSurface;
  examples: Example[];
  world: World;
}

/** Judges one mutant; `by` is undefined when nothing notices it. */
export function judgeMutant({ content }: Mutant, { loaded, surface, examples, world }: MutationTarget): Verdict {
  const compiled = compileShape({ ...loaded.mapping, content }, surface, world);
  const [fault] = compiled.faults;
  if (fault || !compiled.loaded) return { by: 'start', text: fault?.text ?? '' };
  const samples = buildSamples(examples, compiled.loaded.shape);
  for (const example of examples) {
    const [breach] = attempt(() => checkExample(compiled.loaded!, example, { world, samples }));
    if (breach !== undefined) return { by: 'example', text: `${example.title}: ${breach}` };
  }
  const [gap] = findGaps(compiled.loaded, examples);
  return gap ? { by: 'gap', text: gap.text } : { by: undefined, text: '' };
}

function attempt(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    return [(error as Error).message];
  }
}
