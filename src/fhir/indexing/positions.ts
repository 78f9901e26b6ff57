// What stands in the index of a position on the earth, for `near` on Location. https://hl7.org/fhir/R4/location.html#search

import { readMember } from '../json-values.ts';
import { toGeoPosition, toLongitudeCell } from './geography.ts';
import type { CompositeRow, ParameterNumber } from './rows.ts';
import type { TypedValue } from './typed-value.ts';

/** A row per position: found by its strip of longitude, its latitude and longitude as the two numbers that belong together. */
export function buildPositionRows(parameter: ParameterNumber, values: readonly TypedValue[]): CompositeRow[] {
  return values.flatMap(({ value }) => {
    const [latitude, longitude] = [readMember(value, 'latitude'), readMember(value, 'longitude')];
    const place = typeof latitude !== 'number' || typeof longitude !== 'number' ? undefined : toGeoPosition(latitude, longitude);
    if (!place) return [];
    return [
      {
        parameter,
        key: String(toLongitudeCell(place)),
        forms: [],
        number: toPointSpan(place.latitude),
        measure: toPointSpan(place.longitude),
      },
    ];
  });
}

const toPointSpan = (value: number) => ({ from: String(value), to: String(value) });
