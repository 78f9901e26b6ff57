// Proves a mapping by its examples: every example in both directions, every law on what it makes, and nothing left out. A new mapping adds no code.

import { formatSuggestion } from '../../fhir/closest-name.ts';
import type { Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { SourceFile } from '../../mapping/load/yaml-file.ts';
import type { Shape } from '../../mapping/shape.ts';
import { toObject } from '../../mapping/values.ts';
import { findGaps } from './coverage.ts';
import type { FieldSamples } from './different-value.ts';
import { EXAMPLE_CHECKS } from './example-checks.ts';
import { readRequestItems, type World } from './example-context.ts';

/** One thing that is wrong: in which file, at which line, and what. */
interface Breach {
  place: string;
  text: string;
}

const EXTRA_KEYS = [
  'title',
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

/** What one example shows that is not so; empty when all of it is. */
export function checkExample(loaded: LoadedShape, example: Example, { world, samples }: { world: World; samples: FieldSamples }): string[] {
  const unknown = Object.keys(example).filter((key) => !KNOWN_KEYS.has(key));
  if (unknown.length) return unknown.map((word) => `${word}: no word of an example${formatSuggestion(word, [...KNOWN_KEYS])}`);
  if (typeof example.title !== 'string') return ['it has no title: write title: with what the example shows'];
  const kinds = Object.keys(EXAMPLE_CHECKS).filter((kind) => kind in example);
  if (!kinds.length) return [`an example shows something: it needs one of ${Object.keys(EXAMPLE_CHECKS).join(', ')}`];
  return kinds.flatMap((kind) => EXAMPLE_CHECKS[kind]!({ loaded, example, world, samples }));
}

/** Everything that is wrong with a mapping, by its examples. */
export function proveMapping(loaded: LoadedShape, examples: SourceFile<Example[]>, world: World): Breach[] {
  const samples = buildSamples(examples.content, loaded.shape);
  const broken = examples.content.flatMap((example, nth) =>
    collectErrors(() => checkExample(loaded, example, { world, samples })).map((text) => ({
      place: examples.locateLine([String(nth)]),
      text: example.title === undefined ? text : `${example.title}: ${text}`,
    })),
  );
  const gaps = findGaps(loaded, examples.content).map(({ keys, text }) => ({ place: loaded.mapping.locate(keys), text }));
  return [...broken, ...gaps];
}

/** What the examples send for a field. */
export const buildSamples =
  (examples: Example[], shape: Shape): FieldSamples =>
  (at) =>
    examples.flatMap(({ request }) =>
      at.reduce<unknown[]>(
        (views, name) => views.flatMap((view) => toObject(view)[name] ?? []),
        [(request && shape.batch ? readRequestItems(shape, request)[0] : request) ?? {}],
      ),
    );

/** An example that cannot even be tried is wrong, too. */
function collectErrors(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
