// The meaning of a Query, evaluated on index rows in memory: the oracle that both the search semantics and the store's SQL are held against.
import { decimal } from '../../src/fhir/decimal.ts';
import type { IndexRows } from '../../src/fhir/index-rows.ts';
import type { Comparison, Condition, Inclusion, Query, SortKey } from '../../src/fhir/query.ts';
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

const TESTS: { [O in On]: (condition: Of<O>, stored: Stored, corpus: readonly Stored[]) => boolean } = {
  token: ({ any }, { rows }) => any.some((hash) => rows.tokens.includes(hash)),
  reference: ({ parameter, any }, { rows }) => rows.references.some((row) => row.parameter === parameter && any.includes(row.target)),
  string: ({ parameter, any }, { rows }) =>
    rows.strings.some((row) => row.parameter === parameter && any.some((text) => textMatches(text, row))),
  date: ({ parameter, any }, { rows }) => rows.dates.some((row) => row.parameter === parameter && passes(any, row, inTime)),
  number: ({ parameter, unit, any }, { rows }) =>
    rows.numbers.some((row) => row.parameter === parameter && (unit === undefined || row.unit === unit) && passes(any, row, inSize)),
  lastUpdated: ({ any }, { lastUpdated }) => any.some((all) => all.every(({ op, at }) => OPS[op](inTime(lastUpdated, at)))),
  id: ({ any }, { id }) => any.includes(id),
  chain: ({ parameter, types, where }, { rows }, corpus) =>
    corpus.some(
      (target) =>
        types.includes(target.type) &&
        rows.references.some((row) => row.parameter === parameter && row.target === target.rows.self) &&
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

type Order<T> = (a: T, b: T) => number;

const OPS: Record<Comparison['op'], (order: number) => boolean> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

const passes = (any: Comparison[][], row: { from: string; to: string }, order: Order<string>): boolean =>
  any.some((all) => all.every(({ column, op, at }) => OPS[op](order(row[column], at))));

function textMatches(text: Of<'string'>['any'][number], { norm, infix }: { norm: string; infix: boolean }): boolean {
  if ('equals' in text) return norm === text.equals;
  if ('from' in text) return byCodePoint(norm, text.from) >= 0 && byCodePoint(norm, text.to) < 0;
  return norm.includes(text.contains) && (infix || !text.infix);
}

/** As PostgreSQL's collation "C" orders UTF-8. */
const byCodePoint: Order<string> = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const inTime: Order<string> = (a, b) => instant(a) - instant(b) || 0;
const instant = (text: string): number => ({ '-infinity': -Infinity, infinity: Infinity })[text] ?? Date.parse(text);

function inSize(a: string, b: string): number {
  const [x, y] = [decimal(a), decimal(b)];
  if (!x || !y) return Number(a) < Number(b) ? -1 : Number(Number(a) > Number(b));
  const scale = Math.max(x.scale, y.scale, 0);
  const [left, right] = [x.digits * 10n ** BigInt(scale - x.scale), y.digits * 10n ** BigInt(scale - y.scale)];
  return left < right ? -1 : Number(left > right);
}

/** Everything that matches, in the query's order: missing values last, ties in the order of storing, turned round where the first key descends. */
export function found(query: Query, corpus: readonly Stored[]): Stored[] {
  const keys: SortKey[] = query.sort.length ? query.sort : [{ by: 'lastUpdated', descending: true }];
  const matching = corpus.filter((stored) => stored.type === query.type && query.where.every((one) => matches(one, stored, corpus)));
  const position = new Map(corpus.map((stored, at) => [stored, at]));
  const tie: Order<Stored> = (a, b) => (position.get(a)! - position.get(b)!) * (keys[0]!.descending ? -1 : 1);
  return matching.sort((a, b) => keys.reduce((order, key) => order || byKey(key, a, b), 0) || tie(a, b));
}

function byKey(key: SortKey, a: Stored, b: Stored): number {
  const [x, y] = [sortValue(key, a), sortValue(key, b)];
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
};

function sortValue(key: SortKey, { id, lastUpdated, rows }: Stored): string | undefined {
  if (!('parameter' in key)) return key.by === 'id' ? id : lastUpdated;
  const { by, parameter, descending } = key;
  const own = <R extends { parameter: number; low: boolean; high: boolean }>(list: R[]): R | undefined =>
    list.find((row) => row.parameter === parameter && (descending ? row.high : row.low));
  return by === 'string' ? own(rows.strings)?.norm : own(by === 'date' ? rows.dates : rows.numbers)?.from;
}

/** What a page of matches brings in: each once, none that is a match on the page itself; in the order of storing. */
export function included(include: Inclusion[], page: readonly Stored[], corpus: readonly Stored[]): Stored[] {
  const refers = (from: Stored, parameter: number, to: Stored): boolean =>
    from.rows.references.some((row) => row.parameter === parameter && row.target === to.rows.self);
  const comesIn = (other: Stored, { direction, types, parameter, source }: Inclusion): boolean =>
    types.includes(other.type) &&
    page.some(
      (match) => match.type === source && (direction === 'include' ? refers(match, parameter, other) : refers(other, parameter, match)),
    );
  return corpus.filter((other) => !page.includes(other) && include.some((inclusion) => comesIn(other, inclusion)));
}
