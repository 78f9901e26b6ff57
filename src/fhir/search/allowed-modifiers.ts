// Which modifiers a search parameter accepts, by the types of its values. What a modifier means is in the *-condition.ts file of the parameter's type.
// https://hl7.org/fhir/R4/search.html#modifiers

import type { ParameterKind } from '../indexing/indexed-parameter.ts';
import { TOKEN_TEXTS } from '../indexing/token-values.ts';
import { isHierarchical } from './reference-parameter.ts';
import type { SearchParameter } from './registry.ts';
import { TERMINOLOGY_MODIFIERS } from './terminology-condition.ts';

/** Composite and special parameters have no modifiers, not even :missing. */
const MODIFIER_READERS: Record<ParameterKind, (parameter: SearchParameter) => string[]> = {
  token: listTokenModifiers,
  string: ({ phonetic, fullText }) => (phonetic || fullText ? ['missing'] : ['missing', 'exact', 'contains']),
  reference: listReferenceModifiers,
  uri: () => ['missing', 'above', 'below'],
  date: () => ['missing'],
  number: () => ['missing'],
  quantity: () => ['missing'],
  composite: () => [],
  special: () => [],
};

/** The modifiers of a parameter, without their colons. */
export const listModifiers = (parameter: SearchParameter): string[] => MODIFIER_READERS[parameter.type](parameter);

/** Whether a value can have a type that meets the test. If the types are known only at evaluation, any type is possible. */
const canHaveType = ({ types }: SearchParameter, test: (type: string) => boolean): boolean => types?.some(test) ?? true;

function listTokenModifiers(parameter: SearchParameter): string[] {
  if (parameter.code === '_id') return ['missing', 'not'];
  const text = canHaveType(parameter, (type) => Object.hasOwn(TOKEN_TEXTS, type));
  const typed = canHaveType(parameter, (type) => type === 'Identifier');
  return ['missing', 'not', ...(text ? ['text'] : []), ...(typed ? ['of-type'] : []), ...(isCoded(parameter) ? TERMINOLOGY_MODIFIERS : [])];
}

/** Whether its values can have a code system, in their JSON or implied. */
const isCoded = (parameter: SearchParameter): boolean =>
  canHaveType(parameter, (type) => type === 'Coding' || type === 'CodeableConcept') ||
  (parameter.systems.length > 0 && canHaveType(parameter, (type) => type === 'code'));

function listReferenceModifiers(parameter: SearchParameter): string[] {
  const { targets = [] } = parameter;
  const versions = canHaveType(parameter, (type) => type === 'canonical') ? ['below'] : [];
  if (!canHaveType(parameter, (type) => type === 'Reference')) return ['missing', ...versions];
  return ['missing', 'identifier', ...(targets.some(isHierarchical) ? ['above', 'below'] : versions), ...targets];
}
