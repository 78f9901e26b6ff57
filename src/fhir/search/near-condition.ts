// Parses `near` on Location. The index of positions: indexing/geography.ts. https://hl7.org/fhir/R4/location.html#search
// latitude|longitude|distance|units. The default unit is kilometers, the default distance 50 km.
import { parseDecimal } from '../decimal.ts';
import { type GeoCircle, toGeoPosition } from '../indexing/geography.ts';
import { invalid } from '../outcome.ts';
import { findUcumUnit } from '../ucum.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, splitParts } from './search-value.ts';

const NEARBY = 50_000;
/** Spellings of units in addition to UCUM codes of length. */
const SPELLINGS: Record<string, string> = { '': 'km', mi: '[mi_i]' };
const SYNTAX = 'near must be latitude|longitude|distance|units, with units km, m or mi; distance and units may be left out';

/** Parses the alternatives as circles: a position in any of them matches. */
export const parseNearCondition = ({ code, number }: SearchParameter, value: string): Condition => ({
  on: 'near',
  parameter: number,
  any: splitAlternatives(code, value).map(parseCircle),
});

function parseCircle(piece: string): GeoCircle {
  const [latitude = '', longitude = '', distance = '', units = '', more] = splitParts(piece);
  const place = parseDecimal(latitude) && parseDecimal(longitude) && toGeoPosition(Number(latitude), Number(longitude));
  if (!place || more !== undefined) throw invalid(SYNTAX);
  return { ...place, meters: distance === '' ? NEARBY : parseMeters(distance, units) };
}

function parseMeters(distance: string, units: string): number {
  const unit = findUcumUnit(Object.hasOwn(SPELLINGS, units) ? SPELLINGS[units]! : units);
  const value = parseDecimal(distance);
  if (!value || value.digits < 0n || unit?.dimension !== 'm1') throw invalid(SYNTAX);
  return Number(unit.toCanonical(value));
}
