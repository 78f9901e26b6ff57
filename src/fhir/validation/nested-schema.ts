// The keywords that validate a part of a resource with another compiled schema: `contained`, `standalone` and `branches`. The schema is found during
// validation. The root stays the outermost resource, because ids and references are resolved there; a standalone resource is its own root.
import type { ValidateFunction } from 'ajv';
import { isResourceType } from '../json-schema.ts';
import type { Element } from '../json-values.ts';
import { buildUnknownElementFault, toFaults } from './faults.ts';
import { explainInvariant } from './invariants.ts';
import { buildFault, type Fault, type SchemaRule } from './schema-rule.ts';

/** The compiled schema of a definition by its name. */
type FindValidator = (definition: string) => ValidateFunction;
type Rules = Readonly<Record<string, SchemaRule<never>>>;

/**
 * A contained resource is validated as its type, served or not. If it contains resources itself, it is refused (dom-2) without validating them, so that deep
 * nesting costs nothing.
 */
export function buildContainedRule(findValidator: FindValidator, rules: Rules): SchemaRule<true> {
  const { check, explain } = buildResourceRule(findValidator, rules);
  const isAllowed = check(true);
  return {
    check: () => (inner, root) => inner.contained === undefined && isAllowed(inner, root),
    explain(value, inner, root) {
      if (inner.contained !== undefined) return [buildFault('invariant', explainInvariant('DomainResource.dom-2'), 'contained')];
      return explain(value, inner, root);
    },
  };
}

/** A resource in a Bundle is validated like one that is written alone. https://hl7.org/fhir/R4/bundle.html */
export function buildStandaloneRule(findValidator: FindValidator, rules: Rules): SchemaRule<true> {
  const { check, explain } = buildResourceRule(findValidator, rules);
  const isAllowed = check(true);
  return {
    check: () => (resource) => isAllowed(resource, resource),
    explain: (value, resource) => explain(value, resource, resource),
  };
}

function buildResourceRule(findValidator: FindValidator, rules: Rules): SchemaRule<true> {
  const findOwnValidator = ({ resourceType: type }: Element) =>
    findValidator(typeof type === 'string' && isResourceType(type) ? type : 'DomainResource');
  return {
    check: () => (inner, root) => isValidAgainst(findOwnValidator(inner), inner, root),
    explain: (_value, inner, root) => explainFaults(findOwnValidator(inner), inner, root, rules),
  };
}

/** `of`: JSON name → definition. `beside`: the other elements of the object, which other keywords check. */
interface Branches {
  beside: string[];
  of: Record<string, string>;
}

/** A choice of any datatype (extensions, input of tasks). The datatype is looked up by name, because a resource has few of the fifty. https://hl7.org/fhir/R4/datatypes.html#open */
export function buildBranchesRule(findValidator: FindValidator, rules: Rules): SchemaRule<Branches> {
  return {
    check({ beside, of }) {
      const known = new Set(beside);
      const definitions = new Map(Object.entries(of));
      return (element, root) => {
        for (const name in element) {
          if (known.has(name)) continue;
          const definition = definitions.get(name);
          if (definition === undefined || !isValidAgainst(findValidator(definition), element[name], root)) return false;
        }
        return true;
      };
    },
    explain({ beside, of }, element, root) {
      const names = Object.keys(element).filter((name) => !beside.includes(name));
      return names.flatMap((name) => {
        if (!Object.hasOwn(of, name)) return [buildUnknownElementFault(name, [...beside, ...Object.keys(of)])];
        return explainFaults(findValidator(of[name]!), element[name], root, rules).map((found) => ({
          ...found,
          path: [name, ...found.path],
        }));
      });
    },
  };
}

const isValidAgainst = (validator: ValidateFunction, value: unknown, root: Element): boolean =>
  validator(value, buildValidationContext(root)) === true;

function explainFaults(validator: ValidateFunction, value: unknown, root: Element, rules: Rules): Fault[] {
  return isValidAgainst(validator, value, root) ? [] : toFaults(validator.errors ?? [], root, rules);
}

const buildValidationContext = (rootData: Element) => ({
  instancePath: '',
  parentData: {},
  parentDataProperty: '',
  rootData,
  dynamicAnchors: {},
});
