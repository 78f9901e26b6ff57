// The rows of numbers and quantities, one for each value. A quantity is also stored in the unit of comparison. https://hl7.org/fhir/R4/search.html#quantity
import { type Decimal, formatDecimal, parseDecimal } from '../decimal.ts';
import { hash } from '../hash.ts';
import { findUcumUnit, UCUM_SYSTEM } from '../ucum.ts';
import { NUMBER_RANGES, type NumberRange } from './number-values.ts';
import { findExtremes, type Hash, type NumberRow, type ParameterNumber, type Span } from './rows.ts';
import { hashUnit } from './token.ts';
import { readTypedValue, type TypedValue } from './typed-value.ts';

/** The ranges of the values of a number or quantity parameter. */
export const readNumberRanges = (values: readonly TypedValue[]): NumberRange[] =>
  values.flatMap((value) => readTypedValue(NUMBER_RANGES, value) ?? []);

/** Rows of a number parameter. */
export const buildNumberRows = (parameter: ParameterNumber, ranges: NumberRange[]): NumberRow[] =>
  markExtremes(ranges.map(({ from, to }) => ({ parameter, from, to })));

/** Rows of a quantity parameter. */
export const buildQuantityRows = (parameter: ParameterNumber, ranges: NumberRange[]): NumberRow[] =>
  markExtremes(ranges.map((range) => ({ parameter, ...toQuantityColumns(range) })));

type UnmarkedNumberRow = Omit<NumberRow, 'low' | 'high'>;

function markExtremes(rows: UnmarkedNumberRow[]): NumberRow[] {
  const { least, greatest } = findExtremes(rows.map(({ from, measure }) => Number((measure ?? { from }).from)));
  return rows.map((row, at) => ({ ...row, low: at === least, high: at === greatest }));
}

/** The columns of a quantity: its range, the hashes of its unit's names, and its measure. */
export function toQuantityColumns({ from, to, system, code, unit }: NumberRange): Omit<UnmarkedNumberRow, 'parameter'> {
  const [name, label] = [...new Set([code, unit].filter((text) => text !== undefined))];
  return {
    from,
    to,
    ...(name !== undefined && { unit: hashUnit(null, name) }),
    ...(label !== undefined && { label: hashUnit(null, label) }),
    measure: toMeasure({ from, to }, system, code),
  };
}

function toMeasure(span: Span, system?: string, code?: string): NonNullable<NumberRow['measure']> {
  if (!system || !code) return span;
  const { unit, toCanonical } = findQuantityScale(system, code);
  const format = (text: string): string => (text.endsWith('Infinity') ? text : toCanonical(parseDecimal(text)!));
  return { unit, from: format(span.from), to: format(span.to) };
}

interface QuantityScale {
  /** Quantities with the same unit can be compared. */
  unit: Hash;
  toCanonical(value: Decimal): string;
}

/** The unit of comparison for a unit: the base unit of its dimension for UCUM, otherwise the unit itself. docs/decisions/0007-ucum-quantities.md */
export function findQuantityScale(system: string, code: string): QuantityScale {
  const unit = system === UCUM_SYSTEM ? findUcumUnit(code) : undefined;
  if (unit) return { unit: hash(`${UCUM_SYSTEM}#${unit.dimension}`), toCanonical: unit.toCanonical };
  return { unit: hashUnit(system, code), toCanonical: formatDecimal };
}
