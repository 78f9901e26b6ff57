// What the prefixes of a date mean, as tests on the ends of a range row. https://hl7.org/fhir/R4/search.html#prefix
// The value searched is [from, to), the value of the resource another such range; "above" is what lies at or after `to`, "below" what lies before `from`.
import { type DateRange, formatInstant, parseDateRange } from '../date-range.ts';
import { invalid } from '../outcome.ts';
import { type Prefix, splitPrefix } from './prefix.ts';
import type { Comparison, Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';

const testFrom = (op: Comparison['op'], at: string): Comparison => ({ column: 'from', op, at });
const testTo = (op: Comparison['op'], at: string): Comparison => ({ column: 'to', op, at });

/** OR of ANDs. `ap` comes with its range widened already. */
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

/** The same for an instant, which is a point: `_lastUpdated`. */
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
  if (!range) throw invalid(`${code} takes a date (YYYY, YYYY-MM, YYYY-MM-DD or with a time), with a prefix (ge, lt …) if need be`);
  return { prefix, range: prefix === 'ap' ? widenRange(range, now) : range };
}

/** The range widened on both sides by a tenth of the time between it and now, as the specification recommends. */
function widenRange(value: DateRange, now: Date): DateRange {
  const [start, end] = [Date.parse(value.from), Date.parse(value.to)];
  const margin = Math.round(Math.max(0, start - now.getTime(), now.getTime() - end) / 10);
  return { from: shiftInstant(value.from, start - margin), to: shiftInstant(value.to, end + margin) };
}

/** An open end (which has no number) stays open. */
const shiftInstant = (text: string, at: number): string => (Number.isNaN(at) ? text : formatInstant(at));
