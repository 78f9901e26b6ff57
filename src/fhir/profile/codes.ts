// The codes of a value set as validation asks for them: what is not known may be in it. https://hl7.org/fhir/R4/valueset.html
import { expandValueSet, isFullyKnown } from '../terminology/expansion.ts';
import type { Terminology } from '../terminology/terminology.ts';

/** The codes of a value set. */
export interface ValueSetCodes {
  /** Whether a code is in it. `system` undefined: of any system. Where not all is known: whether it may be. */
  has(system: unknown, code: unknown): boolean;
  /** Whether `has` decides: false when some system of it is not at hand. */
  exact: boolean;
  /** Some of the codes, to show. */
  some: string[];
}

const NO_CODES: ReadonlySet<string> = new Set();
const MAX_SAMPLE_CODES = 21;

/** The codes of a value set; undefined when it, or one it includes, is not at hand or says nothing of its content. */
export function findValueSetCodes(canonical: string, terminology: Terminology): ValueSetCodes | undefined {
  const expansion = expandValueSet(canonical, terminology);
  if (typeof expansion === 'string' || expansion.size === 0) return undefined;
  const lists = [...expansion].map(([system, { codes }]) => ({ system, codes }));
  return {
    has(system, code) {
      const codesOfSystem = system === undefined ? lists.map(({ codes }) => codes) : [expansion.get(String(system))?.codes ?? NO_CODES];
      return codesOfSystem.some((codes) => codes === 'all' || (typeof code === 'string' && codes.has(code)));
    },
    exact: isFullyKnown(expansion),
    some: lists.flatMap(({ system, codes }) => (codes === 'all' ? [`any code of ${system}`] : [...codes])).slice(0, MAX_SAMPLE_CODES),
  };
}
