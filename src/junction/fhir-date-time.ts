// Times as the network tells them, as FHIR writes them: a date, or a moment with its zone. https://hl7.org/fhir/R4/datatypes.html#dateTime
import { TEXT_TYPES } from '../fhir/validation/primitives.ts';
import { toJsonObject } from './json-fields.ts';

/** The later of two times, as it is written: clocks differ, and FHIR wants nothing to end, or to be changed, before it began. */
export function pickLaterTime<T extends string | undefined>(time: T, than: string | undefined): T | string {
  if (time === undefined || than === undefined) return time;
  return Date.parse(time) < Date.parse(than) ? than : time;
}

const DAY = /^\d{4}-\d\d-\d\d/;
/** Seconds may be left out by a sender; FHIR wants them. */
const MINUTES = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;

/** A FHIR dateTime; the day alone when the text has a time and no zone; undefined when it is no such time. */
export function toFhirDateTime(told: unknown): string | undefined {
  const text = typeof told === 'object' ? fromTimestampAndOffset(told) : told;
  if (typeof text !== 'string') return undefined;
  const [, day, clock, seconds = ':00', zone] = MINUTES.exec(text.trim()) ?? [];
  const moment = zone === undefined ? DAY.exec(text.trim())?.[0] : `${day}T${clock}${seconds}${formatZone(zone)}`;
  return moment !== undefined && TEXT_TYPES.dateTime!.is(moment) ? moment : undefined;
}

/** A FHIR instant: a moment with its zone, nothing less. */
export function toFhirInstant(told: unknown): string | undefined {
  const moment = toFhirDateTime(told);
  return moment !== undefined && TEXT_TYPES.instant!.is(moment) ? moment : undefined;
}

const formatZone = (zone: string): string => (zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`);

/** Zones reach from -12 to +14 hours: a larger number counts seconds. Which of the two is meant is nowhere said, and need not be. */
const MAX_OFFSET_MINUTES = 14 * 60;

/** `{timestamp, timezone_offset}`: a moment in UTC, and how far the clocks there were ahead of it. */
function fromTimestampAndOffset(told: unknown): string | undefined {
  const { timestamp, timezone_offset: offset } = toJsonObject(told);
  const given = Number(typeof offset === 'number' ? offset : Number.NaN);
  const at = Date.parse(typeof timestamp === 'string' ? defaultToUtc(timestamp) : '');
  if (Number.isNaN(at)) return undefined;
  const minutes = Number.isInteger(given) ? (Math.abs(given) > MAX_OFFSET_MINUTES ? Math.round(given / 60) : given) : 0;
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
