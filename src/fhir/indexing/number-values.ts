// Which range of numbers an element gives to a number or quantity parameter, by its type. https://hl7.org/fhir/R4/search.html#quantity
// A plain value is a point: JavaScript numbers have lost their trailing zeros, and what is searched brings the tolerance of its own digits.
import type { Money, Quantity, Range, SampledData } from '@medplum/fhirtypes';

/** Both ends included, as decimal texts; `-Infinity` / `Infinity` where it is open. */
export interface NumberRange {
  from: string;
  to: string;
  system?: string;
  code?: string;
  /** The unit as a person reads it. */
  unit?: string;
}

const toPointRange = (value: number): NumberRange => ({ from: String(value), to: String(value) });
const BELOW_ALL = '-Infinity';
const ABOVE_ALL = 'Infinity';

/** Quantity.comparator → the range it opens. https://hl7.org/fhir/R4/valueset-quantity-comparator.html */
const COMPARATORS: Record<string, (value: string) => { from: string; to: string }> = {
  '<': (to) => ({ from: BELOW_ALL, to }),
  '<=': (to) => ({ from: BELOW_ALL, to }),
  '>=': (from) => ({ from, to: ABOVE_ALL }),
  '>': (from) => ({ from, to: ABOVE_ALL }),
};

function toQuantityRange({ value, comparator, ...unit }: Quantity): NumberRange | undefined {
  if (value === undefined) return undefined;
  return { ...readUnit(unit), ...(COMPARATORS[comparator ?? '']?.(String(value)) ?? toPointRange(value)) };
}

const readUnit = ({ system, code, unit }: Quantity): Quantity => ({
  ...(system && { system }),
  ...(code && { code }),
  ...(unit && { unit }),
});

const toMoneyRange = ({ value, currency }: Money): NumberRange | undefined =>
  value === undefined ? undefined : { ...(currency && { system: 'urn:iso:std:iso:4217', code: currency }), ...toPointRange(value) };

function toRange({ low, high }: Range): NumberRange | undefined {
  if (low?.value === undefined && high?.value === undefined) return undefined;
  return { ...readUnit(low ?? high ?? {}), from: String(low?.value ?? BELOW_ALL), to: String(high?.value ?? ABOVE_ALL) };
}

/** From the least sample to the greatest; E, L and U (error, below and above the detection limit) are no numbers. */
function toSampledRange({ origin = {}, factor = 1, data = '' }: SampledData): NumberRange | undefined {
  const { value: base } = origin;
  const samples = (data.match(/\S+/g) ?? []).map(Number).filter(Number.isFinite);
  if (!samples.length || base === undefined) return undefined;
  const values = samples.map((sample) => sample * factor + base);
  const least = values.reduce((a, b) => Math.min(a, b));
  return { ...readUnit(origin), from: String(least), to: String(values.reduce((a, b) => Math.max(a, b))) };
}

/** Element type → its range; undefined when it has no value. */
export const NUMBER_RANGES: Record<string, (value: never) => NumberRange | undefined> = {
  integer: toPointRange,
  positiveInt: toPointRange,
  unsignedInt: toPointRange,
  decimal: toPointRange,
  Quantity: toQuantityRange,
  Age: toQuantityRange,
  Count: toQuantityRange,
  Distance: toQuantityRange,
  Duration: toQuantityRange,
  Money: toMoneyRange,
  Range: toRange,
  SampledData: toSampledRange,
};
