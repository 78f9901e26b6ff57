// Parses string values into tests of folded texts. https://hl7.org/fhir/R4/search.html#string

import type { ParameterNumber } from '../indexing/rows.ts';
import { encodeSoundex, foldText, toPrefixRange } from '../indexing/text-folding.ts';
import { hashExactText } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import { parseFullTextCondition } from './full-text-condition.ts';
import { type Condition, combineWithOr } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';

/** Without a modifier: begins with. Also `:contains` and `:exact`. The parameter `phonetic` compares by sound. */
export function parseStringCondition(parameter: SearchParameter, modifier: string, value: string): Condition {
  const { code, number, substringIndexed, phonetic, fullText } = parameter;
  if (fullText) return parseFullTextCondition(parameter, value);
  if (modifier === 'contains') return parseContainsCondition(number, substringIndexed, code, value);
  const pieces = splitAlternatives(code, value).map(unescapeValue);
  if (modifier === 'exact') return { on: 'token', any: pieces.map((piece) => hashExactText(code, piece.normalize('NFC'))) };
  if (phonetic) return combineWithOr(pieces.map((piece) => buildPhoneticCondition(number, foldSearchText(code, piece))));
  return { on: 'string', parameter: number, any: pieces.map((piece) => toBeginsWithRange(code, piece)) };
}

/** The range of folded texts that begin with a text. */
export const toBeginsWithRange = (code: string, text: string): { from: string; to: string } => toPrefixRange(foldSearchText(code, text));

/** A text contains one of the alternatives. */
export function parseContainsCondition(parameter: ParameterNumber, infix: boolean, code: string, value: string): Condition {
  const any = splitAlternatives(code, value).map((piece) => ({ contains: foldSearchText(code, unescapeValue(piece)), infix }));
  return { on: 'string', parameter, any };
}

/** Every word of the value sounds like a word of the names. */
function buildPhoneticCondition(parameter: ParameterNumber, norm: string): Condition {
  const words: Condition[] = encodeSoundex(norm).map((equals) => ({ on: 'string', parameter, any: [{ equals }] }));
  return words.length === 1 ? words[0]! : { on: 'and', all: words };
}

function foldSearchText(code: string, text: string): string {
  const norm = foldText(text);
  if (norm === '') throw invalid(`${code} needs a value`);
  return norm;
}
