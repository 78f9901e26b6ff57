// The range of numbers of an element, by its type, for number and quantity parameters. https://hl7.org/fhir/R4/search.html#quantity
// A single value is a range of one point, because JavaScript numbers have no trailing zeros. The tolerance comes from the digits of the searched value.
import type { Money, Quantity, Range, SampledData } from '@medplum/fhirtypes';

/** A range that includes both ends, as decimal texts. An open end is `-Infinity` or `Infinity`. */
export interface NumberRange {
  from: string;
  to: string;
  system?: string;
  code?: string;
  /** The displayed unit. */
  unit?: string;
}

const toPointRange = (value: number): NumberRange => ({ from: String(value), to: String(value) });
const BELOW_ALL = '-Infinity';
const ABOVE_ALL = 'Infinity';

/** Quantity.comparator → the range. https://hl7.org/fhir/R4/valueset-quantity-comparator.html */
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

/** The range from the least sample to the greatest. The samples E, L and U (error, below and above the detection limit) are left out. */
function toSampledRange({ origin = {}, factor = 1, data = '' }: SampledData): NumberRange | undefined {
  const { value: base } = origin;
  const samples = (data.match(/\S+/g) ?? []).map(Number).filter(Number.isFinite);
  if (!samples.length || base === undefined) return undefined;
  const values = samples.map((sample) => sample * factor + base);
  const least = values.reduce((a, b) => Math.min(a, b));
  return { ...readUnit(origin), from: String(least), to: String(values.reduce((a, b) => Math.max(a, b))) };
}

/** Element type → its range. Undefined: the element has no value. */
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
