// Random index rows and random queries about them, with few different values, so that many are equal, and the extremes of each type.

import { hash } from '../../src/fhir/hash.ts';
import { toGeoPosition, toLongitudeCell } from '../../src/fhir/indexing/geography.ts';
import type { CodeRow, CompositeRow, DateRow, IndexRows, NumberRow, StringRow } from '../../src/fhir/indexing/rows.ts';
import { shareTexts } from '../../src/fhir/indexing/shared-texts.ts';
import type { Comparison, Condition, Inclusion, Query, SortKey, TypeQuery, Within } from '../../src/fhir/search/query.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import fc from '../fast-check.ts';
import type { Stored } from '../fhir/matches.ts';
import { ownCondition, ownKey, ownNumber, PARAMETERS, SHARING, sharedBy, TYPES } from './own-parameters.ts';

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
const idOf = (n: number) => `id-${n}`;
/** The hash of `Type/id` in this world. */
const selfOf = (type: ServedType, id: string): string => hash(`${type}/${id}`);

const oneOf = <T>(items: T[]) => fc.constantFrom(...items);
const few = <T>(item: fc.Arbitrary<T>, max = 3) => fc.array(item, { maxLength: max });
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
const SPELLINGS = [-2_147_483_648, 7];
/** A text, often also of the parameter that shares its rows. */
const texts = fc
  .record({ parameter, norm: oneOf(NAMES), spelling: fc.option(oneOf(SPELLINGS), { nil: undefined }), isShared: fc.boolean() })
  .map(({ parameter: by, isShared, spelling, norm }) =>
    (isShared ? [by, SHARING] : [by]).map((own) => ({
      ...{ parameter: own, norm, infix: own === PARAMETERS[0] },
      ...(spelling !== undefined && { spelling }),
    })),
  );
const dateRow = fc.record({ parameter, ends: ends(DAYS) }).map((row) => ({ parameter: row.parameter, ...row.ends }));
const maybeHash = fc.option(oneOf(HASHES), { nil: undefined });
/** Numbers of one parameter are all quantities or none is. */
const numberRow = fc
  .record({ parameter, ends: ends(NUMBERS), unit: maybeHash, label: maybeHash, measured: ends(NUMBERS), measure: maybeHash })
  .map(({ parameter: by, ends: written, unit, label, measured, measure }) => ({
    parameter: by,
    ...written,
    ...(unit !== undefined && { unit }),
    ...(label !== undefined && { label }),
    ...(by !== PARAMETERS[1] && { measure: { ...measured, ...(measure !== undefined && { unit: measure }) } }),
  }));
const target = fc.tuple(oneOf(TYPES), fc.nat(14)).map(([type, n]) => selfOf(type, idOf(n)));

function codesOf(by: number, places: [number, number]): CodeRow {
  const [low, high] = places.map((place) => SORTED_NAMES[place]!).sort(byText);
  return { parameter: by, low: low!, high: high! };
}

/** As `ends`, or a single value. */
const spans = (list: string[]) =>
  fc.oneof(
    ends(list),
    oneOf(list.slice(1, -1)).map((at) => ({ from: at, to: at })),
  );

const compositeRow: fc.Arbitrary<CompositeRow> = fc
  .record({
    parameter,
    key: oneOf(HASHES),
    forms: fc.uniqueArray(oneOf(HASHES), { maxLength: 3 }),
    within: fc.oneof(
      ends(NUMBERS).map((number) => ({ number })),
      fc.tuple(ends(NUMBERS), ends(NUMBERS)).map(([number, measure]) => ({ number, measure })),
      ends(DAYS).map((date) => ({ date })),
      oneOf(NAMES).map((norm) => ({ norm })),
    ),
  })
  .map(({ within: one, ...row }) => ({ ...row, ...one }));
/** Parameters whose rows have several ranges: two numbers; a number, a date and a text. */
const TWO_NUMBERS = 5;
const NUMBER_DATE_NORM = 6;
const severalRangesRow: fc.Arbitrary<CompositeRow> = fc
  .record({
    key: oneOf(HASHES),
    forms: fc.uniqueArray(oneOf(HASHES), { maxLength: 2 }),
    ranges: fc.oneof(
      fc.tuple(spans(NUMBERS), spans(NUMBERS)).map(([number, measure]) => ({ parameter: TWO_NUMBERS, number, measure })),
      fc
        .tuple(spans(NUMBERS), spans(DAYS), oneOf(NAMES))
        .map(([number, date, norm]) => ({ parameter: NUMBER_DATE_NORM, number, date, norm })),
    ),
  })
  .map(({ ranges, ...row }) => ({ ...row, ...ranges }));
/** The parameter of positions. */
const NEAR = 4;
const place = fc
  .tuple(oneOf([0, 1e-3, 52.5, 89.99, -90]), oneOf([0, 13.4, 13.405, 179.999, -180, -0.001]))
  .map(([lat, long]) => toGeoPosition(lat, long)!);
const point = (value: number) => ({ from: String(value), to: String(value) });
const positionRow: fc.Arbitrary<CompositeRow> = place.map((position) => ({
  parameter: NEAR,
  key: String(toLongitudeCell(position)),
  forms: [],
  number: point(position.latitude),
  measure: point(position.longitude),
}));
const circle = fc
  .tuple(place, oneOf([0, 150, 500, 40_000, 1_000_000, 9_999_999, 3e7]))
  .map(([position, meters]) => ({ ...position, meters }));

const rows: fc.Arbitrary<Omit<IndexRows, 'self'>> = fc.record({
  tokens: fc.uniqueArray(oneOf(HASHES), { maxLength: 3 }),
  strings: fc
    .tuple(few(texts), few(texts, 1))
    .map(([some, unsorted]): StringRow[] => [
      ...marked(some.flat(), (row) => rank(SORTED_NAMES, row.norm)),
      ...unsorted.flat().map((row) => ({ ...row, low: false, high: false })),
    ]),
  dates: few(dateRow, 2).map((some): DateRow[] => marked(some, (row) => rank(DAYS, row.from))),
  numbers: few(numberRow, 2).map((some): NumberRow[] => marked(some, (row) => rank(NUMBERS, (row.measure ?? row).from))),
  references: few(fc.record({ parameter, target, text: fc.option(oneOf(NAMES), { nil: undefined }) })).map((some) =>
    some.map(({ text: written, ...row }) => (written === undefined ? row : { ...row, text: written })),
  ),
  codes: fc
    .uniqueArray(parameter)
    .chain((some) =>
      fc.tuple(...some.map((one) => fc.tuple(fc.nat(NAMES.length - 1), fc.nat(NAMES.length - 1)).map((of) => codesOf(one, of)))),
    ),
  composites: few(
    fc.oneof({ weight: 2, arbitrary: compositeRow }, { weight: 1, arbitrary: positionRow }, { weight: 2, arbitrary: severalRangesRow }),
  ),
});

/** The rows, and beside them the same under the numbers of the type's own parameters. */
function rowsOf(type: ServedType, all: Omit<IndexRows, 'self'>): Omit<IndexRows, 'self'> {
  const twice = <R extends { parameter: number }>(some: R[]): R[] => [
    ...some,
    ...some.map((row) => ({ ...row, parameter: ownNumber(type, row.parameter) })),
  ];
  const { strings, dates, numbers, references, codes } = all;
  return {
    ...all,
    strings: shareTexts(twice(strings), [[ownNumber(type, SHARING), sharedBy(type)]]),
    dates: twice(dates),
    numbers: twice(numbers),
    references: twice(references),
    codes: twice(codes),
  };
}

/** Up to fifteen resources, in the order of storing. */
export const world: fc.Arbitrary<Stored[]> = fc
  .array(fc.record({ type: oneOf(TYPES), lastUpdated: oneOf(instants), rows }), { maxLength: 15 })
  .map((resources) =>
    resources.map(({ rows: all, ...resource }, n) => ({
      ...resource,
      id: idOf(n),
      rows: { ...rowsOf(resource.type, all), self: selfOf(resource.type, idOf(n)) },
    })),
  );

export const changeOf = ({ type, id, lastUpdated, rows: index }: Stored): ResourceChange => ({
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
const numberWithin = (of: 'number' | 'measure'): fc.Arbitrary<Within> => fc.record({ of: fc.constant(of), any: comparisons(NUMBERS) });
const dateWithin: fc.Arbitrary<Within> = fc.record({ of: fc.constant('date' as const), any: comparisons(DAYS) });
const normWithin: fc.Arbitrary<Within> = fc.record({
  of: fc.constant('norm' as const),
  from: oneOf(NAMES),
  to: oneOf([...NAMES, 'zz']),
});
const within: fc.Arbitrary<Within[]> = fc
  .oneof(numberWithin('number'), numberWithin('measure'), dateWithin, normWithin)
  .map((one) => [one]);
/** A test of each range of a row with several. */
const severalRanges: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.oneof(
      fc.record({ parameter: fc.constant(TWO_NUMBERS), within: fc.tuple(numberWithin('number'), numberWithin('measure')) }),
      fc.record({ parameter: fc.constant(NUMBER_DATE_NORM), within: fc.tuple(numberWithin('number'), dateWithin, normWithin) }),
    ),
    fc.option(oneOf(HASHES), { nil: undefined }),
  )
  .map(([ranges, key]) => ({ on: 'composite', forms: [], ...ranges, ...(key !== undefined && { key }) }));
const text = fc.oneof(
  fc.record({ equals: oneOf(NAMES) }),
  fc.record({ equals: oneOf(NAMES), spelling: oneOf(SPELLINGS) }),
  fc.record({ among: few(oneOf(NAMES)) }),
  fc.record({ ends: oneOf(['n', '%', '_c', '\\', '']), infix: fc.constant(false) }),
  fc.record({ from: oneOf(NAMES), to: oneOf([...NAMES, 'zz']) }),
  fc.tuple(parameter, oneOf(['n', '%', '_', 'en', '\\', 'ann', ''])).map(([, contains]) => ({ contains, infix: false })),
);

/** The same parameter of other types. */
const withOthers = (condition: Condition, others: number[]): Condition =>
  'parameter' in condition && condition.on !== 'has' && condition.on !== 'near' && others.length ? { ...condition, others } : condition;

const condition: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition; leaf: Condition }>((tie) => {
  const inner = fc.array(tie('any'), { maxLength: 2 });
  return {
    leaf: fc.oneof(
      fc.record({ on: fc.constant('token' as const), any: few(oneOf(HASHES)) }),
      fc.record({ on: fc.constant('reference' as const), parameter, any: few(target) }),
      fc.record({
        on: fc.constant('hierarchy' as const),
        ...{ direction: oneOf<'above' | 'below'>(['above', 'below']), types: fc.constant(TYPES) },
        ...{ links: fc.uniqueArray(parameter, { minLength: 1, maxLength: 2 }), parameter, any: few(target) },
      }),
      fc
        .record({ on: fc.constant('string' as const), parameter, any: few(text) })
        .map((c) => ({ ...c, any: c.any.map((t) => ('contains' in t ? { ...t, infix: c.parameter === PARAMETERS[0] } : t)) })),
      fc.record({ on: fc.constant('date' as const), parameter, any: comparisons(DAYS) }),
      fc.record({
        on: fc.constant('composite' as const),
        parameter,
        others: fc.uniqueArray(parameter, { maxLength: 1 }),
        ...{ forms: fc.uniqueArray(oneOf(HASHES), { maxLength: 2 }), within, key: oneOf(HASHES) },
      }),
      fc.record({ on: fc.constant('composite' as const), parameter, forms: fc.constant<string[]>([]), within }),
      severalRanges,
      fc.record({ on: fc.constant('near' as const), parameter: fc.constant(NEAR), any: fc.array(circle, { minLength: 1, maxLength: 2 }) }),
      fc
        .record({
          on: fc.constant('number' as const),
          parameter,
          any: comparisons(NUMBERS),
          of: oneOf<'unit' | 'measure'>(['unit', 'measure']),
          hash: maybeHash,
        })
        .map(({ of, hash: expected, ...c }): Condition => (expected === undefined ? c : { ...c, [of]: expected })),
      fc.record({ on: fc.constant('lastUpdated' as const), any: few(few(fc.record({ op, at: oneOf(instants) }), 2), 2) }),
      fc.record({ on: fc.constant('id' as const), any: few(fc.nat(16).map(idOf)) }),
      fc.record({ on: fc.constant('type' as const), types: fc.uniqueArray(oneOf(TYPES), { minLength: 1 }) }),
      fc.constant({ on: 'nothing' as const }),
    ),
    any: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      fc.tuple(tie('leaf'), few(parameter, 2)).map(([leaf, others]) => withOthers(leaf, others)),
      fc.record({
        on: fc.constant('chain' as const),
        parameters: fc.uniqueArray(parameter, { minLength: 1 }),
        types: fc.uniqueArray(oneOf(TYPES), { minLength: 1 }),
        where: inner,
      }),
      fc.record({ on: fc.constant('has' as const), type: oneOf(TYPES), parameter, where: inner }),
      fc.record({ on: fc.constant('or' as const), any: inner }),
      fc.record({ on: fc.constant('and' as const), all: inner }),
      fc.record({ on: fc.constant('not' as const), condition: tie('any') }),
    ),
  };
}).any;

const SORTED: Exclude<SortKey['by'], 'id' | 'lastUpdated' | 'quantity'>[] = ['string', 'date', 'number', 'token', 'reference'];
const sortKey: fc.Arbitrary<SortKey> = fc.oneof(
  fc.record({ by: oneOf<'lastUpdated' | 'id'>(['lastUpdated', 'id']), descending: fc.boolean() }),
  fc
    .record({ by: oneOf(SORTED), parameter, descending: fc.boolean() })
    .map((key): SortKey => (key.by === 'number' && key.parameter !== PARAMETERS[1] ? { ...key, by: 'quantity' } : key)),
);

const inclusion: fc.Arbitrary<Inclusion> = fc
  .record({
    direction: oneOf<Inclusion['direction']>(['include', 'revinclude']),
    from: fc.uniqueArray(oneOf(TYPES), { minLength: 1 }),
    types: fc.uniqueArray(oneOf(TYPES), { minLength: 1 }),
    parameters: fc.uniqueArray(parameter, { minLength: 1 }),
    iterate: fc.boolean(),
  })
  .map((inclusion) => ({ ...inclusion, types: inclusion.direction === 'revinclude' ? inclusion.types.slice(0, 1) : inclusion.types }));

/** Several conditions on one date or number parameter: which the store tests together, and resources may meet by several rows. */
const together: fc.Arbitrary<Condition[]> = fc.tuple(parameter, fc.boolean(), fc.boolean()).chain(([by, dates, measured]) => {
  const date: fc.Arbitrary<Condition> = fc.record({ on: fc.constant('date' as const), parameter: fc.constant(by), any: comparisons(DAYS) });
  const number: fc.Arbitrary<Condition> = fc.record({
    on: fc.constant('number' as const),
    parameter: fc.constant(by),
    any: comparisons(NUMBERS),
    ...(measured && { measure: fc.constant('7') }),
  });
  return fc.array(dates ? date : number, { minLength: 2, maxLength: 3 });
});

const where = fc.oneof({ weight: 2, arbitrary: fc.array(condition, { maxLength: 2 }) }, { weight: 1, arbitrary: together });

const whereOf = (of: ServedType): fc.Arbitrary<Condition[]> => where.map((all) => all.map((condition) => ownCondition(of, condition)));

/** A search of one type, or of all of them, each asked something of its own and sorted by parameters of its own. */
export const query: fc.Arbitrary<Query> = fc
  .tuple(fc.shuffledSubarray(TYPES, { minLength: TYPES.length }), fc.boolean(), fc.array(sortKey, { maxLength: 3 }))
  .chain(([[type, ...others], several, sort]) => {
    const own = (of: ServedType, key: SortKey, by: number): SortKey => ('parameter' in key ? ownKey(of, { ...key, parameter: by }) : key);
    const keys = (of: ServedType) => fc.tuple(...sort.map((key) => parameter.map((by) => own(of, key, by))));
    const slice = (of: ServedType): fc.Arbitrary<TypeQuery> => fc.record({ type: fc.constant(of), where: whereOf(of), sort: keys(of) });
    return fc.record({
      type: fc.constant(type!),
      where: whereOf(type!),
      sort: keys(type!),
      also: several ? fc.tuple(...others.map(slice)) : fc.constant([]),
      count: fc.integer({ min: 1, max: 4 }),
      total: fc.constant('accurate' as const),
      include: few(inclusion, 2),
    });
  });

const someTests = (list: string[]): fc.Arbitrary<Comparison[][]> => {
  const comparison = fc.record({ column: oneOf<Comparison['column']>(['from', 'to']), op, at: oneOf(list) });
  return fc.array(fc.array(comparison, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 });
};
const textRange = fc.oneof(
  { weight: 3, arbitrary: fc.record({ from: oneOf(NAMES), to: oneOf([...NAMES, 'zz']) }) },
  { weight: 1, arbitrary: fc.record({ equals: oneOf(NAMES) }) },
);

/** What a sort key of this kind can be bounded by. */
const BOUNDING = {
  date: (of: number): fc.Arbitrary<Condition> =>
    fc.record({ on: fc.constant('date' as const), parameter: fc.constant(of), any: someTests(DAYS) }),
  number: (of: number): fc.Arbitrary<Condition> =>
    fc.record({ on: fc.constant('number' as const), parameter: fc.constant(of), any: someTests(NUMBERS) }),
  quantity: (of: number): fc.Arbitrary<Condition> =>
    fc
      .tuple(someTests(NUMBERS), fc.option(oneOf(HASHES), { freq: 4, nil: undefined }))
      .map(([any, measure]) => ({ on: 'number', parameter: of, any, ...(measure !== undefined && { measure }) })),
  string: (of: number): fc.Arbitrary<Condition> =>
    fc.record({ on: fc.constant('string' as const), parameter: fc.constant(of), any: fc.array(textRange, { minLength: 1, maxLength: 2 }) }),
};

/** A search of one type, sorted by a parameter of its own that conditions are on too, and by what else there is. */
export const boundedQuery: fc.Arbitrary<Query> = fc
  .tuple(
    oneOf(TYPES),
    oneOf(['date', 'date', 'number', 'quantity', 'string'] as const),
    parameter,
    fc.boolean(),
    fc.array(sortKey, { maxLength: 1 }),
  )
  .chain(([type, kind, base, descending, others]) => {
    const by = kind === 'number' ? PARAMETERS[1]! : kind === 'quantity' && base === PARAMETERS[1] ? PARAMETERS[0]! : base;
    const own = { by: kind, parameter: by, descending };
    const further = others.map((key) => ('parameter' in key ? ownKey(type, key) : key));
    const bounding = fc.array(BOUNDING[kind](ownNumber(type, by)), { minLength: 1, maxLength: 3 });
    return fc.record({
      type: fc.constant(type),
      where: fc
        .tuple(bounding, fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(condition) }))
        .map(([some, others]) => [
          ...some.map((one) => (kind === 'string' && by === SHARING ? { ...one, shared: [sharedBy(type)] } : one)),
          ...others,
        ]),
      sort: fc.constant([ownKey(type, own), ...further]),
      count: fc.integer({ min: 1, max: 4 }),
      total: fc.constant('accurate' as const),
      include: fc.constant([]),
    });
  });
