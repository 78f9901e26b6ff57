// Number and quantity values of a search as tests of number rows. https://hl7.org/fhir/R4/search.html#number, #quantity, #prefix
// Without a prefix a number means what its digits stand for (5.4: 5.35 to 5.45); with one it means itself, exactly.

import { approximateRange, type Decimal, decimal, decimalText, impliedRange } from '../decimal.ts';
import { scaleOf } from '../indexing/quantity-scale.ts';
import { unitHash } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import { anyOf } from './condition-sentences.ts';
import type { SearchParameter } from './parameters.ts';
import { type Prefix, prefixed } from './prefix.ts';
import type { Comparison, Condition } from './query.ts';
import { alternatives, parts } from './text.ts';

/** How a bound is written: as it is, or in the unit that quantities are compared in. */
type Say = (value: Decimal) => string;
/** A test of one end of a row, before its bound is written. */
type Test = [column: Comparison['column'], op: Comparison['op'], at: Decimal];

/** OR of ANDs. A row's range includes both its ends; the range searched includes its lower end only. */
const TESTS: Record<Prefix, (value: Decimal) => Test[][]> = {
  eq: (value) => within(impliedRange(value)),
  ne: (value) => outside(impliedRange(value)),
  gt: (value) => [[['to', '>', value]]],
  lt: (value) => [[['from', '<', value]]],
  ge: (value) => [[['to', '>=', value]]],
  le: (value) => [[['from', '<=', value]]],
  sa: (value) => [[['from', '>', value]]],
  eb: (value) => [[['to', '<', value]]],
  ap: (value) => overlapping(approximateRange(value)),
};

type Range = [from: Decimal, to: Decimal];
const within = ([from, to]: Range): Test[][] => [
  [
    ['from', '>=', from],
    ['to', '<', to],
  ],
];
const outside = ([from, to]: Range): Test[][] => [[['from', '<', from]], [['to', '>=', to]]];
const overlapping = ([from, to]: Range): Test[][] => [
  [
    ['from', '<=', to],
    ['to', '>=', from],
  ],
];

/** `[prefix]number`. */
export function numberCondition({ code, number }: SearchParameter, _modifier: string, value: string): Condition {
  const any = alternatives(code, value).flatMap((piece) => numberTests(code, piece));
  return { on: 'number', parameter: number, any };
}

/** `[prefix]number`, `[prefix]number|system|code`, `[prefix]number||code`. Alternatives of one unit are one condition. */
export function quantityCondition({ code, number }: SearchParameter, _modifier: string, value: string): Condition {
  const asked = alternatives(code, value).map((piece) => quantityTests(code, piece));
  const byUnit = Map.groupBy(asked, ({ unit, measure }) => `${unit} ${measure}`);
  const conditions = Array.from(byUnit.values(), (alike): Condition => {
    const { any: _any, ...unit } = alike[0]!;
    return { on: 'number', parameter: number, ...unit, any: alike.flatMap(({ any }) => any) };
  });
  return anyOf(conditions);
}

/** The tests of one alternative of a number, and the unit they are of. */
type Numbers = Pick<Extract<Condition, { on: 'number' }>, 'unit' | 'measure' | 'any'>;

/** One alternative of a quantity. */
export function quantityTests(code: string, piece: string): Numbers {
  const [written = '', system, unit, more] = parts(piece);
  if (more !== undefined || (system !== undefined && !unit)) throw invalid(`${code} takes number, number|system|code or number||code`);
  if (unit === undefined) return { any: numberTests(code, written) };
  if (!system) return { unit: unitHash(null, unit), any: numberTests(code, written) };
  const scale = scaleOf(system, unit);
  return { measure: scale.unit, any: numberTests(code, written, scale.canonical) };
}

/** One alternative of a number. */
export function numberTests(code: string, piece: string, say: Say = decimalText): Comparison[][] {
  const { prefix, rest } = prefixed(piece);
  const value = decimal(rest);
  if (!value) throw invalid(`${code} takes a number, with a prefix (gt, le …) if need be`);
  return TESTS[prefix](value).map((all) => all.map(([column, op, at]) => ({ column, op, at: say(at) })));
}
