// Builds the SQL of composite and `near` conditions. A row of sx_composite is one occurrence of an element, found by its key and by a range or text in it. For
// a geographic position, key_h has the strip of longitude, from_n the latitude and from_m the longitude.

import { buildBoundingBox, type GeoCircle, toMaxSeparation } from '../../fhir/indexing/geography.ts';
import type { Comparison, Condition, Within } from '../../fhir/search/query.ts';
import type { Binder, ParameterType } from '../database/parameter-binder.ts';
import { toStorableText } from '../database/values.ts';

type Composite = Extract<Condition, { on: 'composite' }>;
type RangeWithin = Exclude<Within, { of: 'norm' }>;

/** The columns of a range (`from_…`, `to_…`) and their type. `short`: the longest range of a row that is not `long` (see index-tables.ts). */
const SIDES: Record<RangeWithin['of'], { suffix: string; type: ParameterType; short: string }> = {
  number: { suffix: '_n', type: 'numeric', short: '0' },
  measure: { suffix: '_m', type: 'numeric', short: '0' },
  date: { suffix: '_at', type: 'timestamptz', short: "interval '24 hours'" },
};

/** True for the rows of sx_composite (alias `x`) that meet the condition. */
export function buildCompositeTest(x: string, { key, forms, within }: Composite, binder: Binder): string {
  const tests = [
    ...(key === undefined ? [] : [`${x}.key_h = ${binder.bind(key, 'bigint')}`]),
    ...(forms.length ? [`${x}.forms @> ${binder.bind(`{${forms.join(',')}}`, 'bigint[]')}`] : []),
    ...within.map((one, at) => buildWithinTest(x, one, at === 0, binder)),
  ];
  return tests.join(' and ');
}

/** `leading`: the first range of the row, which the column `long` describes (see index-tables.ts). */
function buildWithinTest(x: string, within: Within, leading: boolean, binder: Binder): string {
  if (within.of === 'norm') return buildTextTest(x, within, binder);
  return leading ? buildRangeTest(x, within, binder) : buildAlternatives(x, within, binder);
}

const buildTextTest = (x: string, { from, to }: { from: string; to: string }, { bind }: Binder): string =>
  `${x}.norm >= ${bind(toStorableText(from), 'text')} and ${x}.norm < ${bind(toStorableText(to), 'text')}`;

/** For short rows, a test of `to` also bounds `from`, which the index has. Long rows are few and separate in the index. */
function buildRangeTest(x: string, { of, any }: RangeWithin, binder: Binder): string {
  const arms = any.flatMap((all) => {
    const tests = all.map((comparison) => buildComparison(x, comparison, of, binder));
    const bounds = all.filter(({ column }) => column === 'to').map((comparison) => buildStartBound(x, comparison, of, binder));
    return [
      [`not ${x}.long`, ...tests, ...bounds],
      [`${x}.long`, ...tests],
    ].map((arm) => `(${arm.join(' and ')})`);
  });
  return arms.length ? `${x}.from${SIDES[of].suffix} is not null and (${arms.join(' or ')})` : 'false';
}

const buildAlternatives = (x: string, { of, any }: RangeWithin, binder: Binder): string => {
  const arms = any.map((all) => all.map((comparison) => buildComparison(x, comparison, of, binder)));
  return arms.length ? `(${arms.map((tests) => (tests.length ? `(${tests.join(' and ')})` : 'true')).join(' or ')})` : 'false';
};

const buildComparison = (x: string, { column, op, at }: Comparison, of: RangeWithin['of'], { bind }: Binder): string =>
  `${x}.${column}${SIDES[of].suffix} ${op} ${bind(at, SIDES[of].type)}`;

/** The bound on `from` that follows from a test of `to`. */
function buildStartBound(x: string, { op, at }: Comparison, of: RangeWithin['of'], { bind }: Binder): string {
  const { suffix, type, short } = SIDES[of];
  const from = `${x}.from${suffix}`;
  return op.startsWith('<') ? `${from} <= ${bind(at, type)}` : `${from} >= ${bind(at, type)} - ${short}`;
}

/** True for the rows of sx_composite (alias `x`) within one of the circles. */
export function buildNearTest(x: string, { any }: Extract<Condition, { on: 'near' }>, binder: Binder): string {
  return `(${any.map((circle) => buildCircleTest(x, circle, binder)).join(' or ')})`;
}

function buildCircleTest(x: string, circle: GeoCircle, { bind }: Binder): string {
  const { cells, south, north } = buildBoundingBox(circle);
  const float = (value: number): string => bind(value, 'float8');
  const [latitude, longitude] = [`${x}.from_n::float8`, `${x}.from_m::float8`];
  const [height, width] = [`(${latitude} - ${float(circle.latitude)})`, `(${longitude} - ${float(circle.longitude)})`];
  const haversine = `power(sind(${height} / 2), 2) + cosd(${latitude}) * cosd(${float(circle.latitude)}) * power(sind(${width} / 2), 2)`;
  return [
    ...(cells ? [`${x}.key_h = any(${bind(`{${cells.join(',')}}`, 'bigint[]')})`] : []),
    `not ${x}.long and ${x}.from_n between ${float(south)}::numeric and ${float(north)}::numeric`,
    `${haversine} <= ${float(toMaxSeparation(circle))}`,
  ].join(' and ');
}
