// The keywords of the generated schemas that JSON Schema does not have: what each checks, and what is said when it fails.

import { type Element, items } from '../element.ts';
import { has } from './invariants/element.ts';
import { INVARIANTS, RULES } from './invariants.ts';
import { choices } from './schema-rules/choices.ts';
import { plain } from './schema-rules/plain.ts';
import { fault, oneOf, type SchemaRule } from './schema-rules/rule.ts';
import { siblings } from './schema-rules/siblings.ts';
import { targets } from './schema-rules/targets.ts';

/** Mandatory primitives: the value, or the object of extensions in its place. */
const needs: SchemaRule<string[]> = {
  check: (names) => (element) => names.every((name) => has(element, name)),
  explain: (names, element) => names.filter((name) => !has(element, name)).map((name) => fault('required', `${name} is required`, name)),
};

/** A CodeableConcept of a required binding: one of its codings is of the value set. https://hl7.org/fhir/R4/terminologies.html#required */
const bound: SchemaRule<Record<string, string[]>> = {
  check(codes) {
    const systems = new Map<unknown, Set<unknown>>(Object.entries(codes).map(([system, list]) => [system, new Set(list)]));
    return (concept) => items(concept.coding).some(({ system, code }) => systems.get(system)?.has(code) ?? false);
  },
  explain: (codes) =>
    Object.entries(codes).map(([system, list]) => fault('code-invalid', `a coding of ${system} is expected: ${oneOf(list)}`, 'coding')),
};

/** The error-level constraints that stand here, by key. */
const invariants: SchemaRule<string[]> = {
  check(keys) {
    const predicates = keys.map((key) => INVARIANTS[key]!);
    return predicates.length === 1 ? predicates[0]! : (element, root) => predicates.every((holds) => holds(element, root));
  },
  explain: (keys, element, root) =>
    keys.filter((key) => !holds(key, element, root)).map((key) => fault('invariant', `${RULES[key]} (${key})`)),
};

const holds = (key: string, element: Element, root: Element): boolean => INVARIANTS[key]!(element, root);

/** Keyword → rule. `contained` stands in validate.ts: it needs the compiled schemas. */
export const SCHEMA_RULES: Readonly<Record<string, SchemaRule<never>>> = { needs, siblings, choices, bound, targets, invariants, plain };
