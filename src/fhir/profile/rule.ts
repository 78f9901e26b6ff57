// What the checks of profiles are made of: items (one value of an element, with the object beside a primitive) and rules over them.

import type { FhirPathNode } from '../fhirpath/node.ts';
import type { Fault } from '../validation/schema-rules/rule.ts';

/** `name`: of the element in JSON (`valueQuantity`), `index`: its place in a list. */
export interface ElementItem extends FhirPathNode {
  name: string;
  index: number | undefined;
}

/** Where an item stands in the object around it. */
export const toItemPath = ({ name, index }: ElementItem): (string | number)[] => (index === undefined ? [name] : [name, index]);

/** Where an item stands: the resource it is part of, and the one around that when it is contained. */
export interface ResourceContext {
  resource: FhirPathNode;
  root: FhirPathNode;
}

/**
 * One thing asked of a value. `holds` says whether there is no error and costs little; `faults` says all that is wrong, also less than errors. `at` of
 * the faults is below the value.
 */
interface Rule<T> {
  isMet(value: T, around: ResourceContext): boolean;
  faults(value: T, around: ResourceContext): Fault[];
}

export type ItemRule = Rule<ElementItem>;
/** Over all items of one element of one object; `at` of the faults is below that object. */
export type ListRule = Rule<readonly ElementItem[]>;

/** All of them; undefined when there are none. */
export function combineRules<T>(rules: readonly (Rule<T> | undefined)[]): Rule<T> | undefined {
  const present = rules.filter((rule) => rule !== undefined);
  if (present.length <= 1) return present[0];
  return {
    isMet(value, around) {
      for (const rule of present) if (!rule.isMet(value, around)) return false;
      return true;
    },
    faults: (value, around) => present.flatMap((rule) => rule.faults(value, around)),
  };
}

/** A rule from a test and what is said when it fails. */
export function buildTestRule<T>(passes: (value: T, around: ResourceContext) => boolean, said: (value: T) => Fault): Rule<T> {
  return { isMet: passes, faults: (value, around) => (passes(value, around) ? [] : [said(value)]) };
}

/** Something that cannot be checked here: said of every value there is, and never an error. */
export const buildUncheckedRule = <T>(said: Fault): Rule<T> => ({ isMet: () => true, faults: () => [said] });

/** The rule on each item of a list. */
export function buildEachRule(rule: ItemRule): ListRule {
  return {
    isMet(items, around) {
      for (const item of items) if (!rule.isMet(item, around)) return false;
      return true;
    },
    faults: (items, around) =>
      items.flatMap((item) => rule.faults(item, around).map((found) => ({ ...found, path: [...toItemPath(item), ...found.path] }))),
  };
}
