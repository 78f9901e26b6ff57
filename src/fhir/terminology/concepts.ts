// The hierarchy of a code system: which codes it has, and which of them stand above and below a code. https://hl7.org/fhir/R4/codesystem.html#subsumption
import type { Terminology } from './terminology.ts';
import type { Concept } from './value-set.ts';

/** The concepts of a code system, if all of them are known. */
export function conceptsOf(system: string, { codeSystem }: Terminology): readonly Concept[] | undefined {
  const known = codeSystem(system);
  return known?.content === 'complete' ? known.concept : undefined;
}

/** All codes of a tree of concepts, those above before those below. */
export const codesIn = (concepts: readonly Concept[]): string[] =>
  concepts.flatMap(({ code, concept = [] }) => [code, ...codesIn(concept)]);

/** The codes from the top of a code system to a code, the code last; empty when it is not there. */
export const codesAbove = (concepts: readonly Concept[], code: string): string[] => pathTo(concepts, code).map((concept) => concept.code);

/** A code and what it subsumes, the code first; empty when it is not there. */
export const codesBelow = (concepts: readonly Concept[], code: string): string[] => codesIn(pathTo(concepts, code).slice(-1));

function pathTo(concepts: readonly Concept[], code: string): Concept[] {
  for (const concept of concepts) {
    if (concept.code === code) return [concept];
    const path = pathTo(concept.concept ?? [], code);
    if (path.length) return [concept, ...path];
  }
  return [];
}
