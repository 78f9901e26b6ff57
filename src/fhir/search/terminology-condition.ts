// Tests of tokens by value set (:in, :not-in) and by the hierarchy of a code system (:above, :below). https://hl7.org/fhir/R4/search.html#subsumption

import { foldCase, hashForm, toCodeForm, toSystemCodeForm, toSystemForm } from '../indexing/token.ts';
import { invalid, notSupported } from '../outcome.ts';
import { findConcepts } from '../terminology/concepts.ts';
import { expandValueSet, formatNotKnown } from '../terminology/expansion.ts';
import type { Terminology } from '../terminology/terminology.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, splitParts, unescapeValue } from './search-value.ts';
import { buildTokenCondition } from './token-condition.ts';

export const TERMINOLOGY_MODIFIERS = ['in', 'not-in', 'above', 'below'] as const;
type TerminologyModifier = (typeof TERMINOLOGY_MODIFIERS)[number];

/** The most codes of one condition. */
const MAX_CODES = 5000;

/** Parses :in, :not-in, :above and :below into a test of codes. A resource without a code is not in any value set, so :not-in matches it. */
export function parseTerminologyCondition(
  parameter: SearchParameter,
  modifier: TerminologyModifier,
  value: string,
  terminology: Terminology,
): Condition {
  const hashes = new Set<string>();
  for (const piece of new Set(splitAlternatives(parameter.code, value))) {
    const codes =
      modifier === 'above' || modifier === 'below'
        ? findHierarchyCodes(parameter, modifier, piece, terminology)
        : findValueSetCodes(unescapeValue(piece), terminology);
    for (const [system, list] of codes) for (const hash of hashCodes(parameter, system, list)) hashes.add(hash);
    if (hashes.size > MAX_CODES) throw notSupported(`${parameter.code}:${modifier} selects more than ${MAX_CODES} codes`);
  }
  const condition = buildTokenCondition([...hashes]);
  return modifier === 'not-in' ? { on: 'not', condition } : condition;
}

/** Code system → its codes, or all of them. */
type CodesBySystem = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

/** The codes of a value set. A `not-supported` error names a value set, code system or filter that is not known. */
function findValueSetCodes(canonical: string, terminology: Terminology): CodesBySystem {
  const expansion = expandValueSet(canonical, terminology);
  if (typeof expansion === 'string') throw notSupported(expansion);
  const unknown = [...expansion.values()].find((listed) => listed.unknown !== undefined)?.unknown;
  if (unknown !== undefined) throw notSupported(unknown);
  return new Map([...expansion].map(([system, { codes }]) => [system, codes]));
}

function findHierarchyCodes(
  { code, systems }: SearchParameter,
  direction: 'above' | 'below',
  piece: string,
  terminology: Terminology,
): CodesBySystem {
  const [first = '', second, more] = splitParts(piece);
  const [system, concept] = second === undefined ? [systems.length === 1 ? systems[0] : undefined, first] : [first, second];
  if (!system || !concept || more !== undefined) throw invalid(`${code}:${direction} must be system|code`);
  const tree = findConcepts(system, terminology);
  if (!tree) throw notSupported(formatNotKnown('code system', system));
  const codes = direction === 'above' ? tree.listAbove(concept) : tree.listBelow(concept);
  return new Map([[system, new Set([concept, ...codes])]]);
}

/** The hashes of the codes. Elements of type `code` have no system in their JSON, so their codes are hashed without it. */
function hashCodes(
  { code, withoutSystem, systems, caseInsensitive, presence }: SearchParameter,
  system: string,
  list: ReadonlySet<string> | 'all',
): string[] {
  if (withoutSystem && !systems.includes(system)) return [];
  if (list === 'all') return [withoutSystem ? presence : hashForm(code, toSystemForm(system))];
  const normalizeCase = (text: string): string => (caseInsensitive ? foldCase(text) : text);
  return [...list].map((listedCode) =>
    hashForm(code, withoutSystem ? toCodeForm(normalizeCase(listedCode)) : toSystemCodeForm(system, normalizeCase(listedCode))),
  );
}
