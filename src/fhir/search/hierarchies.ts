// The references by which resources of one type form a hierarchy, for :above and :below.
// https://hl7.org/fhir/R4/search.html#recursive. R4 does not list its strict hierarchies. This server uses the references that mean "part of".
import type { ServedType } from '../types.ts';

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
