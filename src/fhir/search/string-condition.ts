// String values of a search as tests of folded strings. https://hl7.org/fhir/R4/search.html#string

import { fold, prefixRange } from '../indexing/fold.ts';
import type { ParameterNumber } from '../indexing/rows.ts';
import { soundex } from '../indexing/soundex.ts';
import { exactHash } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import { anyOf } from './condition-sentences.ts';
import type { SearchParameter } from './parameters.ts';
import type { Condition } from './query.ts';
import { alternatives, unescaped } from './text.ts';

/** Begins with (no modifier), `:contains`, `:exact`; by sound for `phonetic`. */
export function stringCondition(parameter: SearchParameter, modifier: string, value: string): Condition {
  const { code, number, infix, phonetic } = parameter;
  if (modifier === 'contains') return containing(number, infix, code, value);
  const pieces = alternatives(code, value).map(unescaped);
  if (modifier === 'exact') return { on: 'token', any: pieces.map((piece) => exactHash(code, piece.normalize('NFC'))) };
  if (phonetic) return anyOf(pieces.map((piece) => sounding(number, folded(code, piece))));
  return { on: 'string', parameter: number, any: pieces.map((piece) => beginning(code, piece)) };
}

/** The strings that begin with a text. */
export const beginning = (code: string, text: string): { from: string; to: string } => prefixRange(folded(code, text));

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
