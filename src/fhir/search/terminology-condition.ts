// Tokens by value set (:in, :not-in) and by the hierarchy of their code system (:above, :below). https://hl7.org/fhir/R4/search.html#subsumption

import { codeForm, formHash, systemCodeForm, systemForm, withoutCase } from '../indexing/token.ts';
import { invalid, notSupported } from '../outcome.ts';
import { codesAbove, codesBelow, conceptsOf } from '../terminology/concepts.ts';
import { expand, notKnown } from '../terminology/expansion.ts';
import type { Terminology } from '../terminology/terminology.ts';
import type { SearchParameter } from './parameters.ts';
import type { Condition } from './query.ts';
import { alternatives, parts, unescaped } from './text.ts';
import { anyToken } from './token-condition.ts';

export const TERMINOLOGY_MODIFIERS = ['in', 'not-in', 'above', 'below'] as const;
type TerminologyModifier = (typeof TERMINOLOGY_MODIFIERS)[number];

/** A longer list is no search. */
const MOST_CODES = 5000;

/** The codes that a value set or a concept stands for, as one test. A resource without a code is not in any value set. */
export function terminologyCondition(
  parameter: SearchParameter,
  modifier: TerminologyModifier,
  value: string,
  terminology: Terminology,
): Condition {
  const hashes = new Set<string>();
  for (const piece of new Set(alternatives(parameter.code, value))) {
    const codes =
      modifier === 'above' || modifier === 'below'
        ? along(parameter, modifier, piece, terminology)
        : codesOf(unescaped(piece), terminology);
    for (const [system, list] of codes) for (const hash of hashesOf(parameter, system, list)) hashes.add(hash);
    if (hashes.size > MOST_CODES) throw notSupported(`${parameter.code}:${modifier} stands for more than ${MOST_CODES} codes`);
  }
  const condition = anyToken([...hashes]);
  return modifier === 'not-in' ? { on: 'not', condition } : condition;
}

/** Code system → its codes, or all of them. */
type CodesBySystem = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

/** The codes of a value set. Fails with `not-supported`, naming the value set, code system or filter that is not known. */
function codesOf(canonical: string, terminology: Terminology): CodesBySystem {
  const expansion = expand(canonical, terminology);
  if (typeof expansion === 'string') throw notSupported(expansion);
  const unknown = [...expansion.values()].find((listed) => listed.unknown !== undefined)?.unknown;
  if (unknown !== undefined) throw notSupported(unknown);
  return new Map([...expansion].map(([system, { codes }]) => [system, codes]));
}

function along({ code, systems }: SearchParameter, direction: 'above' | 'below', piece: string, terminology: Terminology): CodesBySystem {
  const [first = '', second, more] = parts(piece);
  const [system, concept] = second === undefined ? [systems.length === 1 ? systems[0] : undefined, first] : [first, second];
  if (!system || !concept || more !== undefined) throw invalid(`${code}:${direction} takes system|code`);
  const concepts = conceptsOf(system, terminology);
  if (!concepts) throw notSupported(notKnown('code system', system));
  const codes = (direction === 'above' ? codesAbove : codesBelow)(concepts, concept);
  return new Map([[system, new Set([concept, ...codes])]]);
}

/** Elements of type code name no system: theirs is implied. */
function hashesOf(
  { code, systemless, systems, caseless, presence }: SearchParameter,
  system: string,
  list: ReadonlySet<string> | 'all',
): string[] {
  if (systemless && !systems.includes(system)) return [];
  if (list === 'all') return [systemless ? presence : formHash(code, systemForm(system))];
  const said = (text: string): string => (caseless ? withoutCase(text) : text);
  return [...list].map((one) => formHash(code, systemless ? codeForm(said(one)) : systemCodeForm(system, said(one))));
}
