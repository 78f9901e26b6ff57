// What stands in the index of a position on the earth, for `near` on Location. https://hl7.org/fhir/R4/location.html#search

import { toGeoPosition, toLongitudeCell } from './geography.ts';
import type { CompositeRow, ParameterNumber } from './rows.ts';
import type { TypedValue } from './typed-value.ts';

/** A row per position: found by its strip of longitude, its latitude and longitude as the two numbers that belong together. */
export function buildPositionRows(parameter: ParameterNumber, values: readonly TypedValue[]): CompositeRow[] {
  return values.flatMap(({ value }) => {
    const { latitude, longitude } = value as { latitude?: number; longitude?: number };
    const place = latitude === undefined || longitude === undefined ? undefined : toGeoPosition(latitude, longitude);
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
