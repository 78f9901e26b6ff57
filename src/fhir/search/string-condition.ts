// Parses string values into tests of folded texts. https://hl7.org/fhir/R4/search.html#string

import { encodeSoundex, foldText, toPrefixRange } from '../indexing/text-folding.ts';
import { hashCode, hashExactText, hashSpelling } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import { parseFullTextCondition } from './full-text-condition.ts';
import { type Condition, combineWithOr, type TextCondition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';

/** Without a modifier: begins with. Also `:contains` and `:exact`. The parameter `phonetic` compares by sound. */
export function parseStringCondition(parameter: SearchParameter, modifier: string, value: string): Condition {
  const { code, substringIndexed, phonetic, fullText } = parameter;
  if (fullText) return parseFullTextCondition(parameter, value);
  if (modifier === 'contains') return parseContainsCondition(toTextRows(parameter), substringIndexed, code, value);
  const pieces = splitAlternatives(code, value).map(unescapeValue);
  if (modifier === 'exact') return combineWithOr(buildExactConditions(parameter, pieces));
  if (phonetic) return combineWithOr(pieces.map((piece) => buildPhoneticCondition(code, foldSearchText(code, piece))));
  return { on: 'string', ...toTextRows(parameter), any: pieces.map((piece) => toBeginsWithRange(code, piece)) };
}

/** The rows with the texts of a parameter. */
export const toTextRows = ({
  number,
  shared,
}: Pick<SearchParameter, 'number' | 'shared'>): Pick<TextCondition, 'parameter' | 'shared'> => ({
  parameter: number,
  ...(shared && { shared: [shared] }),
});

/** A text is written as one of the alternatives. A blank text has no row, but a token. */
function buildExactConditions(parameter: SearchParameter, pieces: string[]): Condition[] {
  const written = pieces.map((piece) => piece.normalize('NFC'));
  const [blank, other] = [written.filter((text) => foldText(text) === ''), written.filter((text) => foldText(text) !== '')];
  const any = other.map((text) => ({ equals: foldText(text), spelling: hashSpelling(text) }));
  return [
    ...(any.length ? [{ on: 'string' as const, ...toTextRows(parameter), any }] : []),
    ...(blank.length ? [{ on: 'token' as const, any: blank.map((text) => hashExactText(parameter.code, text)) }] : []),
  ];
}

/** The range of folded texts that begin with a text. */
export const toBeginsWithRange = (code: string, text: string): { from: string; to: string } => toPrefixRange(foldSearchText(code, text));

/** A text contains one of the alternatives. */
export function parseContainsCondition(
  rows: Pick<TextCondition, 'parameter' | 'shared'>,
  infix: boolean,
  code: string,
  value: string,
): Condition {
  const any = splitAlternatives(code, value).map((piece) => ({ contains: foldSearchText(code, unescapeValue(piece)), infix }));
  return { on: 'string', ...rows, any };
}

/** Every word of the value sounds like a word of the names. */
function buildPhoneticCondition(code: string, norm: string): Condition {
  const words: Condition[] = encodeSoundex(norm).map((sound) => ({ on: 'token', any: [hashCode(code, sound)] }));
  return words.length === 1 ? words[0]! : { on: 'and', all: words };
}

function foldSearchText(code: string, text: string): string {
  const norm = foldText(text);
  if (norm === '') throw invalid(`${code} needs a value`);
  return norm;
}
