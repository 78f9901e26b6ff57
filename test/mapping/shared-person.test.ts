// Items that share a person show the last written value, from a registration or a change of the person.

import type { Resource } from '../../src/fhir/types.ts';
import type { View } from '../../src/mapping/shape.ts';
import fc from '../fast-check.ts';
import { buildExampleEnv, shapes, toQualifiedName } from './examples.ts';

const { shape } = shapes.find((loaded) => toQualifiedName(loaded) === 'loop/physician')!;
const STATES = ['NY', 'CA', 'TX', 'ny'];
const NAMES = ['Maria Cruz', 'Dr. Maria de la Cruz, MD', 'Cruz, Maria', 'House', 'maria cruz'];
const EMAILS = ['maria@example.com', 'Maria@example.com', 'cruz@example.com'];

/** An item is written, as often as one likes; or a FHIR client calls the person something nobody has said before. */
const step = fc.oneof(
  fc.record({ state: fc.constantFrom(...STATES), name: fc.constantFrom(...NAMES), email: fc.constantFrom(...EMAILS) }),
  fc.constant('renamed' as const),
  fc.constant('another address' as const),
);
type Step = { state: string; name: string; email: string } | 'renamed' | 'another address';

const registered = (resource: Resource | undefined, { state, ...words }: Exclude<Step, string>, n: number): Resource => {
  const view: View = { ...words, npi: '1234567890', license_state: state, state_license: '1' };
  return shape.write(view, resource, buildExampleEnv({ newId: `id-${n}`, now: '2026-01-01T00:00:00.000Z' }));
};

test('items of one person show the last written value after any sequence of registrations and changes', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      let person: Resource = { resourceType: 'Practitioner' };
      const sent = new Map<string, { name?: string; email?: string }>();
      const saidOfAll = (words: object): void => {
        for (const [state, before] of sent) sent.set(state, { ...before, ...words });
      };
      for (const [n, step] of steps.entries()) {
        if (step === 'renamed') {
          person = { ...person, name: [{ given: ['New'], family: `Name${n}` }] };
          saidOfAll({ name: `New Name${n}` });
        } else if (step === 'another address') {
          person = { ...person, telecom: [{ system: 'email', value: `new${n}@example.com` }] };
          saidOfAll({ email: `new${n}@example.com` });
        } else {
          const before = [person.name, person.telecom];
          person = registered(person, step, n);
          sent.set(step.state.toUpperCase(), { name: step.name, email: step.email });
          if (before[0]) expect([person.name, person.telecom]).toEqual([before[0], before[1] ?? person.telecom]);
        }
      }
      for (const [state, words] of sent) expect(shape.read(person, buildExampleEnv({ license_state: state }))).toMatchObject(words);
    }),
    { numRuns: 300 },
  );
});
