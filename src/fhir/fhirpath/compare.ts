// Equality, equivalence and order of nodes. https://hl7.org/fhirpath/N1/#equality, https://hl7.org/fhirpath/N1/#comparison
import { isDeepStrictEqual } from 'node:util';
import { mayPrecede } from '../calendar.ts';
import { isElement } from '../json-values.ts';
import type { Collection, FhirPathNode } from './node.ts';

const DATE_TYPES = new Set(['Date', 'DateTime', 'Time', 'date', 'dateTime', 'instant', 'time']);

/** The operator `=`. Undefined: one side is empty, or the precision of dates differs and leaves the result open. */
export function areCollectionsEqual(left: Collection, right: Collection): boolean | undefined {
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.length !== right.length) return false;
  let all: boolean | undefined = true;
  for (const [at, node] of left.entries()) {
    const same = areNodesEqual(node, right[at]!);
    if (same === false) return false;
    all = same === undefined ? undefined : all;
  }
  return all;
}

function areNodesEqual(a: FhirPathNode, b: FhirPathNode): boolean | undefined {
  if (isDateNode(a) || isDateNode(b)) return areDatesEqual(a.value, b.value);
  return isSameValue(a, b);
}

/** Whether two nodes have the same value. If `=` leaves the result open, they are different. */
const isSameValue = (a: FhirPathNode, b: FhirPathNode): boolean => a.value !== undefined && isDeepStrictEqual(a.value, b.value);

/**
 * A value that is equal for two nodes exactly if they have the same value: texts, numbers and booleans themselves, and the sorted members of an object. A node
 * without a value is equal to no other.
 */
export const toComparisonKey = (node: FhirPathNode): unknown => {
  if (node.value === undefined) return node;
  return isElement(node.value) ? `{}${JSON.stringify(node.value, sortMembers)}` : node.value;
};

const sortMembers = (_name: string, value: unknown): unknown =>
  isElement(value) ? Object.fromEntries(Object.entries(value).sort()) : value;

/** The operator `~`: ignores case and spaces of texts, and the order of lists. https://hl7.org/fhirpath/N1/#equivalence */
export function areEquivalent(left: Collection, right: Collection): boolean {
  if (left.length !== right.length) return false;
  const rest = [...right];
  return left.every((node) => {
    const at = rest.findIndex((other) => areValuesEquivalent(node.value, other.value));
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
}

function areValuesEquivalent(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return normalizeText(a) === normalizeText(b);
  if (isElement(a) && isElement(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)].filter((name) => name !== 'id'));
    return [...names].every((name) => areValuesEquivalent(a[name], b[name]));
  }
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item) => b.some((other) => areValuesEquivalent(item, other)));
  return a === b;
}

const normalizeText = (text: string): string => text.trim().toLowerCase().replace(/\s+/g, ' ');

/** Negative: `a` is before `b`. Undefined: the order is not known. Throws an Error if values of these types have no order. */
export function compareNodes(a: FhirPathNode, b: FhirPathNode): number | undefined {
  const [x, y] = [a.value, b.value];
  if (x === undefined || y === undefined) return undefined;
  if (typeof x === 'number' && typeof y === 'number') return x - y;
  if (isElement(x) && isElement(y)) return compareQuantities(x, y);
  if (typeof x !== 'string' || typeof y !== 'string') throw new Error('values of these types have no order');
  if (isDateNode(a) || isDateNode(b)) return compareDates(x, y);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Units are not converted. The order of quantities with different units is not known. */
function compareQuantities(a: Record<string, unknown>, b: Record<string, unknown>): number | undefined {
  const unit = ({ code, unit: shown }: Record<string, unknown>): unknown => code ?? shown;
  if (typeof a.value !== 'number' || typeof b.value !== 'number' || unit(a) !== unit(b)) return undefined;
  return a.value - b.value;
}

const isDateNode = ({ type }: FhirPathNode): boolean => type !== undefined && DATE_TYPES.has(type);

const areDatesEqual = (a: unknown, b: unknown): boolean | undefined => {
  if (typeof a !== 'string' || typeof b !== 'string') return a === b;
  const order = compareDates(a, b);
  return order === undefined ? undefined : order === 0;
};

/** Compares part by part, from the year on. A date without a time zone includes all zones if the other one has a zone. If one date has fewer parts and all of them are equal, the order is not known. */
function compareDates(a: string, b: string): number | undefined {
  if (hasZone(a) && hasZone(b)) return Date.parse(a) - Date.parse(b);
  if (hasZone(a) || hasZone(b)) return mayPrecede(a, b) ? (mayPrecede(b, a) ? undefined : -1) : 1;
  const [x, y] = [splitDateParts(a), splitDateParts(b)];
  for (let at = 0; at < Math.min(x.length, y.length); at++) {
    if (x[at] !== y[at]) return Number(x[at]) - Number(y[at]);
  }
  return x.length === y.length ? 0 : undefined;
}

const ZONE = /T.*(?:Z|[+-]\d\d:\d\d)$/;
const hasZone = (text: string): boolean => ZONE.test(text);
/** The parts of a date. Seconds and their fraction are one part. */
const splitDateParts = (text: string): string[] => text.replace(/(?:Z|[+-]\d\d:\d\d)$/, '').match(/\d+(?:\.\d+)?/g) ?? [];
