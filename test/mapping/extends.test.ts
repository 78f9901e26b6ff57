// A shape that extends another one with a few changes.
import { copies } from './copied-mappings.ts';
import { shapes } from './examples.ts';

const NEXT = 'jump/next-availability.yaml';
const ALL = 'jump/availability.yaml';
const { copyOne, loading, placeOf } = copies();

test('a mapping inherits the fields of the mapping that it extends, and replaces other keywords completely', () => {
  const content = (name: string) => shapes.find(({ shape }) => shape.name === name)!.mapping.content;
  expect(content('next-availability').fields).toEqual(content('availability').fields);
  expect(Object.keys(content('next-availability').search!)).toEqual(['appointment_template_id', 'clinician_profile_id', 'location_id']);
  expect(content('next-availability').take).toBe('first');
  expect(content('next-availability')).not.toHaveProperty('like');
});

/** What is told: the place where a text stands, and what is said of it. */
type Told = [file: string, text: string, message: string];

test.each<[what: string, file: string, change: [string, string], told: Told[]]>([
  [
    'a shape that there is not',
    NEXT,
    ['like: availability', 'like: availabilty'],
    [[NEXT, 'like:', 'like: there is no shape availabilty in the same folder (did you mean availability?)']],
  ],
  [
    'one that is like another itself',
    ALL,
    ['resource: Slot', 'like: slot'],
    [
      [ALL, 'resource:', 'like: there is no shape slot in the same folder'],
      [NEXT, 'like:', 'like: availability is like slot: write that here'],
    ],
  ],
  ['a mistake in a word of its own', NEXT, ['within thirty days, for', 'for'], []],
  [
    'a mistake in what both say, once',
    ALL,
    ['fhir: start,', 'fhir: strat,'],
    [[ALL, 'fhir: start,', 'fields.start_time: Slot has no element strat (did you mean start?)']],
  ],
])('%s', (_what, file, change, errors) => {
  for (const file of [NEXT, ALL]) copyOne(file);
  const message = loading(file, change);
  expect(message.split('\n  ').slice(1)).toEqual(errors.map(([at, text, error]) => `${placeOf(at, text)} ${error}`));
});
