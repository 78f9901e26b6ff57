// The days of the months, and the order of two FHIR dates of any precision, with or without a time zone. https://hl7.org/fhirpath/N1/#comparison

/** The number of days of a month. `month`: from 1. */
export const countDaysInMonth = (year: number, month: number): number => (month === 2 && isLeap(year) ? 29 : DAYS[month - 1]!);

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/**
 * Whether `start` may be at or before `end`. False only if it is certainly later: a date without a day or a time includes all its instants, because FHIRPath
 * leaves the comparison of different precisions open. True if one of them is no text.
 */
export function mayPrecede(start: unknown, end: unknown): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return true;
  const comparable = start.length === end.length && (start.length <= DATE_LENGTH || (start.endsWith('Z') && end.endsWith('Z')));
  return comparable ? start <= end : toEarliestInstant(start) <= toLatestInstant(end);
}

const DATE_LENGTH = 10;
/** The extreme time zones: a date without a zone begins at +14:00 and ends at -12:00. */
const EASTERNMOST = 14 * 3_600_000;
const WESTERNMOST = 12 * 3_600_000;
const LEAP_SECOND = /:60/;

const toEarliestInstant = (date: string): number => (date.includes('T') ? parseInstant(date) : Date.parse(date) - EASTERNMOST);

function toLatestInstant(date: string): number {
  if (date.includes('T')) return parseInstant(date) + (date.includes('.') ? 0 : 999);
  const [year, month = '12', day = countDaysInMonth(Number(year), Number(month))] = date.split('-');
  return Date.parse(`${year}-${month}-${day}T23:59:59.999Z`) + WESTERNMOST;
}

const parseInstant = (date: string): number => Date.parse(date.replace(LEAP_SECOND, ':59'));
