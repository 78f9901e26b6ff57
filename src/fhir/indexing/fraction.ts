// Exact fractions, for converting units without rounding: 1/3 stays 1/3 until it has to be written down.
import { type Decimal, parseDecimal } from '../decimal.ts';

/** `num` / `den`; `den` is positive. Not always in lowest terms. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

export const ONE_FRACTION: Fraction = { numerator: 1n, denominator: 1n };

/** More digits than any measurement has. Fractions that never end are cut here, on both sides of a comparison alike. */
const MAX_DIGITS = 40;

/** The fraction that a decimal text stands for; only for texts of our own (tables), which are decimals. */
export const parseFraction = (text: string): Fraction => toFraction(parseDecimal(text)!);

/** The fraction that a decimal stands for. */
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

/** `base` must not be 0 where the exponent is negative. */
export function raiseFraction({ numerator, denominator }: Fraction, exponent: number): Fraction {
  const by = BigInt(Math.abs(exponent));
  return exponent < 0
    ? { numerator: denominator ** by, denominator: numerator ** by }
    : { numerator: numerator ** by, denominator: denominator ** by };
}

/**
 * The fraction as a decimal text of at most 40 significant digits, rounded towards zero: equal fractions have equal texts, and a lesser one never
 * gets the greater text.
 */
export function formatFraction({ numerator, denominator }: Fraction): string {
  const magnitude = numerator < 0n ? -numerator : numerator;
  if (magnitude === 0n) return '0';
  const scale = MAX_DIGITS - 1 - findExponent(magnitude, denominator);
  const digits = scaleByPowerOfTen(magnitude, scale) / scaleByPowerOfTen(denominator, -scale);
  const [, significant = '', zeros = ''] = /^(\d*?)(0*)$/.exec(String(digits))!;
  return (numerator < 0n ? '-' : '') + formatDigits(significant, zeros.length - scale);
}

/** The power of ten of the first digit. */
function findExponent(magnitude: bigint, denominator: bigint): number {
  const guess = String(magnitude).length - String(denominator).length;
  return scaleByPowerOfTen(magnitude, -guess) >= scaleByPowerOfTen(denominator, guess) ? guess : guess - 1;
}

/** Times a power of ten; as it is, when the power is negative (the other side is scaled then). */
const scaleByPowerOfTen = (value: bigint, power: number): bigint => (power > 0 ? value * 10n ** BigInt(power) : value);

/** `digits` × 10^`exponent`, without an exponent where that is not too long. */
function formatDigits(digits: string, exponent: number): string {
  if (Math.abs(exponent) > 60) return `${digits}e${exponent}`;
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
