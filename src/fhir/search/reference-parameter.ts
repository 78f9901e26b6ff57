// The reference parameters that chains, `_has` and includes follow, and those that form hierarchies. https://hl7.org/fhir/R4/search.html#reference
import { notSupported } from '../outcome.ts';
import type { ServedType } from '../types.ts';
import { buildUnknownParameterError } from './errors.ts';
import type { SearchParameter, SearchRegistry } from './registry.ts';

/** Whether a parameter can be followed. One with only canonical URLs cannot, because these do not identify resources of this server. */
export const isFollowable = ({ type, types }: SearchParameter): boolean => type === 'reference' && types?.includes('Reference') !== false;

/** Finds a reference parameter. Any other parameter is refused. */
export function findReferenceParameter(registry: SearchRegistry, type: string, code: string): { number: number; targets: string[] } {
  const parameter = registry.lookup(type, code);
  if (!parameter) throw buildUnknownParameterError(registry, type, code);
  if (!isFollowable(parameter)) throw notSupported(`${type}.${code} is not a reference to other resources`);
  return { number: parameter.number, targets: parameter.targets ?? [] };
}

/** Type → its search parameter for the resource that it is part of. */
const PART_OF_PARAMETERS = {
  Encounter: 'part-of',
  Location: 'partof',
  Organization: 'partof',
  Task: 'part-of',
} as const satisfies Partial<Record<ServedType, string>>;

type HierarchicalType = keyof typeof PART_OF_PARAMETERS;

export const isHierarchical = (type: string): type is HierarchicalType => Object.hasOwn(PART_OF_PARAMETERS, type);

/** The search parameter by which a resource of the type refers to the resource that it is part of. */
export const findPartOfParameter = (type: HierarchicalType): string => PART_OF_PARAMETERS[type];
