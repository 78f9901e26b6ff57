// The references by which resources of one type form a hierarchy: what :above and :below on references climb.
// https://hl7.org/fhir/R4/search.html#recursive. Which of R4's circular references are "a strict hierarchy" is our reading: those that say "part of".
import type { ServedType } from '../types.ts';

/** Type → the search parameter of it that leads to what it is part of. */
const PART_OF_PARAMETERS = {
  Encounter: 'part-of',
  Location: 'partof',
  Organization: 'partof',
  Task: 'part-of',
} as const satisfies Partial<Record<ServedType, string>>;

type HierarchicalType = keyof typeof PART_OF_PARAMETERS;

export const isHierarchical = (type: string): type is HierarchicalType => Object.hasOwn(PART_OF_PARAMETERS, type);

/** The search parameter that leads from a resource of the type to what it is part of. */
export const findPartOfParameter = (type: HierarchicalType): string => PART_OF_PARAMETERS[type];
