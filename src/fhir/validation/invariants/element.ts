// Helpers of the invariants: FHIRPath's exists(), and comparisons of codes, dates and quantities, on elements in JSON.
// https://hl7.org/fhir/R4/fhirpath.html
import { type Element, isElement, listObjects } from '../../json-values.ts';
import { countDaysInMonth } from '../primitives.ts';

/** Whether an element meets a constraint. `element`: an object, or the text of XHTML. `root`: the containing resource. */
export type InvariantPredicate = (element: Element, root: Element) => boolean;

/** `name.exists()`: the element has a value, or extensions in its place. */
export const hasElement = (element: Element, name: string): boolean => element[name] !== undefined || element[`_${name}`] !== undefined;

/** `name.exists()` of a choice (`value[x]`). The type must have no other element that begins with the name and a capital letter. */
export function hasChoiceElement(element: Element, name: string): boolean {
  for (const key in element) if (isChoiceBranch(key, name)) return true;
  return false;
}

function isChoiceBranch(key: string, name: string): boolean {
  const from = key.charCodeAt(0) === UNDERSCORE ? 1 : 0;
  const next = key.charCodeAt(from + name.length);
  return key.startsWith(name, from) && next >= UPPER_A && next <= UPPER_Z;
}

const UNDERSCORE = 95;
const UPPER_A = 65;
const UPPER_Z = 90;

/** Whether a CodeableConcept has a coding with this system and one of these codes. */
export const hasCoding = (concept: unknown, system: string, codes: string[]): boolean =>
  isElement(concept) &&
  listObjects(concept.coding).some((coding) => coding.system === system && codes.some((code) => code === coding.code));

/**
 * Whether `start` may be at or before `end`. False only if it is certainly later: a date without a day or a time includes all its instants, because FHIRPath
 * leaves the comparison of different precisions open.
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

/** Whether `low` may be at most `high`. True if their units differ, because units are not converted here. */
export function mayBeAtMost(low: unknown, high: unknown): boolean {
  if (!isElement(low) || !isElement(high) || !hasSameUnit(low, high)) return true;
  return typeof low.value !== 'number' || typeof high.value !== 'number' || low.value <= high.value;
}

const hasSameUnit = (a: Element, b: Element): boolean =>
  a.system === b.system && a.code === b.code && (a.code !== undefined || a.unit === b.unit);
