// The name of a search parameter in its parts: the steps to other resources, the code and the modifier. `subject:Patient.name:exact`, `_has:Observation:patient:code`.
// https://hl7.org/fhir/R4/search.html#chaining, #has

/** A step to another resource. `to`: the resource that a reference leads to; without a type, each that it may lead to. `from`: a resource that refers to this one. */
export type Step = { direction: 'to'; code: string; type?: string } | StepFrom;

interface StepFrom {
  direction: 'from';
  type: string;
  code: string;
}

/** A resource that refers to this one, by a reference that is still to be chosen. */
export const isOpenStep = (step: Step | undefined): step is StepFrom & { code: '' } => step?.direction === 'from' && step.code === '';

export interface ParameterPath {
  steps: Step[];
  code: string;
  /** Without the colon; '' if there is none. */
  modifier: string;
}

/** Splits a name. A name that is not complete yet has empty parts. */
export function parsePath(name: string): ParameterPath {
  if (name === '_has' || name.startsWith('_has:')) {
    const [, type = '', code = '', ...rest] = name.split(':');
    return addStep({ direction: 'from', type, code }, parsePath(rest.join(':')));
  }
  const dot = name.indexOf('.');
  if (dot < 0) return { steps: [], ...splitAtColon(name) };
  const { code, modifier } = splitAtColon(name.slice(0, dot));
  return addStep({ direction: 'to', code, ...(modifier !== '' && { type: modifier }) }, parsePath(name.slice(dot + 1)));
}

const addStep = (step: Step, { steps, ...rest }: ParameterPath): ParameterPath => ({ steps: [step, ...steps], ...rest });

function splitAtColon(text: string): { code: string; modifier: string } {
  const at = text.indexOf(':');
  return at < 0 ? { code: text, modifier: '' } : { code: text.slice(0, at), modifier: text.slice(at + 1) };
}

export function formatPath({ steps, code, modifier }: ParameterPath): string {
  const end = modifier === '' ? code : `${code}:${modifier}`;
  return steps.reduceRight((rest, step) => formatStep(step) + rest, end);
}

const formatStep = (step: Step): string =>
  step.direction === 'from' ? `_has:${step.type}:${step.code}:` : `${step.code}${step.type === undefined ? '' : `:${step.type}`}.`;
