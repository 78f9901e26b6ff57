// Search by quantity: units of UCUM are converted, and other units must be equal. https://hl7.org/fhir/R4/search.html#quantity
import type { Resource } from '../../src/fhir/types.ts';
import { corpusOf, idsOf, parsed } from './search-corpus.ts';

const UCUM = 'http://unitsofmeasure.org';
const measured = (id: string, value: object): Resource => ({ resourceType: 'Observation', id, ...value });
const of = (id: string, value: number, code: string, more: object = {}): Resource =>
  measured(id, { valueQuantity: { value, system: UCUM, code, ...more } });

const CORPUS = corpusOf([
  of('mmol', 5.4, 'mmol/L', { unit: 'mmol per litre' }),
  of('umol', 5400, 'umol/L'),
  of('molar', 0.0055, 'mol/L'),
  of('sugar', 99, 'mg/dL'),
  of('grams', 1, 'g/L'),
  of('fever', 101.3, '[degF]'),
  of('warm', 38.5, 'Cel'),
  of('below', 5, 'mmol/L', { comparator: '<' }),
  of('pressure', 120, 'mm[Hg]'),
  of('unknown', 7, 'widgets'),
  measured('local', { valueQuantity: { value: 5.4, system: 'urn:units', code: 'mmol/L' } }),
  measured('loose', { valueQuantity: { value: 5.4, unit: 'mmol/L' } }),
  measured('bare', { valueQuantity: { value: 5.4 } }),
  measured('samples', {
    valueSampledData: { origin: { value: 0, system: UCUM, code: 'mmol/L' }, period: 1, dimensions: 1, data: '1 E 7 3' },
  }),
]);

test.each<[string, string[]]>([
  // the same amount, whatever unit it is said in
  [`5.4|${UCUM}|mmol/L`, ['mmol', 'umol']],
  [`5400|${UCUM}|umol/L`, ['mmol', 'umol']],
  [`0.0054|${UCUM}|mol/L`, ['mmol', 'umol']],
  [`5|${UCUM}|mmol/L`, ['mmol', 'umol']],
  [`6|${UCUM}|mmol/L`, ['molar']],
  [`gt5.4|${UCUM}|mmol/L`, ['molar', 'samples']],
  [`ge5400|${UCUM}|umol/L`, ['mmol', 'umol', 'molar', 'samples']],
  [`lt5.4|${UCUM}|mmol/L`, ['below', 'samples']],
  [`eb5.4|${UCUM}|mmol/L`, ['below']],
  [`sa0.9|${UCUM}|mmol/L`, ['mmol', 'umol', 'molar', 'samples']],
  [`ap5.45|${UCUM}|mmol/L`, ['mmol', 'umol', 'molar', 'below', 'samples']],
  [`ne5.4|${UCUM}|mmol/L`, ['molar', 'below', 'samples']],
  [`100|${UCUM}|mg/dL`, ['grams']],
  [`1e2|${UCUM}|mg/dL`, ['sugar', 'grams']],
  [`1.0|${UCUM}|g/L`, ['sugar', 'grams']],
  [`38.5|${UCUM}|Cel`, ['fever', 'warm']],
  [`ge101.3|${UCUM}|[degF]`, ['fever', 'warm']],
  [`16.0|${UCUM}|kPa`, ['pressure']],
  // of different dimensions nothing is the same
  [`5.4|${UCUM}|mm[Hg]`, []],
  // codes that are no units of the table, and other systems: as written
  [`7|${UCUM}|widgets`, ['unknown']],
  ['5.4|urn:units|mmol/L', ['local']],
  ['5400|urn:units|umol/L', []],
  // by the code or the unit people read: as written
  ['5.4||mmol/L', ['mmol', 'local', 'loose']],
  ['5.4||mmol per litre', ['mmol']],
  ['5400||mmol/L', []],
  // no unit: the number alone
  ['5.4', ['mmol', 'local', 'loose', 'bare']],
  ['5400', ['umol']],
])('value-quantity=%s', (value, ids) => {
  expect(idsOf(`Observation?value-quantity=${encodeURIComponent(value)}`, CORPUS)).toEqual(ids);
});

test('quantities are sorted in the unit of comparison, and not by their digits', () => {
  const concentrations = `ap5.45|${UCUM}|mmol/L`;
  expect(idsOf(`Observation?value-quantity=${encodeURIComponent(concentrations)}&_sort=value-quantity,_id`, CORPUS)).toEqual([
    'below',
    'samples',
    'mmol',
    'umol',
    'molar',
  ]);
});

test('the bounds of a range may have different units', () => {
  const query = [`gt5000|${UCUM}|umol/L`, `lt0.0055|${UCUM}|mol/L`].map((value) => `value-quantity=${encodeURIComponent(value)}`);
  expect(idsOf(`Observation?${query.join('&')}`, CORPUS)).toEqual(['mmol', 'umol', 'samples']);
});

test('alternatives with comparable units are one condition', () => {
  const asked = [`5.4|${UCUM}|mmol/L`, '7', `5|${UCUM}|umol/L`, '120||mm[Hg]', '99'];
  const query = `Observation?value-quantity=${encodeURIComponent(asked.join())}`;
  expect(parsed(query).query.where).toMatchObject([{ on: 'or', any: [{ on: 'number' }, { on: 'number' }, { on: 'number' }] }]);
  expect(idsOf(query, CORPUS)).toEqual(['mmol', 'umol', 'sugar', 'pressure', 'unknown']);
});
