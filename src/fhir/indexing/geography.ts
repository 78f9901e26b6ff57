// Positions on the earth: their index rows, and distances between them. The earth counts as a sphere, which differs from WGS 84 by at most 0.5 %. https://hl7.org/fhir/R4/location.html#search
import { readMember } from '../json-values.ts';
import type { CompositeRow, ParameterNumber } from './rows.ts';
import type { TypedValue } from './typed-value.ts';

/** A position in degrees. `longitude`: from -180 to less than 180. */
interface GeoPosition {
  latitude: number;
  longitude: number;
}

/** All positions within a distance from the centre. */
export interface GeoCircle extends GeoPosition {
  meters: number;
}

/** The mean radius, in meters. */
const RADIUS = 6_371_008.8;
const DEGREE = Math.PI / 180;
const CELLS = 360;

/** The position of a latitude and a longitude. Longitudes beyond ±180 are normalized. Undefined: there is no such latitude. */
export function toGeoPosition(latitude: number, longitude: number): GeoPosition | undefined {
  if (!Number.isFinite(longitude) || !(Math.abs(latitude) <= 90)) return undefined;
  const around = (((longitude + 180) % 360) + 360) % 360;
  return { latitude, longitude: around === 360 ? -180 : around - 180 };
}

/** The cell of a position: a strip of one degree of longitude. */
export const toLongitudeCell = ({ longitude }: GeoPosition): number => Math.floor(longitude);

/** The cells (undefined: all cells) and the latitudes that a circle touches. */
interface BoundingBox {
  cells?: number[];
  south: number;
  north: number;
}

/** In meters. More than the rounding error of a distance, also near the poles. */
const BOX_MARGIN = 1e-4;

/** The bounding box of a circle. */
export function buildBoundingBox({ latitude, longitude, meters }: GeoCircle): BoundingBox {
  const angle = (meters + BOX_MARGIN) / RADIUS / DEGREE;
  const [south, north] = [latitude - angle, latitude + angle];
  if (south <= -90 || north >= 90) return { south, north };
  const reach = Math.asin(Math.min(1, Math.sin(angle * DEGREE) / Math.cos(latitude * DEGREE))) / DEGREE;
  const [west, east] = [Math.floor(longitude - reach), Math.floor(longitude + reach)];
  const cells = Array.from({ length: east - west + 1 }, (_one, at) => toGeoPosition(0, west + at)!.longitude);
  return cells.length >= CELLS ? { south, north } : { cells, south, north };
}

/** The greatest separation of a position in the circle from its centre. */
export const toMaxSeparation = ({ meters }: GeoCircle): number =>
  (meters >= Math.PI * RADIUS ? 1 : Math.sin(meters / RADIUS / 2) ** 2) + SEPARATION_MARGIN;

/** The rounding error of a separation: 0.01 mm of distance. */
const SEPARATION_MARGIN = 1e-24;

/** The separation of two positions: the haversine of the angle between them, from 0 to 1. */
export function measureSeparation(a: GeoPosition, b: GeoPosition): number {
  const [height, width] = [(a.latitude - b.latitude) * DEGREE, (a.longitude - b.longitude) * DEGREE];
  return Math.sin(height / 2) ** 2 + Math.cos(a.latitude * DEGREE) * Math.cos(b.latitude * DEGREE) * Math.sin(width / 2) ** 2;
}

/** One row for each position: its cell is the key, its latitude the number, its longitude the measure. */
export function buildPositionRows(parameter: ParameterNumber, values: readonly TypedValue[]): CompositeRow[] {
  return values.flatMap(({ value }) => {
    const [latitude, longitude] = [readMember(value, 'latitude'), readMember(value, 'longitude')];
    const position = typeof latitude !== 'number' || typeof longitude !== 'number' ? undefined : toGeoPosition(latitude, longitude);
    if (!position) return [];
    return [
      {
        parameter,
        key: String(toLongitudeCell(position)),
        forms: [],
        number: toPointSpan(position.latitude),
        measure: toPointSpan(position.longitude),
      },
    ];
  });
}

const toPointSpan = (value: number) => ({ from: String(value), to: String(value) });
