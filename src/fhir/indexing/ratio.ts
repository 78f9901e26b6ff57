// Exact fractions, for converting units without rounding: 1/3 stays 1/3 until it has to be written down.
import { type Decimal, decimal } from '../decimal.ts';

/** `num` / `den`; `den` is positive. Not always in lowest terms. */
export interface Ratio {
  num: bigint;
  den: bigint;
}

export const ONE: Ratio = { num: 1n, den: 1n };

/** More digits than any measurement has. Fractions that never end are cut here, on both sides of a comparison alike. */
const DIGITS = 40;

/** The fraction that a decimal text stands for; only for texts of our own (tables), which are decimals. */
export const ratio = (text: string): Ratio => ratioOf(decimal(text)!);

/** The fraction that a decimal stands for. */
export const ratioOf = ({ digits, scale }: Decimal): Ratio =>
  scale > 0 ? { num: digits, den: 10n ** BigInt(scale) } : { num: digits * 10n ** BigInt(-scale), den: 1n };

export const plus = (a: Ratio, b: Ratio): Ratio => ({ num: a.num * b.den + b.num * a.den, den: a.den * b.den });
export const times = (a: Ratio, b: Ratio): Ratio => ({ num: a.num * b.num, den: a.den * b.den });

/** `base` must not be 0 where the exponent is negative. */
export function power({ num, den }: Ratio, exponent: number): Ratio {
  const by = BigInt(Math.abs(exponent));
  return exponent < 0 ? { num: den ** by, den: num ** by } : { num: num ** by, den: den ** by };
}

/**
 * The fraction as a decimal text of at most 40 significant digits, rounded towards zero: equal fractions have equal texts, and a lesser one never
 * gets the greater text.
 */
export function ratioText({ num, den }: Ratio): string {
  const magnitude = num < 0n ? -num : num;
  if (magnitude === 0n) return '0';
  const scale = DIGITS - 1 - exponentOf(magnitude, den);
  const digits = scaled(magnitude, scale) / scaled(den, -scale);
  const [, significant = '', zeros = ''] = /^(\d*?)(0*)$/.exec(String(digits))!;
  return (num < 0n ? '-' : '') + written(significant, zeros.length - scale);
}

/** The power of ten of the first digit. */
function exponentOf(magnitude: bigint, den: bigint): number {
  const guess = String(magnitude).length - String(den).length;
  return scaled(magnitude, -guess) >= scaled(den, guess) ? guess : guess - 1;
}

/** Times a power of ten; as it is, when the power is negative (the other side is scaled then). */
const scaled = (value: bigint, power: number): bigint => (power > 0 ? value * 10n ** BigInt(power) : value);

/** `digits` × 10^`exponent`, without an exponent where that is not too long. */
function written(digits: string, exponent: number): string {
  if (Math.abs(exponent) > 60) return `${digits}e${exponent}`;
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
