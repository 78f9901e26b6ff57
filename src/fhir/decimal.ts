// Exact decimals, and the ranges that their precision implies. https://hl7.org/fhir/R4/search.html#number

/** `digits` × 10^-`scale`: 5.40 is 540 and 2. */
export interface Decimal {
  digits: bigint;
  scale: number;
}

const DECIMAL = /^([+-]?)(\d{1,60})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Parses a decimal, with or without an exponent. Undefined: the text is not a decimal, or is too long. */
export function parseDecimal(text: string): Decimal | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, scale: fraction.length - Number(exponent) };
}

/** Plain decimal notation. */
export function formatDecimal({ digits, scale }: Decimal): string {
  if (scale <= 0) return String(digits * 10n ** BigInt(-scale));
  const sign = digits < 0n ? '-' : '';
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/**
 * The range of half a unit of the last digit on both sides: 5.395 to 5.405 for 5.40, and 50 to 150 for 1e2, which has one significant digit. The example in the
 * specification says 95 to 105, which contradicts its rule.
 */
export const toImpliedRange = (value: Decimal): [from: Decimal, to: Decimal] => widenDecimal(value, 5n);

/** The range of a tenth of the value on both sides, at least the implied range. */
export function toApproximateRange(value: Decimal): [from: Decimal, to: Decimal] {
  const tenth = value.digits < 0n ? -value.digits : value.digits;
  return widenDecimal(value, tenth > 5n ? tenth : 5n);
}

/** `margin` is in tenths of the last digit's unit. */
function widenDecimal({ digits, scale }: Decimal, margin: bigint): [from: Decimal, to: Decimal] {
  return [
    { digits: digits * 10n - margin, scale: scale + 1 },
    { digits: digits * 10n + margin, scale: scale + 1 },
  ];
}
