// Small random worlds of index rows and random queries about them. Few different values, so that much is equal to much, and the extremes of each type.
import fc from 'fast-check';
import { hash } from '../../src/fhir/hash.ts';
import type { DateRow, IndexRows, NumberRow, StringRow } from '../../src/fhir/index-rows.ts';
import type { Comparison, Condition, Inclusion, Query, SortKey } from '../../src/fhir/query.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import type { Change } from '../../src/store/store.ts';
import type { Stored } from '../fhir/matches.ts';

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
const selfOf = (type: ServedType, id: string): string => hash(`${type}/${id}`);

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
function marked<R extends { parameter: number }>(some: R[], worth: (row: R) => number): (R & { low: boolean; high: boolean })[] {
  return some.map((row, at) => {
    const others = some.flatMap((other, index) =>
      other.parameter === row.parameter && index !== at ? [{ worth: worth(other), index }] : [],
    );
    const low = others.every((other) => other.worth > worth(row) || (other.worth === worth(row) && other.index > at));
    const high = others.every((other) => other.worth < worth(row) || (other.worth === worth(row) && other.index > at));
    return { ...row, low, high };
  });
}

const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const SORTED_NAMES = [...NAMES].sort(byText);
const stringRow = fc.record({ parameter, norm: oneOf(NAMES) }).map((row) => ({ ...row, infix: row.parameter === PARAMETERS[0] }));
const dateRow = fc.record({ parameter, ends: ends(DAYS) }).map((row) => ({ parameter: row.parameter, ...row.ends }));
const numberRow = fc
  .record({ parameter, ends: ends(NUMBERS), unit: fc.option(oneOf(HASHES), { nil: undefined }) })
  .map((row) => ({ parameter: row.parameter, ...row.ends, ...(row.unit !== undefined && { unit: row.unit }) }));
const target = fc.tuple(oneOf(TYPES), fc.nat(14)).map(([type, n]) => selfOf(type, idOf(n)));

const rows: fc.Arbitrary<Omit<IndexRows, 'self'>> = fc.record({
  tokens: fc.uniqueArray(oneOf(HASHES), { maxLength: 3 }),
  strings: few(stringRow).map((some): StringRow[] => marked(some, (row) => rank(SORTED_NAMES, row.norm))),
  dates: few(dateRow, 2).map((some): DateRow[] => marked(some, (row) => rank(DAYS, row.from))),
  numbers: few(numberRow, 2).map((some): NumberRow[] => marked(some, (row) => rank(NUMBERS, row.from))),
  references: few(fc.record({ parameter, target })),
});

/** Up to fifteen resources, in the order of storing. */
export const world: fc.Arbitrary<Stored[]> = fc
  .array(fc.record({ type: oneOf(TYPES), lastUpdated: oneOf(instants), rows }), { maxLength: 15 })
  .map((resources) => resources.map((one, n) => ({ ...one, id: idOf(n), rows: { ...one.rows, self: selfOf(one.type, idOf(n)) } })));

export const changeOf = ({ type, id, lastUpdated, rows: index }: Stored): Change => ({
  type,
  id,
  version: 1,
  lastUpdated,
  method: 'POST',
  actor: 'key',
  body: JSON.stringify({ resourceType: type, id }),
  index,
});

const op = oneOf<Comparison['op']>(['<', '<=', '>', '>=']);
const comparisons = (list: string[]) =>
  few(few(fc.record({ column: oneOf<Comparison['column']>(['from', 'to']), op, at: oneOf(list) }), 2), 2);
const text = fc.oneof(
  fc.record({ equals: oneOf(NAMES) }),
  fc.record({ from: oneOf(NAMES), to: oneOf([...NAMES, 'zz']) }),
  fc.tuple(parameter, oneOf(['n', '%', '_', 'en', '\\', 'ann', ''])).map(([, contains]) => ({ contains, infix: false })),
);

const condition: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition; leaf: Condition }>((tie) => {
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

/** Several conditions on one date or number parameter: which the store tests together, and resources may meet by several rows. */
const together: fc.Arbitrary<Condition[]> = fc.tuple(parameter, fc.boolean()).chain(([by, dates]) => {
  const date: fc.Arbitrary<Condition> = fc.record({ on: fc.constant('date' as const), parameter: fc.constant(by), any: comparisons(DAYS) });
  const number: fc.Arbitrary<Condition> = fc.record({
    on: fc.constant('number' as const),
    parameter: fc.constant(by),
    any: comparisons(NUMBERS),
  });
  return fc.array(dates ? date : number, { minLength: 2, maxLength: 3 });
});

export const query: fc.Arbitrary<Query> = oneOf(TYPES).chain((type) =>
  fc.record({
    type: fc.constant(type),
    where: fc.oneof({ weight: 2, arbitrary: fc.array(condition, { maxLength: 2 }) }, { weight: 1, arbitrary: together }),
    sort: fc.array(sortKey, { maxLength: 3 }),
    count: fc.integer({ min: 1, max: 4 }),
    total: fc.constant('accurate' as const),
    include: few(inclusion(type), 2),
  }),
);
