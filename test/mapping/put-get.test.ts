// The law PutGet on random resources with a second member for every path: a change is shown afterwards, other fields stay, and valid R4 stays valid.
import type { Resource } from '../../src/fhir/types.ts';
import { validateResource } from '../../src/fhir/validation/validate.ts';
import { buildSamples } from '../../src/mapping/explain/samples.ts';
import type { Field } from '../../src/mapping/lens/field.ts';
import { duplicateFoundElements } from '../../src/mapping-tools/laws/foreign-elements.ts';
import { checkFieldPutGet } from '../../src/mapping-tools/laws/round-trip.ts';
import { randomResource } from '../fhir/random-resource.ts';
import { buildExampleEnv, examplesOf, shapes, toQualifiedName } from './examples.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => 20261122 + index);
const changeable = shapes.filter(({ shape }) => shape.interactions.includes('update'));

test.each(changeable.map((loaded) => [toQualifiedName(loaded), loaded] as const))('%s', (_name, loaded) => {
  const { shape } = loaded;
  const [env, samples] = [buildExampleEnv(), buildSamples(examplesOf(loaded), shape)];
  const broken = (resource: object): string[] =>
    validateResource(resource, shape.resource).map(
      ({ text, expression }) => `not valid R4: ${expression?.[0]?.replace(/\[\d+\]/g, '')}: ${text}`,
    );
  const failures = SEEDS.flatMap((seed) => {
    const resource = duplicateFoundElements(randomResource(shape.resource, seed), loaded, env);
    const before = broken(resource);
    const isTouched = (after: Resource, text: string): boolean => {
      const [, name = ''] = /^[^.]*\.(\w+)/.exec(text) ?? [];
      return after[name] !== resource[name];
    };
    const also = (after: Resource, { spec }: Field): string[] =>
      spec.onlyIn === 'create' ? [] : broken(after).filter((text) => !before.includes(text) && isTouched(after, text));
    return checkFieldPutGet(loaded, resource, { env, samples, also }).map((text) => `${seed}: ${text}`);
  });
  expect(failures).toEqual([]);
});
