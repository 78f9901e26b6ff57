// Positions on the earth: their index rows, and distances between them. The earth counts as a sphere, which differs from WGS 84 by at most 0.5 %. https://hl7.org/fhir/R4/location.html#search
import { readMember } from '../json-values.ts';
import type { CompositeRow, ParameterNumber } from './rows.ts';
import type { TypedValue } from './typed-value.ts';

/** A place in degrees. `longitude`: -180 to less than 180. */
interface GeoPosition {
  latitude: number;
  longitude: number;
}

/** All places that are no farther from its centre than so many meters. */
export interface GeoCircle extends GeoPosition {
  meters: number;
}

/** The mean radius, in meters. */
const RADIUS = 6_371_008.8;
const DEGREE = Math.PI / 180;
const CELLS = 360;

/** The place of a latitude and a longitude; undefined when there is no such latitude. Longitudes go round the earth. */
export function toGeoPosition(latitude: number, longitude: number): GeoPosition | undefined {
  if (!Number.isFinite(longitude) || !(Math.abs(latitude) <= 90)) return undefined;
  const around = (((longitude + 180) % 360) + 360) % 360;
  return { latitude, longitude: around === 360 ? -180 : around - 180 };
}

/** The strip of one degree of longitude that a place lies in. */
export const toLongitudeCell = ({ longitude }: GeoPosition): number => Math.floor(longitude);

/** What is searched for a circle: strips of longitude (undefined: all of them) and a band of latitudes. */
interface BoundingBox {
  cells?: number[];
  south: number;
  north: number;
}

/** A tenth of a millimeter: more than rounding adds to a distance (`farthest`), also where a degree of longitude is no longer than that. */
const BOX_MARGIN = 1e-4;

/** The box that holds a circle. */
export function buildBoundingBox({ latitude, longitude, meters }: GeoCircle): BoundingBox {
  const angle = (meters + BOX_MARGIN) / RADIUS / DEGREE;
  const [south, north] = [latitude - angle, latitude + angle];
  if (south <= -90 || north >= 90) return { south, north };
  const reach = Math.asin(Math.min(1, Math.sin(angle * DEGREE) / Math.cos(latitude * DEGREE))) / DEGREE;
  const [west, east] = [Math.floor(longitude - reach), Math.floor(longitude + reach)];
  const cells = Array.from({ length: east - west + 1 }, (_one, at) => toGeoPosition(0, west + at)!.longitude);
  return cells.length >= CELLS ? { south, north } : { cells, south, north };
}

/** How far apart two places can be at most, as `separation` measures it. */
export const toMaxSeparation = ({ meters }: GeoCircle): number =>
  (meters >= Math.PI * RADIUS ? 1 : Math.sin(meters / RADIUS / 2) ** 2) + SEPARATION_MARGIN;

/** A hundredth of a millimeter: what rounding may add to a distance. */
const SEPARATION_MARGIN = 1e-24;

/** A measure of the distance of two places: the haversine of the angle between them, 0 to 1. */
export function measureSeparation(a: GeoPosition, b: GeoPosition): number {
  const [height, width] = [(a.latitude - b.latitude) * DEGREE, (a.longitude - b.longitude) * DEGREE];
  return Math.sin(height / 2) ** 2 + Math.cos(a.latitude * DEGREE) * Math.cos(b.latitude * DEGREE) * Math.sin(width / 2) ** 2;
}

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
