// The keywords of the generated schemas that JSON Schema does not define: the check and the explanation of each.

import { isResourceType } from '../json-schema.ts';
import { type Element, isElement, listObjects } from '../json-values.ts';
import { findContainedResource } from '../reference.ts';
import { hasElement, type InvariantPredicate } from './invariants/native.ts';
import { buildInvariantPredicate, explainInvariant } from './invariants.ts';
import { TEXT_TYPES } from './primitives.ts';
import { buildFault, formatNames, type SchemaRule } from './schema-rule.ts';

/**
 * A primitive and its sibling (`birthDate`, `_birthDate`) have a value or extensions together. The keyword lists the primitives that repeat.
 * https://hl7.org/fhir/R4/json.html#primitive
 */
const siblingsRule: SchemaRule<string[]> = {
  check(lists) {
    const pairs = lists.map((name) => [name, `_${name}`] as const);
    return (element) => {
      for (const [name, sibling] of pairs) {
        if (element[name] !== undefined && element[sibling] === undefined && includesNull(element[name])) return false;
      }
      for (const key in element) if (key.charCodeAt(0) === UNDERSCORE && !hasAllMembers(element[key.slice(1)], element[key])) return false;
      return true;
    };
  },
  explain(lists, element) {
    const names = new Set([...lists, ...Object.keys(element).flatMap((key) => (key.startsWith('_') ? [key.slice(1)] : []))]);
    return [...names].filter((name) => isEmptyElement(element, name)).map((name) => buildFault('structure', EXPECTED, name));
  },
};

const UNDERSCORE = 95;
const EXPECTED = 'a value or extensions are expected; a list has null only where its other list has an item';

const includesNull = (values: unknown): boolean => Array.isArray(values) && values.includes(null);

function isEmptyElement(element: Element, name: string): boolean {
  const sibling = element[`_${name}`];
  return sibling === undefined ? includesNull(element[name]) : !hasAllMembers(element[name], sibling);
}

/** Lists are compared index by index. The shorter one counts as filled up with nulls. */
function hasAllMembers(value: unknown, sibling: unknown): boolean {
  if (!Array.isArray(sibling)) return hasValueOrExtension(value, sibling);
  const values = Array.isArray(value) ? value : [];
  for (let place = 0; place < Math.max(values.length, sibling.length); place++) {
    if (!hasValueOrExtension(values[place], sibling[place])) return false;
  }
  return true;
}

const hasValueOrExtension = (value: unknown, sibling: unknown): boolean =>
  (value !== undefined && value !== null) || (isElement(sibling) && sibling.extension !== undefined);

/** A choice element (`value[x]`). `name`: without `[x]`. `of`: its names in JSON. */
interface Choice {
  name: string;
  required: boolean;
  of: string[];
}

/** An object has at most one type of a choice, and at least one if the choice is required. https://hl7.org/fhir/R4/formats.html#choice */
const choicesRule: SchemaRule<Choice[]> = {
  check(all) {
    const checks = all.map(buildChoiceCheck);
    return (element, root) => checks.every((check) => check(element, root));
  },
  explain(all, element) {
    return all.flatMap((choice) => {
      const present = choice.of.filter((name) => name in element || `_${name}` in element);
      if (present.length > 1) return [buildFault('structure', `${choice.name}[x] may be of one type only`, present[1]!)];
      return choice.required && present.length === 0 ? [buildFault('required', `${choice.name}[x] is required`, choice.name)] : [];
    });
  },
};

function buildChoiceCheck({ required, of }: Choice): InvariantPredicate {
  const names = new Map(of.flatMap((name) => [[name, name] as const, [`_${name}`, name] as const]));
  return (element: Element) => {
    let found: string | undefined;
    for (const key in element) {
      const name = names.get(key);
      if (name === undefined || name === found) continue;
      if (found !== undefined) return false;
      found = name;
    }
    return !required || found !== undefined;
  };
}

/** The allowed resource types of a reference. The target need not exist: its type is read from the reference. https://hl7.org/fhir/R4/references.html */
export const targetsRule: SchemaRule<string[]> = {
  check(types) {
    const allowed = new Set(types);
    const isAllowed = (type: unknown) => typeof type !== 'string' || allowed.has(type) || !isResourceType(type);
    return ({ reference, type }, root) => {
      if (type !== undefined && !isAllowed(type)) return false;
      return typeof reference !== 'string' || isAllowed(readTargetType(reference, root));
    };
  },
  explain: (types) => [buildFault('value', `a reference to ${formatNames(types)} is expected`)],
};

/** The type in `Type/id` or `http…/Type/id/_history/1`, or of the contained resource `#id`. Without a type: undefined, or a text that is not a type. */
function readTargetType(reference: string, root: Element): unknown {
  if (reference.startsWith('#')) return findContainedResource(root, reference)?.resourceType;
  const version = reference.indexOf('/_history/');
  const end = reference.lastIndexOf('/', version < 0 ? undefined : version - 1);
  return end > 0 ? reference.slice(reference.lastIndexOf('/', end - 1) + 1, end) : undefined;
}

/** A mandatory primitive has a value, or extensions in its place. */
const requiredPrimitivesRule: SchemaRule<string[]> = {
  check: (names) => (element) => names.every((name) => hasElement(element, name)),
  explain: (names, element) =>
    names.filter((name) => !hasElement(element, name)).map((name) => buildFault('required', `${name} is required`, name)),
};

/**
 * A CodeableConcept of a required binding has a coding of the value set. The keyword: code system → its codes, or their format.
 * https://hl7.org/fhir/R4/terminologies.html#required
 */
const requiredBindingRule: SchemaRule<Record<string, string[] | string>> = {
  check(bound) {
    const systems = new Map<unknown, (code: unknown) => boolean>(
      Object.entries(bound).map(([system, codes]) => [system, buildCodeTest(codes)]),
    );
    return (concept) => listObjects(concept.coding).some(({ system, code }) => systems.get(system)?.(code) ?? false);
  },
  explain: (bound) =>
    Object.entries(bound).map(([system, codes]) => {
      const expected = typeof codes === 'string' ? TEXT_TYPES[codes]!.expected : formatNames(codes);
      return buildFault('code-invalid', `a coding of ${system} is expected: ${expected}`, 'coding');
    }),
};

function buildCodeTest(codes: string[] | string): (code: unknown) => boolean {
  if (typeof codes === 'string') return (code) => typeof code === 'string' && TEXT_TYPES[codes]!.isValid(code);
  const allowed = new Set<unknown>(codes);
  return (code) => allowed.has(code);
}

/** The error-level constraints of an element, by name. */
const invariantsRule: SchemaRule<string[]> = {
  check(names) {
    const predicates = names.map(buildInvariantPredicate);
    return predicates.length === 1 ? predicates[0]! : (element, root) => predicates.every((isMet) => isMet(element, root));
  },
  explain: (names, element, root) =>
    names.filter((name) => !buildInvariantPredicate(name)(element, root)).map((name) => buildFault('invariant', explainInvariant(name))),
};

/** Keyword → rule. `contained`, `standalone` and `branches` are in nested-schema.ts, because they need the compiled schemas. */
export const SCHEMA_RULES: Readonly<Record<string, SchemaRule<never>>> = {
  needs: requiredPrimitivesRule,
  siblings: siblingsRule,
  choices: choicesRule,
  bound: requiredBindingRule,
  targets: targetsRule,
  invariants: invariantsRule,
};
