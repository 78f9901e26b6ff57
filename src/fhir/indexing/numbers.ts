// The rows of numbers and quantities: one per value, quantities also in the unit they are compared in. https://hl7.org/fhir/R4/search.html#quantity
import { decimal } from '../decimal.ts';
import { ends } from './ends.ts';
import { NUMBERS, type NumberRange } from './number-values.ts';
import { scaleOf } from './quantity-scale.ts';
import type { NumberRow, ParameterNumber, Span } from './rows.ts';
import { unitHash } from './token.ts';
import type { TypedValue } from './typed-value.ts';

/** The ranges in values of a number or quantity parameter. */
export const rangesOf = (values: readonly TypedValue[]): NumberRange[] =>
  values.flatMap(({ type, value }) => NUMBERS[type]?.(value as never) ?? []);

/** Rows of a number parameter. */
export const numberRows = (parameter: ParameterNumber, ranges: NumberRange[]): NumberRow[] =>
  marked(ranges.map(({ from, to }) => ({ parameter, from, to })));

/** Rows of a quantity parameter. */
export const quantityRows = (parameter: ParameterNumber, ranges: NumberRange[]): NumberRow[] =>
  marked(ranges.map((range) => ({ parameter, ...quantityOf(range) })));

type Unmarked = Omit<NumberRow, 'low' | 'high'>;

function marked(rows: Unmarked[]): NumberRow[] {
  const { least, greatest } = ends(rows.map(({ from, measure }) => Number((measure ?? { from }).from)));
  return rows.map((row, at) => ({ ...row, low: at === least, high: at === greatest }));
}

/** A quantity as written, the names of its unit, and what it measures. */
export function quantityOf({ from, to, system, code, unit }: NumberRange): Omit<Unmarked, 'parameter'> {
  const [name, label] = [...new Set([code, unit].filter((text) => text !== undefined))];
  return {
    from,
    to,
    ...(name !== undefined && { unit: unitHash(null, name) }),
    ...(label !== undefined && { label: unitHash(null, label) }),
    measure: measured({ from, to }, system, code),
  };
}

function measured(span: Span, system?: string, code?: string): NonNullable<NumberRow['measure']> {
  if (!system || !code) return span;
  const { unit, canonical } = scaleOf(system, code);
  const said = (text: string): string => (text.endsWith('Infinity') ? text : canonical(decimal(text)!));
  return { unit, from: said(span.from), to: said(span.to) };
}
