// Positions within a circle as SQL: a box that the index has, and within it the distance. A row of sx_composite is a position: key_h its strip of
// longitude, from_n its latitude, from_m its longitude.

import { buildBoundingBox, type GeoCircle, toMaxSeparation } from '../../fhir/indexing/geography.ts';
import type { Condition } from '../../fhir/search/query.ts';
import type { Binder } from '../database/parameter-binder.ts';

/** True for the rows of sx_composite (alias `x`) within one of the circles. */
export function buildNearTest(x: string, { any }: Extract<Condition, { on: 'near' }>, binder: Binder): string {
  return `(${any.map((circle) => buildCircleTest(x, circle, binder)).join(' or ')})`;
}

function buildCircleTest(x: string, circle: GeoCircle, { bind }: Binder): string {
  const { cells, south, north } = buildBoundingBox(circle);
  const float = (value: number): string => `${bind(value)}::float8`;
  const [latitude, longitude] = [`${x}.from_n::float8`, `${x}.from_m::float8`];
  const [height, width] = [`(${latitude} - ${float(circle.latitude)})`, `(${longitude} - ${float(circle.longitude)})`];
  const apart = `power(sind(${height} / 2), 2) + cosd(${latitude}) * cosd(${float(circle.latitude)}) * power(sind(${width} / 2), 2)`;
  return [
    ...(cells ? [`${x}.key_h = any(${bind(`{${cells.join(',')}}`)}::bigint[])`] : []),
    `not ${x}.long and ${x}.from_n between ${float(south)}::numeric and ${float(north)}::numeric`,
    `${apart} <= ${float(toMaxSeparation(circle))}`,
  ].join(' and ');
}
