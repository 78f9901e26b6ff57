// The rows of one resource in the index tables. The search room builds conditions on them, and src/store stores them.
// A hash does not contain the tenant, which is a column of each table.

/** The number of a search parameter: a 32-bit hash of `Type.code`. */
export type ParameterNumber = number;
/** A 64-bit hash of a value, as a decimal text for PostgreSQL's bigint. */
export type Hash = string;

/**
 * A string. `norm`: the folded text. `spelling`: the hash of the text as written, for `:exact`; absent for parts of a text. `low`, `high`: the least and the greatest
 * value of the parameter in the resource, for sorting.
 */
export interface StringRow {
  parameter: ParameterNumber;
  norm: string;
  spelling?: number;
  low: boolean;
  high: boolean;
  /** Whether the substring index contains the row, for `:contains`. */
  infix: boolean;
  /** The bits of other parameters that have the same text (SharedTexts). */
  shared?: number;
}

/** A date or period as a half-open range of instants: ISO 8601 in UTC with milliseconds. An open end is `-infinity` or `infinity`. */
export interface DateRow {
  parameter: ParameterNumber;
  from: string;
  to: string;
  low: boolean;
  high: boolean;
}

/** A range that includes both ends, as decimal texts. An open end is `-Infinity` or `Infinity`. A single value is a range of one point. */
export interface Span {
  from: string;
  to: string;
}

/**
 * A number or quantity with the digits of the resource. `unit`, `label`: hashes of the code of its unit, and of the displayed unit if that differs.
 * `measure`, which every quantity has: its value in the unit for comparison and sorting, with the hash of that unit, if any.
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
 * The values of one occurrence of an element. `key`: its codes. `forms`: all hashes that a search can test for equality (codes, references, units). `measure`: of
 * the number, or a second number. The column `long` describes the first range of the row: its number, otherwise its date.
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

/** A reference: the hash of `Type/id` if it is local, otherwise of its text. `text` is for sorting. */
interface ReferenceRow {
  parameter: ParameterNumber;
  target: Hash;
  text?: string;
}

/** The least and the greatest code of a token parameter, for sorting: in one case, at most 64 characters. */
export interface CodeRow {
  parameter: ParameterNumber;
  low: string;
  high: string;
}

/** The folded words of a text, separated by spaces, for full-text search. */
interface TextRow {
  parameter: ParameterNumber;
  words: string;
}

export interface IndexRows {
  /** The hash of the resource's `Type/id`, which is the `target` of references to it. */
  self: Hash;
  /** Hashes for tests of equality: tokens, URIs, `:missing`, UUID aliases. Each once. */
  tokens: Hash[];
  strings: StringRow[];
  dates: DateRow[];
  numbers: NumberRow[];
  references: ReferenceRow[];
  codes: CodeRow[];
  composites: CompositeRow[];
  /** Absent: full-text search is off. */
  texts?: TextRow[];
}

/** The indexes of the least and the greatest item, which determine the position of a resource in a sorted result. */
export function findExtremes<T extends string | number>(items: T[]): { least: number; greatest: number } {
  let [least, greatest] = [0, 0];
  for (let at = 1; at < items.length; at++) {
    if (items[at]! < items[least]!) least = at;
    if (items[at]! > items[greatest]!) greatest = at;
  }
  return { least, greatest };
}
