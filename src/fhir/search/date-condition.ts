// Translates dates with prefixes into tests on the ends of a range row. https://hl7.org/fhir/R4/search.html#prefix
// The searched value and the value of the resource are both ranges [from, to).
import { type DateRange, formatInstant, parseDateRange } from '../date-range.ts';
import { invalid } from '../outcome.ts';
import type { Comparison, Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { type Prefix, splitAlternatives, splitPrefix, unescapeValue } from './search-value.ts';

const testFrom = (op: Comparison['op'], at: string): Comparison => ({ column: 'from', op, at });
const testTo = (op: Comparison['op'], at: string): Comparison => ({ column: 'to', op, at });

/** Prefix → its tests: OR of ANDs. The range of `ap` has been widened before. */
const RANGE_TESTS: Record<Prefix, (value: DateRange) => Comparison[][]> = {
  eq: (value) => [[testFrom('>=', value.from), testTo('<=', value.to)]],
  ne: (value) => [[testFrom('<', value.from)], [testTo('>', value.to)]],
  gt: (value) => [[testTo('>', value.to)]],
  lt: (value) => [[testFrom('<', value.from)]],
  ge: (value) => [[testFrom('>=', value.from)], [testTo('>', value.to)]],
  le: (value) => [[testTo('<=', value.to)], [testFrom('<', value.from)]],
  sa: (value) => [[testFrom('>=', value.to)]],
  eb: (value) => [[testTo('<=', value.from)]],
  ap: (value) => [[testFrom('<', value.to), testTo('>', value.from)]],
};

type InstantTest = { op: Comparison['op']; at: string };

/** The same for `_lastUpdated`, which is an instant and not a range. */
const INSTANT_TESTS: Record<Prefix, (value: DateRange) => InstantTest[][]> = {
  eq: (value) => [
    [
      { op: '>=', at: value.from },
      { op: '<', at: value.to },
    ],
  ],
  ne: (value) => [[{ op: '<', at: value.from }], [{ op: '>=', at: value.to }]],
  gt: (value) => [[{ op: '>=', at: value.to }]],
  lt: (value) => [[{ op: '<', at: value.from }]],
  ge: (value) => [[{ op: '>=', at: value.from }]],
  le: (value) => [[{ op: '<', at: value.to }]],
  sa: (value) => [[{ op: '>=', at: value.to }]],
  eb: (value) => [[{ op: '<', at: value.from }]],
  ap: (value) => [
    [
      { op: '>=', at: value.from },
      { op: '<', at: value.to },
    ],
  ],
};

/** `[prefix]date` of a date parameter. */
export function parseDateCondition({ code, number }: SearchParameter, value: string, now: Date): Condition {
  return { on: 'date', parameter: number, any: splitAlternatives(code, value).flatMap((piece) => parseDateTests(code, piece, now)) };
}

/** One alternative of a date. */
export function parseDateTests(code: string, piece: string, now: Date): Comparison[][] {
  const { prefix, range } = parsePrefixedDate(code, piece, now);
  return RANGE_TESTS[prefix](range);
}

/** `[prefix]date` of `_lastUpdated`. */
export function parseLastUpdatedCondition(code: string, value: string, now: Date): Condition {
  return { on: 'lastUpdated', any: splitAlternatives(code, value).flatMap((piece) => parseInstantTests(code, piece, now)) };
}

function parseInstantTests(code: string, piece: string, now: Date): InstantTest[][] {
  const { prefix, range } = parsePrefixedDate(code, piece, now);
  return INSTANT_TESTS[prefix](range);
}

function parsePrefixedDate(code: string, piece: string, now: Date): { prefix: Prefix; range: DateRange } {
  const { prefix, rest } = splitPrefix(unescapeValue(piece));
  const range = parseDateRange(rest);
  if (!range) throw invalid(`${code} must be a date (YYYY, YYYY-MM, YYYY-MM-DD or with a time), optionally with a prefix (ge, lt …)`);
  return { prefix, range: prefix === 'ap' ? widenRange(range, now) : range };
}

/** Widens a range on both sides by a tenth of its distance from now, as the specification recommends. */
function widenRange(value: DateRange, now: Date): DateRange {
  const [start, end] = [Date.parse(value.from), Date.parse(value.to)];
  const margin = Math.round(Math.max(0, start - now.getTime(), now.getTime() - end) / 10);
  return { from: shiftInstant(value.from, start - margin), to: shiftInstant(value.to, end + margin) };
}

/** Formats the shifted end of a range. An open end has no number and stays open. */
const shiftInstant = (text: string, at: number): string => (Number.isNaN(at) ? text : formatInstant(at));
