// Converts Junction's times to FHIR: a date, or a date and time with its zone. https://hl7.org/fhir/R4/datatypes.html#dateTime
import { toRecord } from '../fhir/json-values.ts';
import { TEXT_TYPES } from '../fhir/validation/primitives.ts';

/** Returns the later of two times unchanged. Clocks differ, and in FHIR nothing may end, or be changed, before it began. */
export function pickLaterTime<T extends string | undefined>(time: T, than: string | undefined): T | string {
  if (time === undefined || than === undefined) return time;
  return Date.parse(time) < Date.parse(than) ? than : time;
}

const DAY = /^\d{4}-\d\d-\d\d/;
/** Seconds are optional here and required in FHIR. */
const MINUTES = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;

/** A FHIR dateTime: the date alone if the time has no zone. Undefined if it is not a valid time. */
export function toFhirDateTime(value: unknown): string | undefined {
  const text = typeof value === 'object' ? fromTimestampAndOffset(value) : value;
  if (typeof text !== 'string') return undefined;
  const [, day, clock, seconds = ':00', zone] = MINUTES.exec(text.trim()) ?? [];
  const dateTime = zone === undefined ? DAY.exec(text.trim())?.[0] : `${day}T${clock}${seconds}${formatZone(zone)}`;
  return dateTime !== undefined && TEXT_TYPES.dateTime!.isValid(dateTime) ? dateTime : undefined;
}

/** A FHIR instant. Undefined without a time and a zone. */
export function toFhirInstant(value: unknown): string | undefined {
  const dateTime = toFhirDateTime(value);
  return dateTime !== undefined && TEXT_TYPES.instant!.isValid(dateTime) ? dateTime : undefined;
}

const formatZone = (zone: string): string => (zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`);

/** Zones reach from -12 to +14 hours: a larger number is in seconds. Junction does not document the unit. */
const MAX_OFFSET_MINUTES = 14 * 60;

/** `{timestamp, timezone_offset}`: a time in UTC, and the local offset from it. */
function fromTimestampAndOffset(value: unknown): string | undefined {
  const { timestamp, timezone_offset: offset } = toRecord(value);
  const offsetSeconds = Number(typeof offset === 'number' ? offset : Number.NaN);
  const at = Date.parse(typeof timestamp === 'string' ? defaultToUtc(timestamp) : '');
  if (Number.isNaN(at)) return undefined;
  const minutes = Number.isInteger(offsetSeconds)
    ? Math.abs(offsetSeconds) > MAX_OFFSET_MINUTES
      ? Math.round(offsetSeconds / 60)
      : offsetSeconds
    : 0;
  if (Math.abs(minutes) > MAX_OFFSET_MINUTES) return undefined;
  const local = new Date(at + minutes * 60_000).toISOString().slice(0, 19);
  return `${local}${minutes === 0 ? 'Z' : formatOffset(minutes)}`;
}

const defaultToUtc = (timestamp: string): string => (/(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp) ? timestamp : `${timestamp}Z`);

function formatOffset(minutes: number): string {
  const whole = Math.abs(minutes);
  const [hours, rest] = [Math.floor(whole / 60), whole % 60].map((part) => String(part).padStart(2, '0'));
  return `${minutes < 0 ? '-' : '+'}${hours}:${rest}`;
}
