// Parses number and quantity values into tests of number rows. https://hl7.org/fhir/R4/search.html#number, #quantity, #prefix
// Without a prefix a number means the range of its precision (5.4: 5.35 to 5.45). With a prefix it means the exact number.

import { type Decimal, formatDecimal, parseDecimal, toApproximateRange, toImpliedRange } from '../decimal.ts';
import { findQuantityScale } from '../indexing/number-rows.ts';
import { hashUnit } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import { type Comparison, type Condition, combineWithOr } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { type Prefix, splitAlternatives, splitParts, splitPrefix } from './search-value.ts';

/** Formats a bound, unchanged or in the unit that quantities are compared in. */
type FormatBound = (value: Decimal) => string;
/** A test of one end of a row, before its bound is formatted. */
type BoundTest = [column: Comparison['column'], op: Comparison['op'], at: Decimal];

/** Prefix → its tests: OR of ANDs. A row's range includes both ends, the searched range only its lower end. */
const PREFIX_TESTS: Record<Prefix, (value: Decimal) => BoundTest[][]> = {
  eq: (value) => testWithin(toImpliedRange(value)),
  ne: (value) => testOutside(toImpliedRange(value)),
  gt: (value) => [[['to', '>', value]]],
  lt: (value) => [[['from', '<', value]]],
  ge: (value) => [[['to', '>=', value]]],
  le: (value) => [[['from', '<=', value]]],
  sa: (value) => [[['from', '>', value]]],
  eb: (value) => [[['to', '<', value]]],
  ap: (value) => testOverlapping(toApproximateRange(value)),
};

type DecimalRange = [from: Decimal, to: Decimal];
const testWithin = ([from, to]: DecimalRange): BoundTest[][] => [
  [
    ['from', '>=', from],
    ['to', '<', to],
  ],
];
const testOutside = ([from, to]: DecimalRange): BoundTest[][] => [[['from', '<', from]], [['to', '>=', to]]];
const testOverlapping = ([from, to]: DecimalRange): BoundTest[][] => [
  [
    ['from', '<=', to],
    ['to', '>=', from],
  ],
];

/** `[prefix]number`. */
export function parseNumberCondition({ code, number }: SearchParameter, _modifier: string, value: string): Condition {
  const any = splitAlternatives(code, value).flatMap((piece) => parseNumberTests(code, piece));
  return { on: 'number', parameter: number, any };
}

/** `[prefix]number`, `[prefix]number|system|code`, `[prefix]number||code`. Alternatives with the same unit become one condition. */
export function parseQuantityCondition({ code, number }: SearchParameter, _modifier: string, value: string): Condition {
  const tests = splitAlternatives(code, value).map((piece) => parseQuantityTests(code, piece));
  const byUnit = Map.groupBy(tests, ({ unit, measure }) => `${unit} ${measure}`);
  const conditions = Array.from(byUnit.values(), (alike): Condition => {
    const { any: _any, ...unit } = alike[0]!;
    return { on: 'number', parameter: number, ...unit, any: alike.flatMap(({ any }) => any) };
  });
  return combineWithOr(conditions);
}

/** The tests of one alternative, and its unit. */
type NumberTests = Pick<Extract<Condition, { on: 'number' }>, 'unit' | 'measure' | 'any'>;

/** One alternative of a quantity. */
export function parseQuantityTests(code: string, piece: string): NumberTests {
  const [written = '', system, unit, more] = splitParts(piece);
  if (more !== undefined || (system !== undefined && !unit)) throw invalid(`${code} must be number, number|system|code or number||code`);
  if (unit === undefined) return { any: parseNumberTests(code, written) };
  if (!system) return { unit: hashUnit(null, unit), any: parseNumberTests(code, written) };
  const scale = findQuantityScale(system, unit);
  return { measure: scale.unit, any: parseNumberTests(code, written, scale.toCanonical) };
}

/** One alternative of a number. */
export function parseNumberTests(code: string, piece: string, formatBound: FormatBound = formatDecimal): Comparison[][] {
  const { prefix, rest } = splitPrefix(piece);
  const value = parseDecimal(rest);
  if (!value) throw invalid(`${code} must be a number, optionally with a prefix (gt, le …)`);
  return PREFIX_TESTS[prefix](value).map((all) => all.map(([column, op, at]) => ({ column, op, at: formatBound(at) })));
}
