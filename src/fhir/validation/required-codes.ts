// The codes an element must have one of: those of the value set of a required binding. https://hl7.org/fhir/R4/terminologies.html#required
import { didYouMean } from '../closest-name.ts';
import type { Concept, Inclusion } from '../profile/definition.ts';
import { coreCodeSystem, coreValueSet } from './core-value-sets.ts';

/** Why a code may not stand in an element that is bound to this value set; undefined: it may, or the codes are not all known. */
export function unboundCode(code: unknown, bound: string | undefined): string | undefined {
  const known = bound === undefined || typeof code !== 'string' ? undefined : requiredCodes(bound);
  if (!known || known.includes(code as string)) return undefined;
  return `${code} is no code FHIR has here${didYouMean(code as string, known)}; there are ${known.join(', ')}`;
}

/** Why a code is in none of these code systems; undefined: it is in one, or not all of their codes are known. */
export function unknownCode(code: string, systems: readonly string[]): string | undefined {
  const lists = systems.map((url) => coreCodeSystem(url)?.concept);
  if (!lists.length || lists.includes(undefined)) return undefined;
  const known = lists.flatMap((concepts) => flat(concepts!));
  return known.includes(code) ? undefined : `${code} is no code FHIR has here${didYouMean(code, known)}; there are ${known.join(', ')}`;
}

function requiredCodes(url: string): string[] | undefined {
  const { include = [], exclude } = coreValueSet(url)?.compose ?? {};
  const lists = include.map(codesOf);
  return exclude || !lists.length || lists.includes(undefined) ? undefined : (lists as string[][]).flat();
}

function codesOf({ system, concept, filter, valueSet }: Inclusion): string[] | undefined {
  if (concept) return concept.map(({ code }) => code);
  const all = filter || valueSet || system === undefined ? undefined : coreCodeSystem(system)?.concept;
  return all && flat(all);
}

const flat = (concepts: Concept[]): string[] => concepts.flatMap(({ code, concept = [] }) => [code, ...flat(concept)]);
