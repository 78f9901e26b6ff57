// Names, contact points, addresses and identifiers that are no longer in use stay in a resource, marked `use: old`. The mark modifies what the element
// means: whoever asks for a person's name, and not for one of a certain use, is not asking for those. https://hl7.org/fhir/R4/conformance-rules.html#isModifier
import type { Condition } from './path-step.ts';
import type { StepSyntax } from './path-syntax.ts';

const MARKED: readonly string[] = ['HumanName', 'ContactPoint', 'Address', 'Identifier'];

/** A new element is in use. */
export const IN_USE: Condition = {
  test: (item) => (item as { use?: unknown } | undefined)?.use !== 'old',
  make: (item) => item,
  absent: true,
};

/** The step, asking for what is in use where it chooses among elements that may be marked and says nothing of their use itself. */
export function whereInUse(step: StepSyntax, type: string): StepSyntax {
  const chooses = step.index !== undefined || step.where.length > 0;
  const asks = step.where.some(({ path }) => path.steps[0]?.name === 'use');
  return chooses && !asks && MARKED.includes(type) ? { ...step, inUse: true } : step;
}
