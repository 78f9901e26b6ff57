// `near` on Location: what a search means. What stands in the index of a position: indexing/positions.ts. https://hl7.org/fhir/R4/location.html#search
// latitude|longitude|distance|units, in kilometers if no units are given; without a distance, what is 50 km away is near.
import { decimal } from '../decimal.ts';
import { type Circle, placeOf } from '../indexing/sphere.ts';
import { ucumUnit } from '../indexing/ucum.ts';
import { invalid } from '../outcome.ts';
import type { SearchParameter } from './parameters.ts';
import type { Condition } from './query.ts';
import { alternatives, parts } from './text.ts';

const NEARBY = 50_000;
/** Units as people write them, beside all lengths of UCUM. */
const SPELLINGS: Record<string, string> = { '': 'km', mi: '[mi_i]' };
const SYNTAX = 'near takes latitude|longitude|distance|units, units as km, m or mi; distance and units may be left out';

/** One of the circles. */
export const nearCondition = ({ code, number }: SearchParameter, value: string): Condition => ({
  on: 'near',
  parameter: number,
  any: alternatives(code, value).map(circle),
});

function circle(piece: string): Circle {
  const [latitude = '', longitude = '', distance = '', units = '', more] = parts(piece);
  const place = decimal(latitude) && decimal(longitude) && placeOf(Number(latitude), Number(longitude));
  if (!place || more !== undefined) throw invalid(SYNTAX);
  return { ...place, meters: distance === '' ? NEARBY : meters(distance, units) };
}

function meters(distance: string, units: string): number {
  const unit = ucumUnit(Object.hasOwn(SPELLINGS, units) ? SPELLINGS[units]! : units);
  const value = decimal(distance);
  if (!value || value.digits < 0n || unit?.dimension !== 'm1') throw invalid(SYNTAX);
  return Number(unit.canonical(value));
}
