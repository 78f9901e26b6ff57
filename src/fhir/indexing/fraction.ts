// Exact fractions, for converting units without rounding: 1/3 stays 1/3 until it has to be written down.
import { type Decimal, parseDecimal } from '../decimal.ts';

/** `num` / `den`; `den` is positive. Not always in lowest terms. */
export interface Fraction {
  num: bigint;
  den: bigint;
}

export const ONE_FRACTION: Fraction = { num: 1n, den: 1n };

/** More digits than any measurement has. Fractions that never end are cut here, on both sides of a comparison alike. */
const MAX_DIGITS = 40;

/** The fraction that a decimal text stands for; only for texts of our own (tables), which are decimals. */
export const parseFraction = (text: string): Fraction => toFraction(parseDecimal(text)!);

/** The fraction that a decimal stands for. */
export const toFraction = ({ digits, scale }: Decimal): Fraction =>
  scale > 0 ? { num: digits, den: 10n ** BigInt(scale) } : { num: digits * 10n ** BigInt(-scale), den: 1n };

export const addFractions = (a: Fraction, b: Fraction): Fraction => ({ num: a.num * b.den + b.num * a.den, den: a.den * b.den });
export const multiplyFractions = (a: Fraction, b: Fraction): Fraction => ({ num: a.num * b.num, den: a.den * b.den });

/** `base` must not be 0 where the exponent is negative. */
export function raiseFraction({ num, den }: Fraction, exponent: number): Fraction {
  const by = BigInt(Math.abs(exponent));
  return exponent < 0 ? { num: den ** by, den: num ** by } : { num: num ** by, den: den ** by };
}

/**
 * The fraction as a decimal text of at most 40 significant digits, rounded towards zero: equal fractions have equal texts, and a lesser one never
 * gets the greater text.
 */
export function formatFraction({ num, den }: Fraction): string {
  const magnitude = num < 0n ? -num : num;
  if (magnitude === 0n) return '0';
  const scale = MAX_DIGITS - 1 - findExponent(magnitude, den);
  const digits = scaleByPowerOfTen(magnitude, scale) / scaleByPowerOfTen(den, -scale);
  const [, significant = '', zeros = ''] = /^(\d*?)(0*)$/.exec(String(digits))!;
  return (num < 0n ? '-' : '') + formatDigits(significant, zeros.length - scale);
}

/** The power of ten of the first digit. */
function findExponent(magnitude: bigint, den: bigint): number {
  const guess = String(magnitude).length - String(den).length;
  return scaleByPowerOfTen(magnitude, -guess) >= scaleByPowerOfTen(den, guess) ? guess : guess - 1;
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
