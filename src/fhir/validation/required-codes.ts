// The codes an element must have one of: those of the value set of a required binding. https://hl7.org/fhir/R4/terminologies.html#required
import { didYouMean } from '../closest-name.ts';
import { codesIn, conceptsOf } from '../terminology/concepts.ts';
import { expand, isListed } from '../terminology/expansion.ts';
import { CORE } from '../terminology/terminology.ts';

/** Why a code may not stand in an element that is bound to this value set; undefined: it may, or the codes are not all known. */
export function unboundCode(code: unknown, bound: string | undefined): string | undefined {
  const known = bound === undefined || typeof code !== 'string' ? undefined : requiredCodes(bound);
  if (!known || known.includes(code as string)) return undefined;
  return `${code} is no code FHIR has here${didYouMean(code as string, known)}; there are ${known.join(', ')}`;
}

/** Why a code is in none of these code systems; undefined: it is in one, or not all of their codes are known. */
export function unknownCode(code: string, systems: readonly string[]): string | undefined {
  const lists = systems.map((url) => conceptsOf(url, CORE));
  if (!lists.length || lists.includes(undefined)) return undefined;
  const known = lists.flatMap((concepts) => codesIn(concepts!));
  return known.includes(code) ? undefined : `${code} is no code FHIR has here${didYouMean(code, known)}; there are ${known.join(', ')}`;
}

function requiredCodes(url: string): string[] | undefined {
  const expansion = expand(url, CORE);
  if (typeof expansion === 'string' || expansion.size === 0 || !isListed(expansion)) return undefined;
  return [...expansion.values()].flatMap(({ codes }) => [...(codes as ReadonlySet<string>)]);
}
