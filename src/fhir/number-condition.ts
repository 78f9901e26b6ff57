// Number and quantity values of a search as tests of number rows. https://hl7.org/fhir/R4/search.html#number, #quantity, #prefix
// Without a prefix a number means what its digits stand for (5.4: 5.35 to 5.45); with one it means itself, exactly.
import { anyOf } from './condition.ts';
import { approximateRange, type Decimal, decimal, decimalText, impliedRange } from './decimal.ts';
import type { Hash } from './index-rows.ts';
import { invalid } from './outcome.ts';
import type { Comparison, Condition } from './query.ts';
import type { SearchParameter } from './search-parameters.ts';
import { type Prefix, prefixed } from './search-prefix.ts';
import { alternatives, parts } from './search-text.ts';
import { unitHash } from './token.ts';

const test = (column: Comparison['column'], op: Comparison['op'], at: Decimal): Comparison => ({ column, op, at: decimalText(at) });

/** OR of ANDs. A row's range includes both its ends; the range searched includes its lower end only. */
const TESTS: Record<Prefix, (value: Decimal) => Comparison[][]> = {
  eq: (value) => within(impliedRange(value)),
  ne: (value) => outside(impliedRange(value)),
  gt: (value) => [[test('to', '>', value)]],
  lt: (value) => [[test('from', '<', value)]],
  ge: (value) => [[test('to', '>=', value)]],
  le: (value) => [[test('from', '<=', value)]],
  sa: (value) => [[test('from', '>', value)]],
  eb: (value) => [[test('to', '<', value)]],
  ap: (value) => overlapping(approximateRange(value)),
};

type Range = [from: Decimal, to: Decimal];
const within = ([from, to]: Range): Comparison[][] => [[test('from', '>=', from), test('to', '<', to)]];
const outside = ([from, to]: Range): Comparison[][] => [[test('from', '<', from)], [test('to', '>=', to)]];
const overlapping = ([from, to]: Range): Comparison[][] => [[test('from', '<=', to), test('to', '>=', from)]];

/** `[prefix]number`. */
export function numberCondition({ code, number }: SearchParameter, _modifier: string, value: string): Condition {
  const any = alternatives(code, value).flatMap((piece) => tests(code, piece));
  return { on: 'number', parameter: number, any };
}

/** `[prefix]number`, `[prefix]number|system|code`, `[prefix]number||code`. */
export function quantityCondition({ code, number }: SearchParameter, _modifier: string, value: string): Condition {
  return anyOf(
    alternatives(code, value).map((piece) => {
      const [written = '', system, unit, more] = parts(piece);
      if (more !== undefined || (system !== undefined && !unit)) throw invalid(`${code} takes number, number|system|code or number||code`);
      const hash: Hash | undefined = unit === undefined ? undefined : unitHash(system || null, unit);
      return { on: 'number', parameter: number, ...(hash !== undefined && { unit: hash }), any: tests(code, written) };
    }),
  );
}

function tests(code: string, piece: string): Comparison[][] {
  const { prefix, rest } = prefixed(piece);
  const value = decimal(rest);
  if (!value) throw invalid(`${code} takes a number, with a prefix (gt, le …) if need be`);
  return TESTS[prefix](value);
}
