// Explains why a code is not in a required value set or code system. For codes in mapping files and paths; resources are validated by validation/schema-rules.ts. https://hl7.org/fhir/R4/terminologies.html#required
import { formatSuggestion } from '../closest-name.ts';
import { findConcepts, listCodes } from './concepts.ts';
import { expandValueSet, isFullyKnown } from './expansion.ts';
import { R4_TERMINOLOGY } from './terminology.ts';

/** Why a code may not stand in an element that is bound to this value set; undefined: it may, or the codes are not all known. */
export function explainUnboundCode(code: unknown, bound: string | undefined): string | undefined {
  if (bound === undefined || typeof code !== 'string') return undefined;
  const known = listRequiredCodes(bound);
  if (!known || known.includes(code)) return undefined;
  return `${code} is no code FHIR has here${formatSuggestion(code, known)}; there are ${known.join(', ')}`;
}

/** Why a code is in none of these code systems; undefined: it is in one, or not all of their codes are known. */
export function explainUnknownCode(code: string, systems: readonly string[]): string | undefined {
  const lists = systems.map((url) => findConcepts(url, R4_TERMINOLOGY));
  if (!lists.length || lists.includes(undefined)) return undefined;
  const known = lists.flatMap((concepts) => listCodes(concepts!));
  return known.includes(code)
    ? undefined
    : `${code} is no code FHIR has here${formatSuggestion(code, known)}; there are ${known.join(', ')}`;
}

function listRequiredCodes(url: string): string[] | undefined {
  const expansion = expandValueSet(url, R4_TERMINOLOGY);
  if (typeof expansion === 'string' || expansion.size === 0 || !isFullyKnown(expansion)) return undefined;
  return [...expansion.values()].flatMap(({ codes }) => (codes === 'all' ? [] : [...codes]));
}
