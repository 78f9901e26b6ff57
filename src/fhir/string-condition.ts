// String values of a search as tests of folded strings. https://hl7.org/fhir/R4/search.html#string

import { anyOf } from './condition.ts';
import { fold, prefixRange } from './fold.ts';
import type { ParameterNumber } from './index-rows.ts';
import { invalid } from './outcome.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './search-parameters.ts';
import { alternatives, unescaped } from './search-text.ts';
import { soundex } from './soundex.ts';
import { exactHash } from './token.ts';

/** Begins with (no modifier), `:contains`, `:exact`; by sound for `phonetic`. */
export function stringCondition(parameter: SearchParameter, modifier: string, value: string): Condition {
  const { code, number, infix, phonetic } = parameter;
  if (modifier === 'contains') return containing(number, infix, code, value);
  const pieces = alternatives(code, value).map(unescaped);
  if (modifier === 'exact') return { on: 'token', any: pieces.map((piece) => exactHash(code, piece.normalize('NFC'))) };
  if (phonetic) return anyOf(pieces.map((piece) => sounding(number, folded(code, piece))));
  return { on: 'string', parameter: number, any: pieces.map((piece) => prefixRange(folded(code, piece))) };
}

/** Holds one of the alternatives anywhere. */
export function containing(parameter: ParameterNumber, infix: boolean, code: string, value: string): Condition {
  const any = alternatives(code, value).map((piece) => ({ contains: folded(code, unescaped(piece)), infix }));
  return { on: 'string', parameter, any };
}

/** Every word of the value is heard in some word of the names. */
function sounding(parameter: ParameterNumber, norm: string): Condition {
  const words: Condition[] = soundex(norm).map((equals) => ({ on: 'string', parameter, any: [{ equals }] }));
  return words.length === 1 ? words[0]! : { on: 'and', all: words };
}

function folded(code: string, text: string): string {
  const norm = fold(text);
  if (norm === '') throw invalid(`${code} needs a value`);
  return norm;
}
