// The meaning of date prefixes, compared with their definition on sets of days. https://hl7.org/fhir/R4/search.html#prefix

import { formatInstant } from '../../src/fhir/date-range.ts';
import { PREFIXES, type Prefix } from '../../src/fhir/search/search-value.ts';
import fc from '../fast-check.ts';
import { corpusOf, idsOf, parsed } from './search-corpus.ts';

const DAY = 86_400_000;
/** Every day from late 2019 to early 2021, `YYYY-MM-DD`. */
const DAYS = Array.from({ length: 500 }, (_, at) => formatInstant(Date.UTC(2019, 10, 1) + at * DAY).slice(0, 10));

const written = fc.oneof(
  fc.constantFrom('2020', '2019-12', '2020-01', '2020-02', '2020-06', '2020-12'),
  fc.integer({ min: 40, max: 460 }).map((at) => DAYS[at]!),
);
const daysOf = (text: string): string[] => DAYS.filter((day) => day.startsWith(text));

/** A period as days; where it is open it reaches to the ends of the world. */
function periodDays({ start, end }: { start?: string | undefined; end?: string | undefined }): string[] {
  const from = start === undefined ? DAYS[0]! : daysOf(start)[0]!;
  const to = end === undefined ? DAYS.at(-1)! : daysOf(end).at(-1)!;
  return DAYS.filter((day) => day >= from && day <= to);
}

type Meaning = (target: string[], searched: string[]) => boolean;
const within: Meaning = (target, searched) => target.every((day) => searched.includes(day));
const above: Meaning = (target, searched) => target.some((day) => day > searched.at(-1)!);
const below: Meaning = (target, searched) => target.some((day) => day < searched[0]!);

const MEANINGS: Record<Exclude<Prefix, 'ap'>, Meaning> = {
  eq: within,
  ne: (target, searched) => !within(target, searched),
  gt: above,
  lt: below,
  ge: (target, searched) => above(target, searched) || within(target, searched),
  le: (target, searched) => below(target, searched) || within(target, searched),
  sa: (target, searched) => target.every((day) => day > searched.at(-1)!),
  eb: (target, searched) => target.every((day) => day < searched[0]!),
};

const prefixes = fc.constantFrom(...PREFIXES.filter((prefix) => prefix !== 'ap'));

test('a date in a resource', () => {
  fc.assert(
    fc.property(prefixes, written, written, (prefix, target, searched) => {
      const corpus = corpusOf([{ resourceType: 'Patient', id: 'x', birthDate: target }]);
      const expected = MEANINGS[prefix](daysOf(target), daysOf(searched));
      expect(idsOf(`Patient?birthdate=${prefix}${searched}`, corpus).length > 0).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

test('a period, open or not', () => {
  const ends = fc.record({ start: fc.option(written, { nil: undefined }), end: fc.option(written, { nil: undefined }) });
  fc.assert(
    fc.property(prefixes, ends, written, (prefix, { start, end }, searched) => {
      fc.pre((start ?? end) !== undefined && periodDays({ start, end }).length > 0);
      const period = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
      const corpus = corpusOf([{ resourceType: 'Encounter', id: 'x', period }]);
      const expected = MEANINGS[prefix](periodDays({ start, end }), daysOf(searched));
      expect(idsOf(`Encounter?date=${prefix}${searched}`, corpus).length > 0).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

test('an instant of storing', () => {
  fc.assert(
    fc.property(prefixes, fc.integer({ min: 40, max: 460 }), written, (prefix, at, searched) => {
      const corpus = corpusOf([{ resourceType: 'Patient', id: 'x', meta: { lastUpdated: `${DAYS[at]!}T12:00:00.000Z` } }]);
      expect(idsOf(`Patient?_lastUpdated=${prefix}${searched}`, corpus).length > 0).toBe(MEANINGS[prefix]([DAYS[at]!], daysOf(searched)));
    }),
  );
});

test('the precision of the searched value decides, down to a millisecond and across time zones', () => {
  const corpus = corpusOf([{ resourceType: 'Observation', id: 'x', effectiveInstant: '2020-03-01T00:30:00.250+02:00' }]);
  const finds = (value: string): boolean => idsOf(`Observation?date=${encodeURIComponent(value)}`, corpus).length > 0;
  expect(
    ['2020-02-29', '2020-02-29T22:30', '2020-02-29T22:30:00Z', '2020-03-01T00:30:00.25+02:00', '2020-02-29T22:30:00.250Z'].map(finds),
  ).toEqual([true, true, true, true, true]);
  expect(['2020-03-01', '2020-02-29T22:29', 'gt2020-02-29', 'lt2020-02-29', 'sa2020-02-29T22:30:00.250Z'].map(finds)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

test('ap widens a date on both sides by a tenth of the time since then', () => {
  // Ten years before the tests' now: one year to both sides.
  const { query } = parsed('Patient?birthdate=ap2016-01-01');
  expect(query.where).toMatchObject([
    {
      any: [
        [
          { column: 'from', op: '<', at: expect.stringMatching(/^2016-12-3|^2017-01-0/) },
          { column: 'to', op: '>', at: expect.stringMatching(/^2014-12-3|^2015-01-0/) },
        ],
      ],
    },
  ]);
});
