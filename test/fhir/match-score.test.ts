// The scores of $match: realistic duplicates, relatives and strangers, and that a score depends on nothing but the two patients.
import { buildMatchScorer, explainFindings, scoreMatch } from '../../src/fhir/match-score.ts';
import { listMatchSearches } from '../../src/fhir/match-searches.ts';
import type { Resource } from '../../src/fhir/types.ts';
import fc from '../fast-check.ts';
import { processorTime } from '../processor-time.ts';
import { randomResource } from './random-resource.ts';

const SS = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'SS' }] };
const ADA: Resource = {
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value: '7' }],
  name: [{ family: 'Müller-Lüdenscheidt', given: ['Katharina', 'Maria'] }],
  gender: 'female',
  birthDate: '1985-12-10',
  telecom: [
    { system: 'phone', value: '+1 (518) 473-1122' },
    { system: 'email', value: 'kathi@example.org' },
  ],
  address: [{ line: ['12 Main St.'], city: 'Albany', postalCode: '12207' }],
};
const like = (more: object): Resource => ({ ...ADA, identifier: [{ system: 'urn:mrn', value: '8' }], ...more });
const named = (family: string, ...given: string[]) => ({ name: [{ family, given }] });
const away = { telecom: [], address: [] };
const gradeOf = (sent: Resource, stored: Resource = ADA) => scoreMatch(sent, stored).grade;

test.each<[string, Resource, string]>([
  ['the same facts under another number', like({}), 'certain'],
  ['the number alone', { resourceType: 'Patient', identifier: ADA.identifier }, 'certain'],
  [
    'another spelling of name and telephone number',
    like({ ...named('MUELLER LÜDENSCHEIDT', 'katharina'), telecom: [{ system: 'phone', value: '518.473.1122' }] }),
    'certain',
  ],
  ['a letter wrong in the family name', like({ ...named('Muller Ludenscheit', 'Katharina') }), 'certain'],
  ['day and month exchanged', like({ birthDate: '1985-10-12' }), 'certain'],
  ['name and birth date, and nothing else', like(away), 'probable'],
  ['an initial, and nothing of the address', like({ ...named('Müller-Lüdenscheidt', 'K.'), ...away }), 'probable'],
  ['one part of a double name', like({ ...named('Lüdenscheidt', 'Katharina'), ...away }), 'probable'],
  ['a new name after a marriage, at the same address', like(named('Schmidt', 'Katharina')), 'probable'],
  ['a new name after a marriage, and a new address', like({ ...named('Schmidt', 'Katharina'), ...away }), 'possible'],
  ['a twin at the same address', like(named('Müller-Lüdenscheidt', 'Sebastian')), 'possible'],
  ['a twin brother', like({ ...named('Müller-Lüdenscheidt', 'Sebastian'), gender: 'male' }), 'certainly-not'],
  [
    'the father, at the same address',
    like({ ...named('Müller-Lüdenscheidt', 'Karl'), birthDate: '1955-01-01', gender: 'male' }),
    'certainly-not',
  ],
  ['a namesake with another birth date', like({ birthDate: '1950-03-03', ...away }), 'certainly-not'],
  ['a name alone', { resourceType: 'Patient', ...named('Müller-Lüdenscheidt', 'Katharina') }, 'possible'],
  ['a stranger', { resourceType: 'Patient', ...named('Smith', 'John'), birthDate: '1960-01-01', gender: 'male' }, 'certainly-not'],
])('%s is %s', (_what, sent, grade) => {
  expect(gradeOf(sent)).toBe(grade);
});

test('blank contacts, initials of nobody and unknown genders are not compared', () => {
  const blank = {
    resourceType: 'Patient',
    telecom: [{ system: 'phone', value: '-' }],
    gender: 'unknown',
    name: [{ family: ' ', given: [null] }],
  };
  expect(scoreMatch(blank, blank)).toEqual({ score: 0.0002, grade: 'certainly-not', findings: [] });
});

test('another national number counts against a match, another number of a hospital does not', async () => {
  const stored = { ...ADA, identifier: [{ type: SS, system: 'urn:ssn', value: '999-12-3456' }] };
  const withNumber = (value: string) => like({ ...away, identifier: [{ type: SS, system: 'urn:other', value }] });
  expect([gradeOf(withNumber('999123456'), stored), gradeOf(withNumber('999-12-3457'), stored)]).toEqual(['probable', 'possible']);
});

test('the explanation has every rule with its weight, and no value', () => {
  const text = explainFindings(scoreMatch(like({ birthDate: '1985-12-11' }), ADA).findings);
  expect(text).toBe(
    'identifier: differs (+0), family name: equal (+5), first given name: equal (+4), birth date: one part differs (+2), gender: equal (+1), ' +
      'telephone number, e-mail or postal address: equal (+6)',
  );
});

test('a score is the same in both directions and every time, and is from 0 to 1', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (one, other) => {
      const [a, b] = [randomResource('Patient', one), randomResource('Patient', other)];
      const { score } = scoreMatch(a, b);
      expect([scoreMatch(b, a).score, scoreMatch(a, b).score]).toEqual([score, score]);
      expect(score >= 0 && score <= 1).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('the first 50 addresses are compared, so that a patient with 100,000 takes little time for each candidate', () => {
  const others = (count: number) => Array.from({ length: count }, (_one, n) => ({ line: [`${n} Side St.`], postalCode: '12207' }));
  const gradeAfter = (count: number) => gradeOf({ ...like(away), address: [...others(count), ...(ADA.address as object[])] });
  expect([gradeAfter(49), gradeAfter(50)]).toEqual(['certain', 'probable']);
  const score = buildMatchScorer({ ...ADA, address: others(100_000) });
  expect(
    processorTime(() => {
      for (let candidate = 0; candidate < 200; candidate++) score({ ...ADA, address: others(50) });
    }),
  ).toBeLessThan(2000);
});

test('a patient with a name, a birth date or a number can always be searched, and values are escaped', () => {
  expect(listMatchSearches({ resourceType: 'Patient', gender: 'male' })).toEqual([]);
  expect(
    listMatchSearches({ resourceType: 'Patient', birthDate: '2000', name: [{ family: 'A,B' }], identifier: [{ value: 'x|y' }] }),
  ).toEqual([
    [['identifier', '|x\\|y']],
    [
      ['family', 'A\\,B'],
      ['birthdate', '2000'],
    ],
    [
      ['phonetic', 'A\\,B'],
      ['birthdate', '2000'],
    ],
  ]);
});
