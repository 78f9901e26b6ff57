// Reads the syntax of a compiled step, for the checks at start and for the overlap test.
import type { Step } from '../../fhir/writable-path/path.ts';
import type { StepSyntax } from '../../fhir/writable-path/path-syntax.ts';

/** The syntax that a step was compiled from: the step's key is its JSON. */
export const readStepSyntax = ({ key }: Pick<Step, 'key'>): StepSyntax => {
  const syntax: StepSyntax = JSON.parse(key);
  return syntax;
};

/** The conditions of a step. */
export const readConditions = (step: Pick<Step, 'key'>): StepSyntax['where'] => readStepSyntax(step).where;
