// The hierarchy of a code system: which codes it has, and which of them stand above and below a code. https://hl7.org/fhir/R4/codesystem.html#subsumption
import type { Terminology } from './terminology.ts';
import type { Concept } from './value-set.ts';

/** The concepts of a code system, if all of them are known. */
export function findConcepts(system: string, { findCodeSystem }: Terminology): readonly Concept[] | undefined {
  const known = findCodeSystem(system);
  return known?.content === 'complete' ? known.concept : undefined;
}

/** All codes of a tree of concepts, those above before those below. */
export const listCodes = (concepts: readonly Concept[]): string[] =>
  concepts.flatMap(({ code, concept = [] }) => [code, ...listCodes(concept)]);

/** The codes from the top of a code system to a code, the code last; empty when it is not there. */
export const listCodesAbove = (concepts: readonly Concept[], code: string): string[] =>
  findConceptPath(concepts, code).map((concept) => concept.code);

/** A code and what it subsumes, the code first; empty when it is not there. */
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
