// Every mapping under mappings/ and docs/ against its examples, in both directions, and against the laws that each must keep. A new mapping adds no test code.

import { buildSamples } from '../src/mapping/explain/samples.ts';
import { findGaps } from '../src/mapping-tools/laws/coverage.ts';
import { checkExample } from '../src/mapping-tools/laws/mapping-proof.ts';
import { checkSurfaceExample, findSurfaceGaps, readSurfaceExamples } from '../src/mapping-tools/laws/surface-proof.ts';
import { everyShape, everySurface, examplesOf } from './mapping/examples.ts';

describe.each(everyShape)('%s', (_name, loaded, world) => {
  const examples = examplesOf(loaded);
  const samples = buildSamples(examples, loaded.shape);

  test.each(examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(checkExample(loaded, example, { world, samples })).toEqual([]);
  });

  test('nothing is left out: every field, word, rule and search parameter has an example', () => {
    expect(findGaps(loaded, examples)).toEqual([]);
  });
});

describe.each(everySurface)('%s: what all of its shapes have in common', (_name, loaded) => {
  const examples = readSurfaceExamples(loaded)!.content;

  test.each(examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(checkSurfaceExample(loaded, example)).toEqual([]);
  });

  test('nothing is left out: every envelope, failure, header, id, name and number has an example', () => {
    expect(findSurfaceGaps(loaded, examples)).toEqual([]);
  });
});
