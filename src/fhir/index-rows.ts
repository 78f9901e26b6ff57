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

/**
 * One number or quantity as a range with both its ends, as decimal texts (`-Infinity`, `Infinity` where it is open); a plain value is a point.
 * `unit`: hash of the unit, absent when there is none. A quantity has a row per way to name its unit, of which only one is `low` or `high`.
 */
export interface NumberRow {
  parameter: ParameterNumber;
  from: string;
  to: string;
  unit?: Hash;
  low: boolean;
  high: boolean;
}

/** One reference: the hash of `Type/id` for a local one, of the text for any other. */
export interface ReferenceRow {
  parameter: ParameterNumber;
  target: Hash;
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
}
