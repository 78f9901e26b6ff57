// Explains why a code is not in a required value set or code system. For codes in mapping files and paths; resources are validated by validation/schema-rules.ts. https://hl7.org/fhir/R4/terminologies.html#required
import { formatSuggestion } from '../closest-name.ts';
import { findConcepts } from './concepts.ts';
import { expandValueSet, isFullyKnown } from './expansion.ts';
import { R4_TERMINOLOGY } from './terminology.ts';

/** Why an element with a required binding may not have a code. Undefined: it may have it, or not all codes are known. */
export function explainUnboundCode(code: unknown, bound: string | undefined): string | undefined {
  if (bound === undefined || typeof code !== 'string') return undefined;
  const known = listRequiredCodes(bound);
  if (!known || known.includes(code)) return undefined;
  return `${code} is not a code that FHIR allows here${formatSuggestion(code, known)}; there are ${known.join(', ')}`;
}

/** Why a code is in none of these code systems. Undefined: one of them has it, or not all of their codes are known. */
export function explainUnknownCode(code: string, systems: readonly string[]): string | undefined {
  const lists = systems.map((url) => findConcepts(url, R4_TERMINOLOGY));
  if (!lists.length || lists.includes(undefined)) return undefined;
  const known = lists.flatMap((tree) => tree!.codes);
  return known.includes(code)
    ? undefined
    : `${code} is not a code that FHIR allows here${formatSuggestion(code, known)}; there are ${known.join(', ')}`;
}

function listRequiredCodes(url: string): string[] | undefined {
  const expansion = expandValueSet(url, R4_TERMINOLOGY);
  if (typeof expansion === 'string' || expansion.size === 0 || !isFullyKnown(expansion)) return undefined;
  return [...expansion.values()].flatMap(({ codes }) => (codes === 'all' ? [] : [...codes]));
}
