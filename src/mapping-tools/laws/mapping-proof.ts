// Checks a mapping by its examples: each example, every law on its resource, and the coverage. A new mapping needs no test code.

import { formatSuggestion } from '../../fhir/closest-name.ts';
import type { FieldSamples } from '../../mapping/explain/samples.ts';
import { buildSamples } from '../../mapping/explain/samples.ts';
import type { Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { SourceFile } from '../../mapping/load/yaml-file.ts';
import { findGaps } from './coverage.ts';
import { EXAMPLE_CHECKS } from './example-checks.ts';
import type { World } from './example-context.ts';

/** A mistake with its location. */
interface Breach {
  place: string;
  text: string;
}

const EXTRA_KEYS = [
  'title',
  'documented',
  'env',
  'into',
  'items',
  'resource',
  'assigned',
  'server',
  'settled',
  'response',
  'shows',
  'item',
  'aliases',
  'rows',
  'through',
  'becomes',
  'then',
  'without',
  'refuseEach',
];
const MORE_KEYS = ['asks', 'facts', 'answer', 'page', 'listed', 'field', 'kind', 'query', 'of', 'candidates', 'queries', 'linked'];
const KNOWN_KEYS = new Set([...Object.keys(EXAMPLE_CHECKS), ...EXTRA_KEYS, ...MORE_KEYS]);

/** The errors of one example. */
export function checkExample(loaded: LoadedShape, example: Example, { world, samples }: { world: World; samples: FieldSamples }): string[] {
  const unknown = Object.keys(example).filter((key) => !KNOWN_KEYS.has(key));
  if (unknown.length) return unknown.map((word) => `${word}: no word of an example${formatSuggestion(word, [...KNOWN_KEYS])}`);
  if (typeof example.title !== 'string') return ['it has no title: write title: with what the example shows'];
  const kinds = Object.keys(EXAMPLE_CHECKS).filter((kind) => kind in example);
  if (!kinds.length) return [`an example shows something: it needs one of ${Object.keys(EXAMPLE_CHECKS).join(', ')}`];
  return kinds.flatMap((kind) => EXAMPLE_CHECKS[kind]!({ loaded, example, world, samples }));
}

/** All errors and gaps of a mapping. */
export function proveMapping(loaded: LoadedShape, examples: SourceFile<Example[]>, world: World): Breach[] {
  const samples = buildSamples(examples.content, loaded.shape);
  const broken = examples.content.flatMap((example, index) =>
    collectErrors(() => checkExample(loaded, example, { world, samples })).map((text) => ({
      place: examples.locateLine([String(index)]),
      text: example.title === undefined ? text : `${example.title}: ${text}`,
    })),
  );
  const gaps = findGaps(loaded, examples.content).map(({ keys, text }) => ({ place: loaded.mapping.locate(keys), text }));
  return [...broken, ...gaps];
}

/** An exception counts as an error. */
function collectErrors(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
