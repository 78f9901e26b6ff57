// A small random world of index rows, and what a query means in it, said without SQL: what search has to agree with.
import fc from 'fast-check';
import type { DateRow, IndexRows, NumberRow, StringRow } from '../../src/fhir/index-rows.ts';
import type { Comparison, Condition, Inclusion, Query, SortKey } from '../../src/fhir/query.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import type { Change } from '../../src/store/store.ts';

/** A resource of the world, in the order of storing. */
export interface Thing {
  type: ServedType;
  id: string;
  lastUpdated: string;
  index: IndexRows;
}

const TYPES: ServedType[] = ['Patient', 'Practitioner', 'ServiceRequest'];
const NAMES = ['ann', 'anna', 'b%c', 'b_c', 'ben', 'bén\\', 'zoé', 'ß', ''];
const DAYS = [
  '-infinity',
  '1970-01-01T00:00:00.000Z',
  '2020-02-29T12:30:00.001Z',
  '2020-02-29T12:30:00.002Z',
  '2026-01-01T00:00:00.000Z',
  'infinity',
];
const NUMBERS = ['-1.5', '0', '0.0000001', '2', '2.50', '1000000000000000000000.1'];
const HASHES = ['-9223372036854775808', '-1', '7', '9223372036854775807'];
const PARAMETERS = [-2_000_000_000, 3, 2_000_000_000];
const idOf = (n: number) => `id-${n}`;
/** The hash of `Type/id` in this world. */
export const selfOf = (type: ServedType, id: string): string => String(TYPES.indexOf(type) * 1000 + Number(id.slice(3)) + 100);

const oneOf = <T>(items: T[]) => fc.constantFrom(...items);
const few = <T>(item: fc.Arbitrary<T>, most = 3) => fc.array(item, { maxLength: most });
const parameter = oneOf(PARAMETERS);
const instants = DAYS.slice(1, -1);

/** Two ends in order, as their places in a list. */
const ends = (list: string[]) =>
  fc
    .tuple(fc.nat(list.length - 2), fc.nat(list.length - 2))
    .map(([a, b]) => ({ from: list[Math.min(a, b)]!, to: list[Math.max(a, b) + 1]! }));

const rank = (list: string[], value: string): number => list.indexOf(value);

/** Marks the least and the greatest row of each parameter, one of each. */
function marked<R extends { parameter: number }>(rows: R[], worth: (row: R) => number): (R & { low: boolean; high: boolean })[] {
  return rows.map((row, at) => {
    const others = rows.flatMap((other, index) =>
      other.parameter === row.parameter && index !== at ? [{ worth: worth(other), index }] : [],
    );
    const low = others.every((other) => other.worth > worth(row) || (other.worth === worth(row) && other.index > at));
    const high = others.every((other) => other.worth < worth(row) || (other.worth === worth(row) && other.index > at));
    return { ...row, low, high };
  });
}

const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const SORTED_IDS = Array.from({ length: 20 }, (_one, n) => idOf(n)).sort(byText);
const SORTED_NAMES = [...NAMES].sort(byText);
const stringRow = fc.record({ parameter, norm: oneOf(NAMES) }).map((row) => ({ ...row, infix: row.parameter === PARAMETERS[0] }));
const dateRow = fc.record({ parameter, ends: ends(DAYS) }).map((row) => ({ parameter: row.parameter, ...row.ends }));
const numberRow = fc
  .record({ parameter, ends: ends(NUMBERS), unit: fc.option(oneOf(HASHES), { nil: undefined }) })
  .map((row) => ({ parameter: row.parameter, ...row.ends, ...(row.unit !== undefined && { unit: row.unit }) }));
const target = fc.tuple(oneOf(TYPES), fc.nat(14)).map(([type, n]) => selfOf(type, idOf(n)));

const index = fc.record({
  tokens: fc.uniqueArray(oneOf(HASHES), { maxLength: 3 }),
  strings: few(stringRow).map((rows): StringRow[] => marked(rows, (row) => rank(SORTED_NAMES, row.norm))),
  dates: few(dateRow, 2).map((rows): DateRow[] => marked(rows, (row) => rank(DAYS, row.from))),
  numbers: few(numberRow, 2).map((rows): NumberRow[] => marked(rows, (row) => rank(NUMBERS, row.from))),
  references: few(fc.record({ parameter, target })),
});

/** Up to fifteen resources with few different values, so that much is equal to much. */
export const world: fc.Arbitrary<Thing[]> = fc
  .array(fc.record({ type: oneOf(TYPES), lastUpdated: oneOf(instants), index }), { maxLength: 15 })
  .map((things) => things.map((thing, n) => ({ ...thing, id: idOf(n), index: { ...thing.index, self: selfOf(thing.type, idOf(n)) } })));

export const createOf = ({ type, id, lastUpdated, index: rows }: Thing): Change => ({
  type,
  id,
  version: 1,
  lastUpdated,
  method: 'POST',
  actor: 'key',
  body: JSON.stringify({ resourceType: type, id }),
  index: rows,
});

const op = oneOf<Comparison['op']>(['<', '<=', '>', '>=']);
const comparisons = (list: string[]) =>
  few(few(fc.record({ column: oneOf<Comparison['column']>(['from', 'to']), op, at: oneOf(list) }), 2), 2);
const text = fc.oneof(
  fc.record({ equals: oneOf(NAMES) }),
  fc.record({ from: oneOf(NAMES), to: oneOf([...NAMES, 'zz']) }),
  fc.tuple(parameter, oneOf(['n', '%', '_', 'en', '\\', 'ann', ''])).map(([, contains]) => ({ contains, infix: false })),
);

export const condition: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition; leaf: Condition }>((tie) => {
  const inner = fc.array(tie('any'), { maxLength: 2 });
  return {
    leaf: fc.oneof(
      fc.record({ on: fc.constant('token' as const), any: few(oneOf(HASHES)) }),
      fc.record({ on: fc.constant('reference' as const), parameter, any: few(target) }),
      fc
        .record({ on: fc.constant('string' as const), parameter, any: few(text) })
        .map((c) => ({ ...c, any: c.any.map((t) => ('contains' in t ? { ...t, infix: c.parameter === PARAMETERS[0] } : t)) })),
      fc.record({ on: fc.constant('date' as const), parameter, any: comparisons(DAYS) }),
      fc
        .record({
          on: fc.constant('number' as const),
          parameter,
          any: comparisons(NUMBERS),
          unit: fc.option(oneOf(HASHES), { nil: undefined }),
        })
        .map(({ unit, ...c }) => (unit === undefined ? c : { ...c, unit })),
      fc.record({ on: fc.constant('lastUpdated' as const), any: few(few(fc.record({ op, at: oneOf(instants) }), 2), 2) }),
      fc.record({ on: fc.constant('id' as const), any: few(fc.nat(16).map(idOf)) }),
      fc.constant({ on: 'nothing' as const }),
    ),
    any: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      tie('leaf'),
      fc.record({ on: fc.constant('chain' as const), parameter, types: fc.uniqueArray(oneOf(TYPES), { minLength: 1 }), where: inner }),
      fc.record({ on: fc.constant('has' as const), type: oneOf(TYPES), parameter, where: inner }),
      fc.record({ on: fc.constant('or' as const), any: inner }),
      fc.record({ on: fc.constant('and' as const), all: inner }),
      fc.record({ on: fc.constant('not' as const), condition: tie('any') }),
    ),
  };
}).any;

const sortKey: fc.Arbitrary<SortKey> = fc.oneof(
  fc.record({ by: oneOf<'lastUpdated' | 'id'>(['lastUpdated', 'id']), descending: fc.boolean() }),
  fc.record({ by: oneOf<'string' | 'date' | 'number'>(['string', 'date', 'number']), parameter, descending: fc.boolean() }),
);

const inclusion = (source: ServedType): fc.Arbitrary<Inclusion> =>
  fc
    .record({
      direction: oneOf<Inclusion['direction']>(['include', 'revinclude']),
      types: fc.uniqueArray(oneOf(TYPES), { minLength: 1 }),
      parameter,
    })
    .map((one) => ({ ...one, source, types: one.direction === 'revinclude' ? one.types.slice(0, 1) : one.types }));

export const query: fc.Arbitrary<Query> = oneOf(TYPES).chain((type) =>
  fc.record({
    type: fc.constant(type),
    where: fc.array(condition, { maxLength: 2 }),
    sort: fc.array(sortKey, { maxLength: 3 }),
    count: fc.integer({ min: 1, max: 4 }),
    total: fc.constant('accurate' as const),
    include: few(inclusion(type), 2),
  }),
);

const COMPARE: Record<Comparison['op'], (order: number) => boolean> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

const passes = (list: string[], any: Comparison[][], row: { from: string; to: string }): boolean =>
  any.some((all) => all.every((c) => COMPARE[c.op](rank(list, row[c.column]) - rank(list, c.at))));

/** Whether a condition holds for a thing, among all things. */
export function holds(c: Condition, thing: Thing, things: Thing[]): boolean {
  const { index: rows } = thing;
  switch (c.on) {
    case 'token':
      return c.any.some((hash) => rows.tokens.includes(hash));
    case 'reference':
      return rows.references.some((row) => row.parameter === c.parameter && c.any.includes(row.target));
    case 'string':
      return rows.strings.some((row) => row.parameter === c.parameter && c.any.some((one) => textHolds(one, row.norm)));
    case 'date':
      return rows.dates.some((row) => row.parameter === c.parameter && passes(DAYS, c.any, row));
    case 'number':
      return rows.numbers.some(
        (row) => row.parameter === c.parameter && (c.unit === undefined || row.unit === c.unit) && passes(NUMBERS, c.any, row),
      );
    case 'lastUpdated':
      return c.any.some((all) => all.every((one) => COMPARE[one.op](rank(DAYS, thing.lastUpdated) - rank(DAYS, one.at))));
    case 'id':
      return c.any.includes(thing.id);
    case 'chain':
      return things.some(
        (far) => c.types.includes(far.type) && refers(thing, c.parameter, far) && c.where.every((one) => holds(one, far, things)),
      );
    case 'has':
      return things.some(
        (far) => far.type === c.type && refers(far, c.parameter, thing) && c.where.every((one) => holds(one, far, things)),
      );
    case 'or':
      return c.any.some((one) => holds(one, thing, things));
    case 'and':
      return c.all.every((one) => holds(one, thing, things));
    case 'not':
      return !holds(c.condition, thing, things);
    case 'nothing':
      return false;
  }
}

const refers = (from: Thing, by: number, to: Thing): boolean =>
  from.index.references.some((row) => row.parameter === by && row.target === to.index.self);

function textHolds(test: { from: string; to: string } | { equals: string } | { contains: string }, norm: string): boolean {
  if ('equals' in test) return norm === test.equals;
  if ('contains' in test) return norm.includes(test.contains);
  return byText(norm, test.from) >= 0 && byText(norm, test.to) < 0;
}

/** The ids of all matches, in the query's order. */
export function answer(things: Thing[], { type, where, sort }: Query): string[] {
  const keys: SortKey[] = sort.length ? sort : [{ by: 'lastUpdated', descending: true }];
  const found = things
    .map((thing, at) => ({ thing, at }))
    .filter(({ thing }) => thing.type === type && where.every((c) => holds(c, thing, things)));
  return found.sort((a, b) => compareBy(keys, a, b)).map(({ thing }) => thing.id);
}

function compareBy(keys: SortKey[], a: { thing: Thing; at: number }, b: { thing: Thing; at: number }): number {
  for (const key of keys) {
    const [x, y] = [sortValue(key, a.thing), sortValue(key, b.thing)];
    if (x === y) continue;
    if (x === undefined || y === undefined) return x === undefined ? 1 : -1;
    return key.descending ? y - x : x - y;
  }
  return keys[0]!.descending ? b.at - a.at : a.at - b.at;
}

/** What a key sees of a thing, as a rank; undefined: nothing. */
function sortValue(key: SortKey, { id, lastUpdated, index: rows }: Thing): number | undefined {
  if (!('parameter' in key)) return key.by === 'id' ? rank(SORTED_IDS, id) : rank(DAYS, lastUpdated);
  const side = { string: rows.strings, date: rows.dates, number: rows.numbers }[key.by];
  const own = side.find((row) => row.parameter === key.parameter && (key.descending ? row.high : row.low));
  if (own === undefined) return undefined;
  if ('norm' in own) return rank(SORTED_NAMES, own.norm);
  return rank(key.by === 'date' ? DAYS : NUMBERS, own.from);
}

/** The ids of what a page brings in. */
export function inclusionsOf(things: Thing[], page: string[], inclusions: Inclusion[]): string[] {
  const matches = things.filter((thing) => page.includes(thing.id));
  const brought = things.filter((thing) =>
    inclusions.some(
      ({ direction, types, parameter: by }) =>
        types.includes(thing.type) &&
        matches.some((match) => (direction === 'include' ? refers(match, by, thing) : refers(thing, by, match))),
    ),
  );
  return brought.map((thing) => thing.id).filter((id) => !page.includes(id));
}
