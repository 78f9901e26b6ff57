// What stands in the index of a position on the earth, for `near` on Location. https://hl7.org/fhir/R4/location.html#search

import type { CompositeRow, ParameterNumber } from './rows.ts';
import { cellOf, placeOf } from './sphere.ts';
import type { TypedValue } from './typed-value.ts';

/** A row per position: found by its strip of longitude, its latitude and longitude as the two numbers that belong together. */
export function positionRows(parameter: ParameterNumber, values: readonly TypedValue[]): CompositeRow[] {
  return values.flatMap(({ value }) => {
    const { latitude, longitude } = value as { latitude?: number; longitude?: number };
    const place = latitude === undefined || longitude === undefined ? undefined : placeOf(latitude, longitude);
    if (!place) return [];
    return [{ parameter, key: String(cellOf(place)), forms: [], number: point(place.latitude), measure: point(place.longitude) }];
  });
}

const point = (value: number) => ({ from: String(value), to: String(value) });
