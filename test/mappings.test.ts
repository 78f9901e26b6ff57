// Every mapping under mappings/ and docs/ against its examples, in both directions, and against the laws that each must keep. A new mapping adds no test code.
import { gapsOf } from '../src/mapping/laws/coverage.ts';
import { breachesOf, samplesOf } from '../src/mapping/laws/proof.ts';
import { surfaceBreaches, surfaceExamples, surfaceGaps } from '../src/mapping/laws/surface-proof.ts';
import { everyShape, everySurface, examplesOf } from './mapping/examples.ts';

describe.each(everyShape)('%s', (_name, loaded, world) => {
  const examples = examplesOf(loaded);
  const samples = samplesOf(examples, loaded.shape);

  test.each(examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(breachesOf(loaded, example, { world, samples })).toEqual([]);
  });

  test('nothing is left out: every field, word, rule and search parameter has an example', () => {
    expect(gapsOf(loaded, examples)).toEqual([]);
  });
});

describe.each(everySurface)('%s: what all of its shapes have in common', (_name, loaded) => {
  const examples = surfaceExamples(loaded)!.content;

  test.each(examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(surfaceBreaches(loaded, example)).toEqual([]);
  });

  test('nothing is left out: every envelope, failure, header, id, name and number has an example', () => {
    expect(surfaceGaps(loaded, examples)).toEqual([]);
  });
});
