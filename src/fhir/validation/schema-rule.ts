// What a keyword of the generated schemas is made of: a check that runs for every resource, and an explanation that runs only after a failure.
import type { Element } from '../json-values.ts';
import type { InvariantPredicate } from './invariants/element.ts';

/** What is wrong, and where below the checked element (JSON names and indexes). Without a severity it is an error. */
export interface Fault {
  severity?: 'warning' | 'information';
  code: string;
  text: string;
  path: (string | number)[];
}

/** One keyword; `T` is the form of its value in a schema. */
export interface SchemaRule<T> {
  /** Made once for each place in a schema, so what can be prepared is prepared there. */
  check(value: T): InvariantPredicate;
  /** What to say of an element that failed the check. */
  explain(value: T, element: Element, root: Element): Fault[];
}

export const buildFault = (code: string, text: string, ...path: (string | number)[]): Fault => ({ code, text, path });

const MAX_NAMES = 20;

/** Codes or types as text, the first twenty of them. */
export const formatNames = (names: readonly string[]): string =>
  names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ', …' : '');
