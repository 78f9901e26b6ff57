// Decimals, and the ranges that their digits imply: the examples of the specification.

import { formatDecimal, parseDecimal, toApproximateRange, toImpliedRange } from '../../src/fhir/decimal.ts';
import fc from '../fast-check.ts';

const shown = (text: string, range: typeof toImpliedRange): string[] => range(parseDecimal(text)!).map(formatDecimal);

test.each([
  ['100', '99.5', '100.5'],
  ['100.00', '99.995', '100.005'],
  ['1e2', '50', '150'],
  ['1.0e2', '95', '105'],
  ['5.4', '5.35', '5.45'],
  ['5.40e-3', '0.005395', '0.005405'],
  ['-2.0', '-2.05', '-1.95'],
  ['0', '-0.5', '0.5'],
])('%s implies the range from %s to %s', (text, from, to) => {
  expect(shown(text, toImpliedRange)).toEqual([from, to]);
});

test('ap widens a number on both sides by a tenth, or by its implied range if that is wider', () => {
  expect(shown('100', toApproximateRange)).toEqual(['90.0', '110.0']);
  expect(shown('-100', toApproximateRange)).toEqual(['-110.0', '-90.0']);
  expect(shown('1', toApproximateRange)).toEqual(['0.5', '1.5']);
});

test.each(['', 'x', '1,5', '--1', '1e', '0x10', 'Infinity', '1e1000', '9'.repeat(61)])('%j is not a number', (text) => {
  expect(parseDecimal(text)).toBeUndefined();
});

test('every JavaScript number can be read and is written as the same number', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (value) => Number(formatDecimal(parseDecimal(String(value))!)) === value,
    ),
  );
});
