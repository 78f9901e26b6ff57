// What the report shows of a result's interpretations, and why a trend has no plot.
import type { CodeableConcept, Observation } from '../../src/console/api/orders.ts';
import { describeMissingPlot, findFlags } from '../../src/console/views/orders/observation-values.ts';

const observe = (...interpretation: CodeableConcept[]): Observation => ({
  resourceType: 'Observation',
  id: 'one',
  status: 'final',
  code: {},
  interpretation,
});
const coded = (...codes: string[]): CodeableConcept => ({ coding: codes.map((code) => ({ code })) });
const textsOf = (...interpretation: CodeableConcept[]): string[] => findFlags(observe(...interpretation)).map(({ text }) => text);

describe('the flags of a result', () => {
  test('are those of every coding of every interpretation, the most serious first', () => {
    expect(textsOf(coded('local', 'H'))).toEqual(['High']);
    expect(findFlags(observe(coded('POS'), coded('N'), coded('x', 'HH')))).toEqual([
      { text: 'Critically high', tone: 'bad' },
      { text: 'Positive', tone: 'warn' },
    ]);
    expect(textsOf(coded('H'), coded('H'))).toEqual(['High']);
  });

  test.each([
    ['HU', 'Significantly high'],
    ['LU', 'Significantly low'],
    ['R', 'Resistant'],
    ['POS', 'Positive'],
    ['NEG', 'Negative'],
  ])('%s is %s', (code, text) => expect(textsOf(coded(code))).toEqual([text]));

  test('a normal result has none', () => {
    expect([textsOf(), textsOf(coded('N')), textsOf({ coding: [{ code: 'N', display: 'Normal' }], text: 'Normal' })]).toEqual([[], [], []]);
  });

  test('an unknown one has the words of its sender', () => {
    expect(textsOf({ coding: [{ code: 'constructor', display: 'Above the therapeutic level' }] })).toEqual(['Above the therapeutic level']);
    expect([textsOf({ text: 'repeat' }), textsOf(coded('Q7'))]).toEqual([['repeat'], ['Q7']]);
  });
});

test('without a plot, the trend says whether values are missing or have another unit', () => {
  expect([
    describeMissingPlot(0, 0, 'mg/L'),
    describeMissingPlot(1, 1, 'mg/L'),
    describeMissingPlot(3, 1, 'mg/L'),
    describeMissingPlot(2, 0, undefined),
  ]).toEqual([
    'There is no final value so far: a trend needs two.',
    'There is one value so far: a trend needs two.',
    'One value only is a number in mg/L: a trend needs two.',
    'No value is a number without a unit: a trend needs two.',
  ]);
});
