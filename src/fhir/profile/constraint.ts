// The constraints that a profile adds to R4's own: FHIRPath expressions that must be true. https://hl7.org/fhir/R4/conformance-rules.html#constraints

import { compileConstraint } from '../fhirpath/compile.ts';
import type { EvaluationSources } from '../fhirpath/evaluator.ts';
import { readErrorMessage } from '../outcome.ts';
import { INVARIANT_KEYS } from '../validation/invariants.ts';
import type { Fault } from '../validation/schema-rule.ts';
import type { Constraint, ReportUnchecked } from './definition.ts';
import { buildUncheckedRule, type ElementItem, type ItemRule } from './rule.ts';

/** Keys of constraints on all elements and resources. Base validation checks them, or they are only advice. */
const UNIVERSAL_KEYS = /^(?:ele|ext|dom|ref)-\d+$/;
export const isUniversalConstraint = ({ key }: Constraint): boolean => UNIVERSAL_KEYS.test(key);
const R4_SOURCE = /^http:\/\/hl7\.org\/fhir\/StructureDefinition\/[A-Z]\w*$/;

/** The constraints that base validation does not check. `own`: the keys of the constraints that the profile itself adds. */
export const filterProfileConstraints = (constraints: Constraint[] = [], own: ReadonlySet<string>): Constraint[] =>
  constraints.filter((constraint) => {
    const { key, source, severity } = constraint;
    if (isUniversalConstraint(constraint)) return false;
    if (own.has(key)) return true;
    return source === undefined ? !INVARIANT_KEYS.has(key) : !(R4_SOURCE.test(source) && (INVARIANT_KEYS.has(key) || severity !== 'error'));
  });

/** The rule of one constraint. A constraint that cannot be evaluated is reported as unchecked and counts as met. */
export function buildConstraintRule(
  { key, severity, human, expression }: Constraint,
  sources: EvaluationSources,
  reportUnchecked: ReportUnchecked,
): ItemRule {
  const text = `${human ?? expression ?? 'the constraint is met'} (${key})`;
  const warns = severity !== 'error';
  const unchecked = (why: string): Fault => ({
    severity: 'warning',
    code: 'not-supported',
    text: `the constraint ${key} is not checked: ${why}`,
    path: [],
  });
  let isMet: ReturnType<typeof compileConstraint>;
  try {
    if (expression === undefined) throw new Error('it has no expression');
    isMet = compileConstraint(expression, sources);
  } catch (error) {
    const fault = unchecked(`${readErrorMessage(error)} is not evaluated here`);
    reportUnchecked('constraints', `${key} (${readErrorMessage(error)})`);
    return buildUncheckedRule<ElementItem>(fault);
  }
  const faults: ItemRule['findFaults'] = (item, { resource, root }) => {
    try {
      if (isMet(item, resource, root)) return [];
    } catch (error) {
      return [unchecked(readErrorMessage(error))];
    }
    return [{ ...(warns && { severity: 'warning' as const }), code: 'invariant', text, path: [] }];
  };
  const holds: ItemRule['isMet'] = (item, { resource, root }) => {
    try {
      return isMet(item, resource, root);
    } catch {
      return true;
    }
  };
  return { isMet: warns ? () => true : holds, findFaults: faults };
}
