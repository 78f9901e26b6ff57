// The building blocks of profile checks: items (one value of an element, with the sibling of a primitive) and rules.

import type { FhirPathNode } from '../fhirpath/node.ts';
import type { Fault } from '../validation/schema-rule.ts';

/** `name`: the JSON name of the element (`valueQuantity`). `index`: its index in a list. */
export interface ElementItem extends FhirPathNode {
  name: string;
  index: number | undefined;
}

/** The path of an item in its parent object. */
export const toItemPath = ({ name, index }: ElementItem): (string | number)[] => (index === undefined ? [name] : [name, index]);

/** The resource of an item, and the containing resource if it is contained. */
export interface ResourceContext {
  resource: FhirPathNode;
  root: FhirPathNode;
}

/**
 * A rule for a value. `isMet` is a cheap test for errors. `faults` lists all errors, warnings and notes, with paths relative to the value.
 */
interface Rule<T> {
  isMet(value: T, context: ResourceContext): boolean;
  findFaults(value: T, context: ResourceContext): Fault[];
}

export type ItemRule = Rule<ElementItem>;
/** A rule for all items of an element of one object. The paths of its faults are relative to that object. */
export type ListRule = Rule<readonly ElementItem[]>;

/** Combines rules: all must be met. Undefined: there are no rules. */
export function combineRules<T>(rules: readonly (Rule<T> | undefined)[]): Rule<T> | undefined {
  const present = rules.filter((rule) => rule !== undefined);
  if (present.length <= 1) return present[0];
  return {
    isMet(value, context) {
      for (const rule of present) if (!rule.isMet(value, context)) return false;
      return true;
    },
    findFaults: (value, context) => present.flatMap((rule) => rule.findFaults(value, context)),
  };
}

/** Builds a rule from a test and the fault of a failure. */
export function buildTestRule<T>(passes: (value: T, context: ResourceContext) => boolean, buildFault: (value: T) => Fault): Rule<T> {
  return { isMet: passes, findFaults: (value, context) => (passes(value, context) ? [] : [buildFault(value)]) };
}

/** A rule that cannot be checked: it is always met, and reports a fault that is not an error for every value. */
export const buildUncheckedRule = <T>(fault: Fault): Rule<T> => ({ isMet: () => true, findFaults: () => [fault] });

/** Applies a rule to each item of a list. */
export function buildEachRule(rule: ItemRule): ListRule {
  return {
    isMet(items, context) {
      for (const item of items) if (!rule.isMet(item, context)) return false;
      return true;
    },
    findFaults: (items, context) =>
      items.flatMap((item) => rule.findFaults(item, context).map((found) => ({ ...found, path: [...toItemPath(item), ...found.path] }))),
  };
}
