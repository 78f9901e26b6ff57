// Exact fractions, for converting units without rounding.
import { type Decimal, parseDecimal } from './decimal.ts';

/** A fraction, not always in lowest terms. The denominator is positive. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

export const ONE_FRACTION: Fraction = { numerator: 1n, denominator: 1n };

/** More digits than any measurement has. Both sides of a comparison are truncated to them. */
const MAX_DIGITS = 40;

/** The fraction of a text that must be a decimal. */
export const parseFraction = (text: string): Fraction => toFraction(parseDecimal(text)!);

/** The fraction of a decimal. */
export const toFraction = ({ digits, scale }: Decimal): Fraction =>
  scale > 0 ? { numerator: digits, denominator: 10n ** BigInt(scale) } : { numerator: digits * 10n ** BigInt(-scale), denominator: 1n };

export const addFractions = (a: Fraction, b: Fraction): Fraction => ({
  numerator: a.numerator * b.denominator + b.numerator * a.denominator,
  denominator: a.denominator * b.denominator,
});
export const multiplyFractions = (a: Fraction, b: Fraction): Fraction => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
});

/** The fraction must not be 0 if the exponent is negative. */
export function raiseFraction({ numerator, denominator }: Fraction, exponent: number): Fraction {
  const by = BigInt(Math.abs(exponent));
  return exponent < 0
    ? { numerator: denominator ** by, denominator: numerator ** by }
    : { numerator: numerator ** by, denominator: denominator ** by };
}

/** A decimal text of at most 40 significant digits, rounded towards zero. Rounding keeps the order of fractions, and equal fractions have equal texts. */
export function formatFraction({ numerator, denominator }: Fraction): string {
  const magnitude = numerator < 0n ? -numerator : numerator;
  if (magnitude === 0n) return '0';
  const scale = MAX_DIGITS - 1 - findExponent(magnitude, denominator);
  const digits = scaleByPowerOfTen(magnitude, scale) / scaleByPowerOfTen(denominator, -scale);
  const [, significant = '', zeros = ''] = /^(\d*?)(0*)$/.exec(String(digits))!;
  return (numerator < 0n ? '-' : '') + formatDigits(significant, zeros.length - scale);
}

/** The exponent of the first digit. */
function findExponent(magnitude: bigint, denominator: bigint): number {
  const guess = String(magnitude).length - String(denominator).length;
  return scaleByPowerOfTen(magnitude, -guess) >= scaleByPowerOfTen(denominator, guess) ? guess : guess - 1;
}

/** Multiplies by a power of ten. A negative power leaves the value unchanged, because the other side is scaled then. */
const scaleByPowerOfTen = (value: bigint, power: number): bigint => (power > 0 ? value * 10n ** BigInt(power) : value);

/** `digits` × 10^`exponent`, without an exponent if the text is not too long. */
function formatDigits(digits: string, exponent: number): string {
  if (Math.abs(exponent) > 60) return `${digits}e${exponent}`;
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
