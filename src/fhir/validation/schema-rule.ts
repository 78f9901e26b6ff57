// The interface of a schema keyword: a check that runs for every resource, and an explanation that runs after a failure.
import type { Element } from '../json-values.ts';
import type { InvariantPredicate } from './invariants/native.ts';

/** A fault. `path`: JSON names and indexes, from the checked element. `severity` absent: error. */
export interface Fault {
  severity?: 'warning' | 'information';
  code: string;
  text: string;
  path: (string | number)[];
}

/** One keyword. `T`: its value in a schema. */
export interface SchemaRule<T> {
  /** Builds the check, once for each occurrence of the keyword in the schemas. */
  check(value: T): InvariantPredicate;
  /** The faults of an element that failed the check. */
  explain(value: T, element: Element, root: Element): Fault[];
}

export const buildFault = (code: string, text: string, ...path: (string | number)[]): Fault => ({ code, text, path });

const MAX_NAMES = 20;

/** Lists the first twenty names (codes or types). */
export const formatNames = (names: readonly string[]): string =>
  names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ', …' : '');
