// G. search by dates, quantities and composites, by the numbers of the requirements. https://hl7.org/fhir/R4/search.html#prefix
import { expectRefusal, finder, idsOf, server, store } from './asking.ts';

const { ask } = server();
const find = finder(ask);
const UCUM = 'http://unitsofmeasure.org';
const observation = (id: string, more: object) => ({ resourceType: 'Observation', id, status: 'final', code: { text: 'x' }, ...more });
const dated = (id: string, effective: string | { start?: string; end?: string }) =>
  observation(id, typeof effective === 'string' ? { effectiveDateTime: effective } : { effectivePeriod: effective });
const glucose = { code: { coding: [{ system: 'http://loinc.org', code: '2339-0' }] } };
const measured = (id: string, value: number, code: string) =>
  observation(id, { ...glucose, valueQuantity: { value, unit: code, system: UCUM, code } });
const part = (code: string, value: number) => ({
  code: { coding: [{ system: 'http://loinc.org', code }] },
  valueQuantity: { value, system: UCUM, code: 'mm[Hg]' },
});

beforeAll(() =>
  store(
    ask,
    dated('past', '1999-12-31'),
    dated('year', '2020'),
    dated('month', '2020-06'),
    dated('day', '2020-06-15'),
    dated('noon', '2020-06-15T12:00:00Z'),
    dated('stay', { start: '2020-06-10', end: '2020-06-20' }),
    dated('since', { start: '2020-06-10' }),
    dated('until', { end: '2020-06-10' }),
    dated('next', '2049-01-01'),
    measured('low', 5.0, 'mmol/L'),
    measured('mid', 5.4, 'mmol/L'),
    measured('micro', 5400, 'umol/L'),
    measured('high', 5.45, 'mmol/L'),
    measured('grams', 5.4, 'g/L'),
    observation('plain', { ...glucose, valueQuantity: { value: 5.4, unit: 'mmol/L' } }),
    observation('pressure', { component: [part('8480-6', 120), part('8462-4', 80)] }),
  ),
);

const [P, Y, M, D, N, S, O, U, X] = ['past', 'year', 'month', 'day', 'noon', 'stay', 'since', 'until', 'next'];

// The range of a value reaches from the first to the last moment it can mean; a period without an end never ends, one without a start always was.
test.each([
  ['2020-06-15', [D, N]],
  ['eq2020-06-15', [D, N]],
  ['ne2020-06-15', [P, Y, M, S, O, U, X]],
  ['gt2020-06-15', [Y, M, S, O, X]],
  ['lt2020-06-15', [P, Y, M, S, O, U]],
  ['ge2020-06-15', [Y, M, D, N, S, O, X]],
  ['le2020-06-15', [P, Y, M, D, N, S, O, U]],
  ['sa2020-06-15', [X]],
  ['eb2020-06-15', [P, U]],
  ['2020', [Y, M, D, N, S]],
  ['gt2020', [O, X]],
  ['lt2020', [P, U]],
  ['ge2020', [Y, M, D, N, S, O, X]],
  ['le2020', [P, Y, M, D, N, S, U]],
  ['sa2020', [X]],
  ['eb2020', [P]],
  ['2020-06', [M, D, N, S]],
  ['sa2020-06', [X]],
  ['eb2020-06', [P]],
  ['2020-06-15T12:00:00Z', [N]],
  ['2020-06-15T12:00Z', [N]],
  ['2020-06-15T14:00:00+02:00', [N]],
  ['2020-06-15T12:00:00', [N]],
  ['gt2020-06-15T12:00:00Z', [Y, M, D, S, O, X]],
  ['lt2020-06-15T12:00:00Z', [P, Y, M, D, S, O, U]],
  ['ge2020-06-15T12:00:00Z', [Y, M, D, N, S, O, X]],
  ['le2020-06-15T12:00:00Z', [P, Y, M, D, N, S, O, U]],
  ['sa2020-06-15T12:00:01Z', [X]],
  ['eb2020-06-15T11:59:59Z', [P, U]],
  ['2020-06-20', []],
  ['1999,2049', [P, X]],
  ['ge2020-06-01&date=lt2020-06-02', [Y, M, U]],
])('G83 date=%s', async (value, expected) => {
  expect(await find(`Observation?date=${encodeURIComponent(value).replaceAll('%26', '&').replaceAll('%3D', '=')}`)).toEqual(
    [...expected].sort(),
  );
});

test('G83 ap matches dates near the value, within a tenth of its distance from now', async () => {
  const near = await find('Observation?date=ap2020-06-15');
  expect(near).toEqual([Y, M, D, N, S, O, U].sort());
});

test.each(['yesterday', '2020-13', '2020-02-30', '2020-6', '15.06.2020', 'gt', 'xx2020', '2020-06-15T25:00:00Z'])(
  'G83 date=%s is not a date: 400',
  async (value) => {
    expectRefusal(await ask('GET', `/Observation?date=${value}`), 400, 'invalid');
  },
);

test.each([
  ['without a unit: as its digits mean (5.35 to 5.45)', '5.4', ['grams', 'mid', 'plain']],
  ['more digits mean less around them', '5.40', ['grams', 'mid', 'plain']],
  ['fewer digits mean more', '5', ['grams', 'high', 'low', 'mid', 'plain']],
  ['value|system|code, units of UCUM converted', `5.4|${UCUM}|mmol/L`, ['micro', 'mid']],
  ['in the other unit', `5400|${UCUM}|umol/L`, ['micro', 'mid']],
  ['value||code: the code or the unit as written', '5.4||mmol/L', ['mid', 'plain']],
  ['another unit of the same number is another quantity', `5.4|${UCUM}|g/L`, ['grams']],
  ['gt', `gt5.4|${UCUM}|mmol/L`, ['high']],
  ['ge', `ge5.4|${UCUM}|mmol/L`, ['high', 'micro', 'mid']],
  ['lt', `lt5.4|${UCUM}|mmol/L`, ['low']],
  ['le', `le5.4|${UCUM}|mmol/L`, ['low', 'micro', 'mid']],
  ['ne', `ne5.4|${UCUM}|mmol/L`, ['high', 'low']],
  ['sa', `sa5.4|${UCUM}|mmol/L`, ['high']],
  ['eb', `eb5.4|${UCUM}|mmol/L`, ['low']],
  ['ap: a tenth around', `ap5.8|${UCUM}|mmol/L`, ['high', 'micro', 'mid']],
])('G84 a quantity %s', async (_title, value, expected) => {
  expect(await find(`Observation?value-quantity=${encodeURIComponent(value)}`)).toEqual(expected);
});

test('G90 quantities with different units are sorted by their amounts', async () => {
  const sorted = async (sort: string) =>
    idsOf(await ask('GET', `/Observation?value-quantity=${encodeURIComponent(`lt10|${UCUM}|mmol/L`)}&_sort=${sort}`));
  expect(await sorted('value-quantity,_id')).toEqual(['low', 'micro', 'mid', 'high']);
  expect(await sorted('-value-quantity,_id')).toEqual(['high', 'micro', 'mid', 'low']);
});

test('G90 _sort by a parameter whose values have no order is 400', async () => {
  expectRefusal(await ask('GET', '/Observation?_sort=code-value-quantity'), 400, 'not-supported');
  expectRefusal(await ask('GET', '/Location?_sort=near'), 400, 'not-supported');
});

test.each(['much', '5,4x', '5.4|mmol/L', '5.4|a|b|c', '--5'])('G84 value-quantity=%s is not a quantity: 400', async (value) => {
  expectRefusal(await ask('GET', `/Observation?value-quantity=${encodeURIComponent(value)}`), 400, 'invalid');
});

test.each([
  ['both values in one component', 'component-code-value-quantity=8480-6$120', ['pressure']],
  ['not one in this and one in that', 'component-code-value-quantity=8480-6$80', []],
  ['with a system and a prefix', 'component-code-value-quantity=http://loinc.org|8462-4$lt90', ['pressure']],
  ['the resource itself', 'code-value-quantity=2339-0$gt5.4', ['high', 'micro']],
  ['the resource or a component', 'combo-code-value-quantity=8480-6$ge120,2339-0$5.00', ['low', 'pressure']],
])('G85 a composite: %s', async (_title, query, expected) => {
  const [name, value] = query.split(/=(.*)/s);
  expect(await find(`Observation?${name}=${encodeURIComponent(value!)}`)).toEqual(expected);
});

test.each(['value-quantity', 'date', 'component-value-quantity'])('G86 :missing on %s', async (name) => {
  const [present, absent] = [await find(`Observation?${name}:missing=false&_count=50`), await find(`Observation?${name}:missing=true`)];
  expect([present.length + absent.length, present.length > 0, absent.length > 0]).toEqual([16, true, true]);
});
