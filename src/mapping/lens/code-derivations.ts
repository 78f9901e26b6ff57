// Codes that are derived from other fields when an item is created (`follows:`). A later correction is kept.
import { type Decimal, parseDecimal } from '../../fhir/decimal.ts';

interface CodeDerivation {
  /** The names of the inputs; a mapping assigns a field to each. */
  names: string[];
  /** The derived code; undefined: none. An input without a value is undefined. */
  derive(parts: Readonly<Record<string, unknown>>): string | undefined;
}

/** Negative: the first is smaller. Compares all digits, without rounding. */
function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const scaled = (value: Decimal): bigint => value.digits * 10n ** BigInt(scale - value.scale);
  const [one, other] = [scaled(a), scaled(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A number, or raw JSON of one; undefined: no value. */
const parseNumber = (value: unknown): Decimal | undefined =>
  value === undefined || value === null ? undefined : parseDecimal(JSON.stringify(value));

/**
 * Compares a value with its reference range, bounds included: L below, H above, else N. No code without a bound, or when the lower bound exceeds the upper.
 *  https://hl7.org/fhir/R4/observation-definitions.html#Observation.interpretation
 */
function deriveInterpretation({ value, low, high }: Readonly<Record<string, unknown>>): string | undefined {
  const [measured, least, maximum] = [value, low, high].map(parseNumber);
  if (!measured || (!least && !maximum)) return undefined;
  if (least && maximum && compareDecimals(least, maximum) > 0) return undefined;
  if (least && compareDecimals(measured, least) < 0) return 'L';
  return maximum && compareDecimals(measured, maximum) > 0 ? 'H' : 'N';
}

export const CODE_DERIVATIONS: Readonly<Record<string, CodeDerivation>> = {
  interpretation: { names: ['value', 'low', 'high'], derive: deriveInterpretation },
};
