// The two keywords that hand a part of a resource to another compiled schema, found when that part is met: `contained` and `branches`.
// The root stays the resource around all: ids and references are looked up there.
import type { ValidateFunction } from 'ajv';
import type { Element } from '../json-values.ts';
import { isServed } from '../types.ts';
import { buildUnknownElementFault, toFaults } from './faults.ts';
import { INVARIANT_TEXTS } from './invariants.ts';
import { buildFault, type Fault, type SchemaRule } from './schema-rule.ts';

/** The compiled schema of a definition by its name. */
type ValidatorOf = (definition: string) => ValidateFunction;
type Rules = Readonly<Record<string, SchemaRule<never>>>;

/**
 * A resource in a resource: checked as its own type when that is served, for FHIR's form of JSON otherwise.
 * One that contains resources itself is refused (dom-2) without a look at them, so that nesting costs nothing.
 */
export function buildContainedRule(validatorOf: ValidatorOf, rules: Rules): SchemaRule<true> {
  const validatorFor = ({ resourceType: type }: Element) =>
    validatorOf(typeof type === 'string' && isServed(type) ? type : 'DomainResource');
  return {
    check: () => (inner, root) => inner.contained === undefined && isValidAgainst(validatorFor(inner), inner, root),
    explain(_value, inner, root) {
      if (inner.contained !== undefined) return [buildFault('invariant', `${INVARIANT_TEXTS['dom-2']} (dom-2)`, 'contained')];
      return explainFaults(validatorFor(inner), inner, root, rules);
    },
  };
}

/** `of`: JSON name → definition; `beside`: the other elements of the object, which are checked elsewhere. */
interface Branches {
  beside: string[];
  of: Record<string, string>;
}

/** A choice of any datatype (extensions, input of tasks), looked up by name: most of the fifty are never met. https://hl7.org/fhir/R4/datatypes.html#open */
export function buildBranchesRule(validatorOf: ValidatorOf, rules: Rules): SchemaRule<Branches> {
  return {
    check({ beside, of }) {
      const known = new Set(beside);
      const definitions = new Map(Object.entries(of));
      return (element, root) => {
        for (const name in element) {
          if (known.has(name)) continue;
          const definition = definitions.get(name);
          if (definition === undefined || !isValidAgainst(validatorOf(definition), element[name], root)) return false;
        }
        return true;
      };
    },
    explain({ beside, of }, element, root) {
      const names = Object.keys(element).filter((name) => !beside.includes(name));
      return names.flatMap((name) => {
        if (!Object.hasOwn(of, name)) return [buildUnknownElementFault(name, [...beside, ...Object.keys(of)])];
        return explainFaults(validatorOf(of[name]!), element[name], root, rules).map((found) => ({
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
