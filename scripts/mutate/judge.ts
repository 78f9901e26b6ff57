// Whether a planted fault is noticed: by the checks at start, by an example or a law, or by what the examples may not leave out.

import type { Example, World } from '../../src/mapping/example.ts';
import { gapsOf } from '../../src/mapping/laws/coverage.ts';
import { breachesOf, samplesOf } from '../../src/mapping/laws/proof.ts';
import type { LoadedShape, LoadedSurface } from '../../src/mapping/load/loaded.ts';
import { compileShape } from '../../src/mapping/load/mapping.ts';
import type { Mutant } from './mutant.ts';

export interface Verdict {
  by: 'start' | 'example' | 'gap' | undefined;
  /** What was said of it. */
  text: string;
}

export interface Bench {
  loaded: LoadedShape;
  surface: LoadedSurface;
  examples: Example[];
  world: World;
}

/** Judges one mutant; `by` is undefined when nothing notices it. */
export function judge({ content }: Mutant, { loaded, surface, examples, world }: Bench): Verdict {
  const made = compileShape({ ...loaded.mapping, content }, surface, world);
  const [fault] = made.faults;
  if (fault || !made.loaded) return { by: 'start', text: fault?.text ?? '' };
  const samples = samplesOf(examples, made.loaded.shape);
  for (const example of examples) {
    const [breach] = attempt(() => breachesOf(made.loaded!, example, { world, samples }));
    if (breach !== undefined) return { by: 'example', text: `${example.title}: ${breach}` };
  }
  const [gap] = gapsOf(made.loaded, examples);
  return gap ? { by: 'gap', text: gap.text } : { by: undefined, text: '' };
}

function attempt(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    return [(error as Error).message];
  }
}
