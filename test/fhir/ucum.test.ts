// Equal amounts in different units. The pairs are facts of UCUM, and the properties are those of arithmetic. https://ucum.org/ucum

import { parseDecimal } from '../../src/fhir/decimal.ts';
import { type Fraction, formatFraction, parseFraction } from '../../src/fhir/fraction.ts';
import { findUcumUnit } from '../../src/fhir/ucum.ts';
import { UCUM_ATOMS, UCUM_PREFIXES } from '../../src/fhir/ucum-atoms.ts';
import fc from '../fast-check.ts';

/** `5.4 mmol/L` in base units, with their dimension. */
function amount(text: string): string {
  const [value, code] = text.split(/ (.*)/s) as [string, string];
  const unit = findUcumUnit(code);
  if (!unit) throw new Error(`${code} is no unit`);
  return `${unit.toCanonical(parseDecimal(value)!)} ${unit.dimension}`;
}

test.each([
  ['5.4 mmol/L', '5400 umol/L'],
  ['5.4 mmol/L', '0.0054 mol/l'],
  ['100 mg/dL', '1 g/L'],
  ['100 mg/dL', '1 mg/mL'],
  ['1 g%', '10 g/L'],
  ['120 mm[Hg]', '15.99864 kPa'],
  ['10 cm[H2O]', '0.980665 kPa'],
  ['37 Cel', '310.15 K'],
  ['98.6 [degF]', '37 Cel'],
  ['32 [degF]', '0 Cel'],
  ['60 /min', '1 /s'],
  ['72 {beats}/min', '1.2 Hz'],
  ['4.5 10*9/L', '4500 10*6/L'],
  ['4.5 10*9/L', '4.5 10*3/uL'],
  ['4.5 10*3/uL', '4500 /mm3'],
  ['5.5 %', '0.055 1'],
  ['1 [lb_av]', '453.59237 g'],
  ['16 [oz_av]', '1 [lb_av]'],
  ['14 [lb_av]', '1 [stone_av]'],
  ['6 [ft_i]', '182.88 cm'],
  ['1 [mi_i]', '1.609344 km'],
  ['1 wk', '168 h'],
  ['12 mo', '1 a'],
  ['1 [gal_us]', '3.785411784 L'],
  ['3 [tsp_us]', '1 [tbs_us]'],
  ['1 U/L', '1 umol/min/L'],
  ['60 U/L', '1 ukat/L'],
  ['5 m[IU]/mL', '5 [iU]/L'],
  ['30 kg/m2', '0.003 kg/cm2'],
  ['2 mg/kg/h', '2000 ug/kg/h'],
  ['1 mL/min/{1.73_m2}', '0.06 L/h'],
  ['3 mg/g{creat}', '0.003 1'],
  ['1 kcal', '4184 J'],
  ['1 (m/s)/(10.s)', '0.1 m.s-2'],
  ['1 R', '0.000258 C/kg'],
])('%s equals %s', (one, other) => {
  expect(amount(one)).toBe(amount(other));
});

test.each([
  ['140 meq/L', '140 mmol/L'],
  ['290 mosm/kg', '290 mmol/kg'],
  ['1 [iU]', "1 [arb'U]"],
  ['5 /[HPF]', '5 1'],
  ['1 mg', '1 mL'],
  ['37 Cel', '37 K'],
  ['1 mo', '30 d'],
])('%s differs from %s', (one, other) => {
  expect(amount(one)).not.toBe(amount(other));
});

test.each([
  '',
  'foo',
  'mmHg',
  'MG/DL',
  'mg/',
  '/',
  'm//s',
  'mg dL',
  '10m',
  'kmin',
  'Cel2',
  'J/Cel',
  '(m',
  'm)',
  '{x',
  'm99',
  '0',
  'm'.repeat(65),
])('"%s" is not a supported unit', (code) => {
  expect(findUcumUnit(code)).toBeUndefined();
});

test('every unit converts to base units, with each of its prefixes', () => {
  for (const [symbol, { metric }] of UCUM_ATOMS) {
    expect([symbol, findUcumUnit(symbol)?.dimension]).toEqual([symbol, expect.any(String)]);
    for (const prefix of metric ? UCUM_PREFIXES.keys() : [])
      expect([prefix, findUcumUnit(prefix + symbol)]).toEqual([prefix, expect.anything()]);
  }
});

const digits = fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 12 })).map(([whole, scale]) => ({ digits: BigInt(whole), scale }));
const positive = fc.bigInt({ min: 1n, max: 10n ** 30n });
const fraction = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), positive)
  .map(([numerator, denominator]): Fraction => ({ numerator, denominator }));

test('a conversion keeps the order of values', () => {
  fc.assert(
    fc.property(digits, digits, fc.constantFrom('[degF]', '/min', 'mg/dL', '[oz_av]'), (a, b, code) => {
      const unit = findUcumUnit(code)!;
      const scale = BigInt(10 ** 12);
      const whole = ({ digits: all, scale: places }: typeof a) => (all * scale) / 10n ** BigInt(places);
      const [left, right] = [Number(unit.toCanonical(a)), Number(unit.toCanonical(b))];
      if (whole(a) <= whole(b)) expect(left).toBeLessThanOrEqual(right);
    }),
  );
});

test('equal fractions have equal texts, close to their values', () => {
  fc.assert(
    fc.property(fraction, positive, ({ numerator, denominator }, factor) => {
      const text = formatFraction({ numerator, denominator });
      expect(formatFraction({ numerator: numerator * factor, denominator: denominator * factor })).toBe(text);
      const back = parseFraction(text);
      const off = numerator * back.denominator - back.numerator * denominator;
      expect((off < 0n ? -off : off) * 10n ** 38n <= (numerator < 0n ? -numerator : numerator) * back.denominator).toBe(true);
    }),
  );
  expect(formatFraction({ numerator: 1n, denominator: 3n })).toBe('0.3333333333333333333333333333333333333333');
  expect(formatFraction({ numerator: -5n, denominator: 2n })).toBe('-2.5');
  expect(formatFraction({ numerator: 12000n, denominator: 1n })).toBe('12000');
});
