// Proves a mapping by its examples: every example in both directions, every law on what it makes, and nothing left out. A new mapping adds no code.
import { didYouMean } from '../../fhir/closest-name.ts';
import { type Example, itemsIn, type World } from '../example.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Source } from '../load/source.ts';
import type { Shape, View } from '../shape.ts';
import type { Samples } from './another-value.ts';
import { gapsOf } from './coverage.ts';
import { KINDS } from './example-kinds.ts';

/** One thing that is wrong: in which file, at which line, and what. */
interface Breach {
  place: string;
  text: string;
}

const BESIDE = [
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
const MORE = ['asks', 'facts', 'answer', 'page', 'listed', 'field', 'kind', 'query', 'of', 'candidates', 'queries', 'linked'];
const KNOWN = new Set([...Object.keys(KINDS), ...BESIDE, ...MORE]);

/** What one example shows that is not so; empty when all of it is. */
export function breachesOf(loaded: LoadedShape, example: Example, { world, samples }: { world: World; samples: Samples }): string[] {
  const unknown = Object.keys(example).filter((key) => !KNOWN.has(key));
  if (unknown.length) return unknown.map((word) => `${word}: no word of an example${didYouMean(word, [...KNOWN])}`);
  if (typeof example.title !== 'string') return ['it has no title: write title: with what the example shows'];
  const kinds = Object.keys(KINDS).filter((kind) => kind in example);
  if (!kinds.length) return [`an example shows something: it needs one of ${Object.keys(KINDS).join(', ')}`];
  return kinds.flatMap((kind) => KINDS[kind]!({ loaded, example, world, samples }));
}

/** Everything that is wrong with a mapping, by its examples. */
export function proofOf(loaded: LoadedShape, examples: Source<Example[]>, world: World): Breach[] {
  const samples = samplesOf(examples.content, loaded.shape);
  const broken = examples.content.flatMap((example, nth) =>
    attempted(() => breachesOf(loaded, example, { world, samples })).map((text) => ({
      place: examples.line([String(nth)]),
      text: example.title === undefined ? text : `${example.title}: ${text}`,
    })),
  );
  const gaps = gapsOf(loaded, examples.content).map(({ keys, text }) => ({ place: loaded.mapping.place(keys), text }));
  return [...broken, ...gaps];
}

/** What the examples send for a field. */
export const samplesOf =
  (examples: Example[], shape: Shape): Samples =>
  (at) =>
    examples.flatMap(({ request }) =>
      at.reduce<unknown[]>(
        (views, name) => views.flatMap((view) => (view as View)[name] ?? []),
        [(request && shape.many ? itemsIn(shape, request)[0] : request) ?? {}],
      ),
    );

/** An example that cannot even be tried is wrong, too. */
function attempted(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
