// What the search tables hold of one resource: the contract between what FHIR means (here) and what SQL stores (src/store).
// Nothing in here knows tenants: every hash is of names and values only, the tenant stands beside it in every table.

/** A parameter's number: a 32-bit hash of `Type.code`. A 64-bit hash of a value: a decimal text, as PostgreSQL's bigint reads it. */
export type ParameterNumber = number;
export type Hash = string;

/** One searchable string. `norm`: folded (no accents, lower case, single spaces). `low`/`high`: least / greatest of this parameter in this resource (sorting). */
export interface StringRow {
  parameter: ParameterNumber;
  norm: string;
  low: boolean;
  high: boolean;
  /** Whether the parameter declares `:contains`, so that a substring index serves it. */
  infix: boolean;
}

/** One date or period as a half-open range of instants, ISO 8601 in UTC with milliseconds; `-infinity` and `infinity` where a period is open. */
export interface DateRow {
  parameter: ParameterNumber;
  from: string;
  to: string;
  low: boolean;
  high: boolean;
}

/** A range of numbers with both its ends, as decimal texts (`-Infinity`, `Infinity` where it is open); a plain value is a point. */
export interface Span {
  from: string;
  to: string;
}

/**
 * One number or quantity as it is written. `unit`, `label`: hashes of the code of its unit, and of its unit as people read it where that is another.
 * `measure` (every quantity has one): the same in what it is compared and sorted by, with the hash of that unit if it has one.
 */
export interface NumberRow extends Span {
  parameter: ParameterNumber;
  unit?: Hash;
  label?: Hash;
  measure?: Span & { unit?: Hash };
  low: boolean;
  high: boolean;
}

/**
 * Values that belong to one occurrence of an element. `key`: what the occurrence is found by (its codes); `forms`: all that can be asked of it by
 * equality (codes, units). At most one of: a number as written and as it is measured, a date, a folded text.
 */
export interface CompositeRow {
  parameter: ParameterNumber;
  key: Hash;
  forms: Hash[];
  number?: Span;
  measure?: Span;
  date?: Span;
  norm?: string;
}

/** One reference: the hash of `Type/id` for a local one, of the text for any other; and the text, to sort by. */
interface ReferenceRow {
  parameter: ParameterNumber;
  target: Hash;
  text?: string;
}

/** The least and the greatest code of a token parameter, without case, at most 64 characters of each: what a resource is sorted by. */
export interface CodeRow {
  parameter: ParameterNumber;
  low: string;
  high: string;
}

export interface IndexRows {
  /** The resource's own hash (`Type/id`): what references to it carry as `target`. */
  self: Hash;
  /** Token, uri, `:exact`, `:missing` (presence), `_tag`, alias … membership tests, one hash each; no repeats. */
  tokens: Hash[];
  strings: StringRow[];
  dates: DateRow[];
  numbers: NumberRow[];
  references: ReferenceRow[];
  codes: CodeRow[];
  composites: CompositeRow[];
}

/** Where the least and the greatest stand: one each, since a resource has one place in an order. */
export function findExtremes<T extends string | number>(items: T[]): { least: number; greatest: number } {
  let [least, greatest] = [0, 0];
  for (let at = 1; at < items.length; at++) {
    if (items[at]! < items[least]!) least = at;
    if (items[at]! > items[greatest]!) greatest = at;
  }
  return { least, greatest };
}
