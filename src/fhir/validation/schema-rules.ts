// The keywords of the generated schemas that JSON Schema does not have: what each checks, and what is said when it fails.

import { type Element, items } from '../element.ts';
import { hasElement } from './invariants/element.ts';
import { INVARIANT_TEXTS, INVARIANTS } from './invariants.ts';
import { choicesRule } from './schema-rules/choices.ts';
import { plainJsonRule } from './schema-rules/plain-json.ts';
import { buildFault, formatNames, type SchemaRule } from './schema-rules/rule.ts';
import { siblingsRule } from './schema-rules/siblings.ts';
import { targetsRule } from './schema-rules/targets.ts';

/** Mandatory primitives: the value, or the object of extensions in its place. */
const requiredPrimitivesRule: SchemaRule<string[]> = {
  check: (names) => (element) => names.every((name) => hasElement(element, name)),
  explain: (names, element) =>
    names.filter((name) => !hasElement(element, name)).map((name) => buildFault('required', `${name} is required`, name)),
};

/** A CodeableConcept of a required binding: one of its codings is of the value set. https://hl7.org/fhir/R4/terminologies.html#required */
const requiredBindingRule: SchemaRule<Record<string, string[]>> = {
  check(codes) {
    const systems = new Map<unknown, Set<unknown>>(Object.entries(codes).map(([system, list]) => [system, new Set(list)]));
    return (concept) => items(concept.coding).some(({ system, code }) => systems.get(system)?.has(code) ?? false);
  },
  explain: (codes) =>
    Object.entries(codes).map(([system, list]) =>
      buildFault('code-invalid', `a coding of ${system} is expected: ${formatNames(list)}`, 'coding'),
    ),
};

/** The error-level constraints that stand here, by key. */
const invariantsRule: SchemaRule<string[]> = {
  check(keys) {
    const predicates = keys.map((key) => INVARIANTS[key]!);
    return predicates.length === 1 ? predicates[0]! : (element, root) => predicates.every((holds) => holds(element, root));
  },
  explain: (keys, element, root) =>
    keys.filter((key) => !isInvariantMet(key, element, root)).map((key) => buildFault('invariant', `${INVARIANT_TEXTS[key]} (${key})`)),
};

const isInvariantMet = (key: string, element: Element, root: Element): boolean => INVARIANTS[key]!(element, root);

/** Keyword → rule. `contained` stands in validate.ts: it needs the compiled schemas. */
export const SCHEMA_RULES: Readonly<Record<string, SchemaRule<never>>> = {
  needs: requiredPrimitivesRule,
  siblings: siblingsRule,
  choices: choicesRule,
  bound: requiredBindingRule,
  targets: targetsRule,
  invariants: invariantsRule,
  plain: plainJsonRule,
};
