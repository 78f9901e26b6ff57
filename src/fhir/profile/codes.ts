// The codes of a value set for validation. A code of unknown membership is accepted. https://hl7.org/fhir/R4/valueset.html
import { expandValueSet, isFullyKnown } from '../terminology/expansion.ts';
import type { Terminology } from '../terminology/terminology.ts';

/** The codes of a value set. */
export interface ValueSetCodes {
  /** Whether the value set has a code, or may have it if not all codes are known. `system` undefined: any system. */
  has(system: unknown, code: unknown): boolean;
  /** Whether all codes are known, so that `has` is certain. */
  exact: boolean;
  /** Some of the codes, for error texts. */
  some: string[];
}

const NO_CODES: ReadonlySet<string> = new Set();
const MAX_SAMPLE_CODES = 21;

/** The codes of a value set. Undefined: it or an included value set is not loaded, or does not define its content. */
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
