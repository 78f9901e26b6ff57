// Codes that follow from what else an item says, worked out when it is made. Nobody is asked for them, and what somebody corrects later stands.
import { type Decimal, parseDecimal } from '../../fhir/decimal.ts';

interface CodeDerivation {
  /** The names of the parts; a mapping says which field is which. */
  names: string[];
  /** The code; undefined: none follows. A part without a value is undefined. */
  derive(parts: Readonly<Record<string, unknown>>): string | undefined;
}

/** Less than zero: the first is smaller. Digits are compared as they are written. */
function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const [one, other] = [a, b].map((value) => value.digits * 10n ** BigInt(scale - value.scale)) as [bigint, bigint];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A number as JSON or as raw JSON; undefined: there is none. */
const parseNumber = (value: unknown): Decimal | undefined =>
  value === undefined || value === null ? undefined : parseDecimal(JSON.stringify(value));

/**
 * Where a value stands to its reference range, whose bounds count as normal: below is L, above is H, else N. Without a bound nothing follows, nor from a lower
 * one that is above the upper one: nobody has said what is normal. https://hl7.org/fhir/R4/observation-definitions.html#Observation.interpretation
 */
function deriveInterpretation({ value, low, high }: Readonly<Record<string, unknown>>): string | undefined {
  const [measured, least, most] = [value, low, high].map(parseNumber);
  if (!measured || (!least && !most)) return undefined;
  if (least && most && compareDecimals(least, most) > 0) return undefined;
  if (least && compareDecimals(measured, least) < 0) return 'L';
  return most && compareDecimals(measured, most) > 0 ? 'H' : 'N';
}

export const CODE_DERIVATIONS: Readonly<Record<string, CodeDerivation>> = {
  interpretation: { names: ['value', 'low', 'high'], derive: deriveInterpretation },
};
