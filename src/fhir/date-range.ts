// Converts dates into half-open ranges of UTC instants, which their precision determines. A time without a zone is UTC.
// https://hl7.org/fhir/R4/search.html#date, https://hl7.org/fhir/R4/datatypes.html#dateTime
import type { Period, Timing } from '@medplum/fhirtypes';

/** ISO 8601 in UTC with milliseconds, or `-infinity` and `infinity`. The order of the texts is the order of the instants. */
export interface DateRange {
  from: string;
  to: string;
}

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;
const MINUTE = 60_000;

/**
 * The range of a date, dateTime or instant, or of a time without seconds, which only a search may have. Undefined: there is no such date (2020-02-30). A
 * fraction of a second has the width of its last digit, at least a millisecond.
 */
export function parseDateRange(text: string): DateRange | undefined {
  const found = DATE.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = found;
  const start = toDayStart(Number(year), Number(month ?? 1), Number(day ?? 1));
  const clock = parseClock(hour, minute, second, fraction);
  const offset = parseZoneOffset(zone);
  if (start === undefined || clock === undefined || offset === undefined) return undefined;
  const end = hour === undefined ? toDateEnd(Number(year), month, day) : start + clock.at + clock.width;
  return { from: formatInstant(start + clock.at - offset), to: formatInstant(end - offset) };
}

/** The range of a Period. An absent end is open. Undefined: both ends are absent. https://hl7.org/fhir/R4/datatypes.html#Period */
export function toPeriodRange({ start, end }: Period): DateRange | undefined {
  const from = start === undefined ? undefined : parseDateRange(start)?.from;
  const to = end === undefined ? undefined : parseDateRange(end)?.to;
  return from === undefined && to === undefined ? undefined : { from: from ?? '-infinity', to: to ?? 'infinity' };
}

/** The range from the first to the last event or bound of a Timing. https://hl7.org/fhir/R4/datatypes.html#Timing */
export function toTimingRange(timing: Timing): DateRange | undefined {
  const ranges = (timing.event ?? []).map(parseDateRange);
  if (timing.repeat?.boundsPeriod) ranges.push(toPeriodRange(timing.repeat.boundsPeriod));
  return ranges.reduce(
    (hull, range) => (hull && range ? { from: min(hull.from, range.from), to: max(hull.to, range.to) } : (hull ?? range)),
    undefined,
  );
}

/** Formats an instant in milliseconds as an end of a range. Outside of the years 1 to 9999, which FHIR dates cannot have, the end is open. */
export function formatInstant(at: number): string {
  if (at >= LAST) return 'infinity';
  return at < FIRST ? '-infinity' : new Date(at).toISOString();
}

const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
const LAST = Date.parse('+010000-01-01T00:00:00.000Z');

const min = (a: string, b: string): string => (a < b ? a : b);
const max = (a: string, b: string): string => (a > b ? a : b);

/** The first instant of a day. Undefined: there is no such day. */
function toDayStart(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}

/** The end of a year, month or day, which is the start of the next one. */
function toDateEnd(year: number, month: string | undefined, day: string | undefined): number {
  const date = new Date(0);
  if (month === undefined) return date.setUTCFullYear(year + 1, 0, 1);
  return day === undefined ? date.setUTCFullYear(year, Number(month), 1) : date.setUTCFullYear(year, Number(month) - 1, Number(day) + 1);
}

/** Milliseconds since midnight, and the width of the last part. A leap second (60) is the first second of the next minute. */
function parseClock(hour = '00', minute = '00', second?: string, fraction = ''): { at: number; width: number } | undefined {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const milliseconds = Number(fraction.slice(1, 4).padEnd(3, '0'));
  const at = (Number(hour) * 60 + Number(minute)) * MINUTE + Number(second ?? 0) * 1000 + milliseconds;
  const width = second === undefined ? MINUTE : 10 ** Math.max(0, 4 - Math.max(1, fraction.length));
  return { at, width };
}

function parseZoneOffset(zone = 'Z'): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 14 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * MINUTE * (zone[0] === '-' ? -1 : 1);
}

/** Element type → function from a value to its range, for date parameters. It returns undefined if the value has no date (a Timing with a code only). */
export const DATE_RANGES: Record<string, (value: never) => DateRange | undefined> = {
  date: parseDateRange,
  dateTime: parseDateRange,
  instant: parseDateRange,
  Period: toPeriodRange,
  Timing: toTimingRange,
};
