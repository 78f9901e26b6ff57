// Which nodes are equal, equivalent, or before others. https://hl7.org/fhirpath/N1/#equality, https://hl7.org/fhirpath/N1/#comparison
import { isDeepStrictEqual } from 'node:util';
import { isElement } from '../element.ts';
import type { Node, Nodes } from './node.ts';

const DATES = new Set(['Date', 'DateTime', 'Time', 'date', 'dateTime', 'instant', 'time']);

/** `=`: undefined (empty) when one side is nothing, or dates of different precision leave it open. */
export function equal(left: Nodes, right: Nodes): boolean | undefined {
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.length !== right.length) return false;
  let all: boolean | undefined = true;
  for (const [at, node] of left.entries()) {
    const same = same2(node, right[at]!);
    if (same === false) return false;
    all = same === undefined ? undefined : all;
  }
  return all;
}

function same2(a: Node, b: Node): boolean | undefined {
  if (isDate(a) || isDate(b)) return sameDate(a.value, b.value);
  return isSame(a, b);
}

/** Whether two nodes are one value; what is left open counts as different. */
export const isSame = (a: Node, b: Node): boolean => a.value !== undefined && isDeepStrictEqual(a.value, b.value);

/** `~`: texts without regard to case and spaces, lists without regard to order. https://hl7.org/fhirpath/N1/#equivalence */
export function equivalent(left: Nodes, right: Nodes): boolean {
  if (left.length !== right.length) return false;
  const rest = [...right];
  return left.every((node) => {
    const at = rest.findIndex((other) => alike(node.value, other.value));
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
}

function alike(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return folded(a) === folded(b);
  if (isElement(a) && isElement(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)].filter((name) => name !== 'id'));
    return [...names].every((name) => alike(a[name], b[name]));
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item) => b.some((other) => alike(item, other)));
  return a === b;
}

const folded = (text: string): string => text.trim().toLowerCase().replace(/\s+/g, ' ');

/** Below zero: before; undefined: it cannot be said. Values that have no order are an Error. */
export function order(a: Node, b: Node): number | undefined {
  const [x, y] = [a.value, b.value];
  if (x === undefined || y === undefined) return undefined;
  if (typeof x === 'number' && typeof y === 'number') return x - y;
  if (isElement(x) && isElement(y)) return quantityOrder(x, y);
  if (typeof x !== 'string' || typeof y !== 'string') throw new Error('values of these types have no order');
  if (isDate(a) || isDate(b)) return dateOrder(x, y);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Units are not converted: quantities of different ones are left open. */
function quantityOrder(a: Record<string, unknown>, b: Record<string, unknown>): number | undefined {
  const unit = ({ code, unit: shown }: Record<string, unknown>): unknown => code ?? shown;
  if (typeof a.value !== 'number' || typeof b.value !== 'number' || unit(a) !== unit(b)) return undefined;
  return a.value - b.value;
}

const isDate = ({ type }: Node): boolean => type !== undefined && DATES.has(type);

const sameDate = (a: unknown, b: unknown): boolean | undefined => {
  if (typeof a !== 'string' || typeof b !== 'string') return a === b;
  const order = dateOrder(a, b);
  return order === undefined ? undefined : order === 0;
};

/** Part by part, from the year on: where one ends before the other and all was equal so far, it cannot be said. */
function dateOrder(a: string, b: string): number | undefined {
  if (hasZone(a) && hasZone(b)) return Date.parse(a) - Date.parse(b);
  const [x, y] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < Math.min(x.length, y.length); at++) {
    if (x[at] !== y[at]) return Number(x[at]) - Number(y[at]);
  }
  return x.length === y.length ? 0 : undefined;
}

const ZONE = /T.*(?:Z|[+-]\d\d:\d\d)$/;
const hasZone = (text: string): boolean => ZONE.test(text);
/** Seconds and their fraction are one part. */
const partsOf = (text: string): string[] => text.replace(/(?:Z|[+-]\d\d:\d\d)$/, '').match(/\d+(?:\.\d+)?/g) ?? [];
