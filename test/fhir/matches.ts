// Evaluates a Query on index rows in memory: the oracle for the tests of search semantics and of the store's SQL.
import { parseDecimal } from '../../src/fhir/decimal.ts';
import { measureSeparation, toMaxSeparation } from '../../src/fhir/indexing/geography.ts';
import type { IndexRows, StringRow } from '../../src/fhir/indexing/rows.ts';
import {
  type Comparison,
  type Condition,
  type Inclusion,
  listSlices,
  type ParameterReference,
  type Query,
  type SortKey,
  type TextCondition,
  type TextTest,
  type WordTest,
} from '../../src/fhir/search/query.ts';
import type { ServedType } from '../../src/fhir/types.ts';

/** A resource as the store knows it. `lastUpdated` as ISO 8601 in UTC with milliseconds. A corpus stands in the order of storing. */
export interface Stored {
  type: ServedType;
  id: string;
  lastUpdated: string;
  rows: IndexRows;
}

type On = Condition['on'];
type Of<O extends On> = Extract<Condition, { on: O }>;

/** Whether a condition holds for a resource among all others of its tenant. */
export function matches(condition: Condition, stored: Stored, corpus: readonly Stored[]): boolean {
  return (TESTS[condition.on] as (condition: Condition, stored: Stored, corpus: readonly Stored[]) => boolean)(condition, stored, corpus);
}

function wordsMatch(test: WordTest, words: string): boolean {
  if ('phrase' in test) return ` ${words} `.includes(` ${test.phrase} `);
  if ('not' in test) return !wordsMatch(test.not, words);
  return 'all' in test ? test.all.every((one) => wordsMatch(one, words)) : test.any.some((one) => wordsMatch(one, words));
}

const TESTS: { [O in On]: (condition: Of<O>, stored: Stored, corpus: readonly Stored[]) => boolean } = {
  token: ({ any }, { rows }) => any.some((hash) => rows.tokens.includes(hash)),
  reference: ({ any, ...of }, { rows }) => rows.references.some((row) => isOf(of, row) && any.includes(row.target)),
  hierarchy: ({ direction, links, any, ...of }, { rows }, corpus) => {
    const reached = new Set(any);
    // A Set that grows is walked to its end.
    for (const one of reached) {
      for (const { rows: other } of corpus) {
        const ups = other.references.filter(({ parameter }) => links.includes(parameter)).map(({ target }) => target);
        if (direction === 'below' && ups.includes(one)) reached.add(other.self);
        if (direction === 'above' && other.self === one) for (const up of ups) reached.add(up);
      }
    }
    return rows.references.some((row) => isOf(of, row) && reached.has(row.target));
  },
  string: ({ any, ...of }, { rows }) => rows.strings.some((row) => hasText(of, row) && any.some((text) => textMatches(text, row))),
  text: ({ words, ...of }, { rows }) => (rows.texts ?? []).some((row) => isOf(of, row) && wordsMatch(words, row.words)),
  date: ({ any, ...of }, { rows }) => rows.dates.some((row) => isOf(of, row) && passes(any, row, inTime)),
  number: ({ unit, measure, any, ...of }, { rows }) =>
    rows.numbers.some((row) => {
      if (!isOf(of, row)) return false;
      if (measure !== undefined) return row.measure?.unit === measure && passes(any, row.measure, inSize);
      return (unit === undefined || row.unit === unit || row.label === unit) && passes(any, row, inSize);
    }),
  composite: ({ key, forms, within, ...of }, { rows }) =>
    rows.composites.some((row) => {
      if (!isOf(of, row) || (key !== undefined && row.key !== key) || !forms.every((form) => row.forms.includes(form))) return false;
      return within.every((one) => {
        if (one.of === 'norm') return row.norm !== undefined && textMatches(one, { norm: row.norm, infix: false });
        const span = row[one.of];
        return span !== undefined && passes(one.any, span, one.of === 'date' ? inTime : inSize);
      });
    }),
  near: ({ any, ...of }, { rows }) =>
    rows.composites.some(
      (row) =>
        isOf(of, row) &&
        any.some((circle) => {
          const place = { latitude: Number(row.number!.from), longitude: Number(row.measure!.from) };
          return measureSeparation(circle, place) <= toMaxSeparation(circle);
        }),
    ),
  lastUpdated: ({ any }, { lastUpdated }) => any.some((all) => all.every(({ op, at }) => OPS[op](inTime(lastUpdated, at)))),
  id: ({ any }, { id }) => any.includes(id),
  type: ({ types }, { type }) => types.includes(type),
  chain: ({ parameters, types, where }, { rows }, corpus) =>
    corpus.some(
      (target) =>
        types.includes(target.type) &&
        rows.references.some((row) => parameters.includes(row.parameter) && row.target === target.rows.self) &&
        where.every((condition) => matches(condition, target, corpus)),
    ),
  has: ({ type, parameter, where }, { rows }, corpus) =>
    corpus.some(
      (referring) =>
        referring.type === type &&
        referring.rows.references.some((row) => row.parameter === parameter && row.target === rows.self) &&
        where.every((condition) => matches(condition, referring, corpus)),
    ),
  or: ({ any }, stored, corpus) => any.some((condition) => matches(condition, stored, corpus)),
  and: ({ all }, stored, corpus) => all.every((condition) => matches(condition, stored, corpus)),
  not: ({ condition }, stored, corpus) => !matches(condition, stored, corpus),
  nothing: () => false,
};

const isOf = ({ parameter, others = [] }: ParameterReference, row: { parameter: number }): boolean =>
  [parameter, ...others].includes(row.parameter);

/** A text may be in a row of another parameter, which then has the bit. */
const hasText = ({ shared = [], ...of }: Omit<TextCondition, 'on' | 'any'>, row: StringRow): boolean =>
  isOf(of, row) || shared.some(({ rows, bit }) => rows.includes(row.parameter) && hasBit(row, bit));
const hasBit = ({ shared = 0 }: StringRow, bit: number): boolean => Math.floor(shared / bit) % 2 === 1;

type Order<T> = (a: T, b: T) => number;

const OPS: Record<Comparison['op'], (order: number) => boolean> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

const passes = (any: Comparison[][], row: { from: string; to: string }, order: Order<string>): boolean =>
  any.some((all) => all.every(({ column, op, at }) => OPS[op](order(row[column], at))));

function textMatches(text: TextTest, { norm, infix, spelling }: Pick<StringRow, 'norm' | 'infix' | 'spelling'>): boolean {
  if ('equals' in text) return norm === text.equals && (text.spelling === undefined || text.spelling === spelling);
  if ('ends' in text) return norm.endsWith(text.ends) && (infix || !text.infix);
  if ('among' in text) return text.among.includes(norm);
  if ('from' in text) return byCodePoint(norm, text.from) >= 0 && byCodePoint(norm, text.to) < 0;
  return norm.includes(text.contains) && (infix || !text.infix);
}

/** As PostgreSQL's collation "C" orders UTF-8. */
const byCodePoint: Order<string> = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const inTime: Order<string> = (a, b) => instant(a) - instant(b) || 0;
const instant = (text: string): number => ({ '-infinity': -Infinity, infinity: Infinity })[text] ?? Date.parse(text);

function inSize(a: string, b: string): number {
  const [x, y] = [parseDecimal(a), parseDecimal(b)];
  if (!x || !y) return Number(a) < Number(b) ? -1 : Number(Number(a) > Number(b));
  const scale = Math.max(x.scale, y.scale, 0);
  const [left, right] = [x.digits * 10n ** BigInt(scale - x.scale), y.digits * 10n ** BigInt(scale - y.scale)];
  return left < right ? -1 : Number(left > right);
}

/** Everything that matches, in the query's order: missing values last, ties in the order of storing, turned round where the first key descends or there is none. */
export function found(query: Query, corpus: readonly Stored[]): Stored[] {
  const slices = new Map(listSlices(query).map((slice) => [slice.type, slice]));
  const keysOf = ({ type }: Stored): SortKey[] => slices.get(type)!.sort;
  const matching = corpus.filter((stored) => slices.get(stored.type)?.where.every((one) => matches(one, stored, corpus)));
  const position = new Map(corpus.map((stored, at) => [stored, at]));
  const descending = (one: Stored): boolean => keysOf(one)[0]?.descending ?? true;
  const tie: Order<Stored> = (a, b) => (position.get(a)! - position.get(b)!) * (descending(a) ? -1 : 1);
  return matching.sort((a, b) => keysOf(a).reduce((order, key, at) => order || byKey([key, keysOf(b)[at]!], a, b), 0) || tie(a, b));
}

function byKey([key, other]: [SortKey, SortKey], a: Stored, b: Stored): number {
  const [x, y] = [sortValue(key, a), sortValue(other, b)];
  if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
  const order = ORDERS[key.by](x, y);
  return key.descending ? -order : order;
}

const ORDERS: Record<SortKey['by'], Order<string>> = {
  id: byCodePoint,
  lastUpdated: inTime,
  string: byCodePoint,
  date: inTime,
  number: inSize,
  quantity: inSize,
  token: byCodePoint,
  reference: byCodePoint,
};

function sortValue(key: SortKey, { id, lastUpdated, rows }: Stored): string | undefined {
  if (!('parameter' in key)) return key.by === 'id' ? id : lastUpdated;
  const { by, parameter, descending } = key;
  const own = <R extends { parameter: number; low: boolean; high: boolean }>(list: R[]): R | undefined =>
    list.find((row) => row.parameter === parameter && (descending ? row.high : row.low));
  if (by === 'string') {
    const { rows: others = [], bit = 0 } = key.shared ?? {};
    const shared = rows.strings.find((row) => others.includes(row.parameter) && hasBit(row, bit * (descending ? 4 : 2)));
    return (own(rows.strings) ?? shared)?.norm;
  }
  if (by === 'token') return rows.codes.find((row) => row.parameter === parameter)?.[descending ? 'high' : 'low'];
  if (by === 'reference') {
    const texts = rows.references.filter((row) => row.parameter === parameter).flatMap(({ text }) => text ?? []);
    return texts.sort(byCodePoint).at(descending ? -1 : 0);
  }
  return by === 'quantity' ? own(rows.numbers)?.measure?.from : own(by === 'date' ? rows.dates : rows.numbers)?.from;
}

/** What a page of matches brings in: each once, none that is a match on the page itself; nearest first, in the order of storing. */
export function included(include: Inclusion[], page: readonly Stored[], corpus: readonly Stored[]): Stored[] {
  const all: Stored[] = [];
  let [starts, due]: [readonly Stored[], Inclusion[]] = [page, include];
  while (starts.length && due.length) {
    const known = [...page, ...all];
    const next = corpus.filter((other) => !known.includes(other) && due.some((inclusion) => comesIn(inclusion, starts, other)));
    all.push(...next);
    [starts, due] = [next, include.filter(({ iterate }) => iterate)];
  }
  return all;
}

const refers = (one: Stored, parameters: number[], to: Stored): boolean =>
  one.rows.references.some((row) => parameters.includes(row.parameter) && row.target === to.rows.self);

const comesIn = ({ direction, types, parameters, from }: Inclusion, starts: readonly Stored[], other: Stored): boolean =>
  types.includes(other.type) &&
  starts.some(
    (start) => from.includes(start.type) && (direction === 'include' ? refers(start, parameters, other) : refers(other, parameters, start)),
  );
