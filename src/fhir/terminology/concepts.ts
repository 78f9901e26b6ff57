// The codes of a code system, and its hierarchy. https://hl7.org/fhir/R4/codesystem.html#subsumption
import type { Terminology } from './terminology.ts';
import type { Concept } from './value-set.ts';

/** The concepts of a code system, if all of them are known. */
export function findConcepts(system: string, { findCodeSystem }: Terminology): readonly Concept[] | undefined {
  const known = findCodeSystem(system);
  return known?.content === 'complete' ? known.concept : undefined;
}

/** All codes of a tree of concepts. A code precedes its descendants. */
export const listCodes = (concepts: readonly Concept[]): string[] =>
  concepts.flatMap(({ code, concept = [] }) => [code, ...listCodes(concept)]);

/** The path of codes from the top of the hierarchy to a code, which is the last. Empty: there is no such code. */
export const listCodesAbove = (concepts: readonly Concept[], code: string): string[] =>
  findConceptPath(concepts, code).map((concept) => concept.code);

/** A code and the codes that it subsumes. The code is the first. Empty: there is no such code. */
export const listCodesBelow = (concepts: readonly Concept[], code: string): string[] =>
  listCodes(findConceptPath(concepts, code).slice(-1));

function findConceptPath(concepts: readonly Concept[], code: string): Concept[] {
  for (const concept of concepts) {
    if (concept.code === code) return [concept];
    const path = findConceptPath(concept.concept ?? [], code);
    if (path.length) return [concept, ...path];
  }
  return [];
}
