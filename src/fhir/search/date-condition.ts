// What the prefixes of a date mean, as tests on the ends of a range row. https://hl7.org/fhir/R4/search.html#prefix
// The value searched is [from, to), the value of the resource another such range; "above" is what lies at or after `to`, "below" what lies before `from`.
import { type DateRange, dateRange, instantText } from '../date-range.ts';
import { invalid } from '../outcome.ts';
import type { SearchParameter } from './parameters.ts';
import { type Prefix, prefixed } from './prefix.ts';
import type { Comparison, Condition } from './query.ts';
import { alternatives, unescaped } from './text.ts';

const from = (op: Comparison['op'], at: string): Comparison => ({ column: 'from', op, at });
const to = (op: Comparison['op'], at: string): Comparison => ({ column: 'to', op, at });

/** OR of ANDs. `ap` comes with its range widened already. */
const RANGE_TESTS: Record<Prefix, (value: DateRange) => Comparison[][]> = {
  eq: (value) => [[from('>=', value.from), to('<=', value.to)]],
  ne: (value) => [[from('<', value.from)], [to('>', value.to)]],
  gt: (value) => [[to('>', value.to)]],
  lt: (value) => [[from('<', value.from)]],
  ge: (value) => [[from('>=', value.from)], [to('>', value.to)]],
  le: (value) => [[to('<=', value.to)], [from('<', value.from)]],
  sa: (value) => [[from('>=', value.to)]],
  eb: (value) => [[to('<=', value.from)]],
  ap: (value) => [[from('<', value.to), to('>', value.from)]],
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
export function dateCondition({ code, number }: SearchParameter, value: string, now: Date): Condition {
  return { on: 'date', parameter: number, any: alternatives(code, value).flatMap((piece) => dateTests(code, piece, now)) };
}

/** One alternative of a date. */
export function dateTests(code: string, piece: string, now: Date): Comparison[][] {
  const { prefix, range } = written(code, piece, now);
  return RANGE_TESTS[prefix](range);
}

/** `[prefix]date` of `_lastUpdated`. */
export function lastUpdatedCondition(code: string, value: string, now: Date): Condition {
  return { on: 'lastUpdated', any: alternatives(code, value).flatMap((piece) => instantTests(code, piece, now)) };
}

function instantTests(code: string, piece: string, now: Date): InstantTest[][] {
  const { prefix, range } = written(code, piece, now);
  return INSTANT_TESTS[prefix](range);
}

function written(code: string, piece: string, now: Date): { prefix: Prefix; range: DateRange } {
  const { prefix, rest } = prefixed(unescaped(piece));
  const range = dateRange(rest);
  if (!range) throw invalid(`${code} takes a date (YYYY, YYYY-MM, YYYY-MM-DD or with a time), with a prefix (ge, lt …) if need be`);
  return { prefix, range: prefix === 'ap' ? approximately(range, now) : range };
}

/** The range widened on both sides by a tenth of the time between it and now, as the specification recommends. */
function approximately(value: DateRange, now: Date): DateRange {
  const [start, end] = [Date.parse(value.from), Date.parse(value.to)];
  const margin = Math.round(Math.max(0, start - now.getTime(), now.getTime() - end) / 10);
  return { from: shifted(value.from, start - margin), to: shifted(value.to, end + margin) };
}

/** An open end (which has no number) stays open. */
const shifted = (text: string, at: number): string => (Number.isNaN(at) ? text : instantText(at));
