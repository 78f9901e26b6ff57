// Parses `_text` and `_content`: words and "phrases" with AND, OR, NOT and brackets. Words without an operator between them must all occur; a minus is NOT.
// R4 leaves the syntax to the server, and shows `(bone OR liver) and metastases`. https://hl7.org/fhir/R4/search.html#text
import { splitWords } from '../indexing/resource-texts.ts';
import { invalid } from '../outcome.ts';
import { type Condition, combineWithOr, type WordTest } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';

/** The most words and operators of a value. */
const MAX_TOKENS = 100;
const MAX_DEPTH = 10;

export const parseFullTextCondition = ({ code, number }: SearchParameter, value: string): Condition =>
  combineWithOr(
    splitAlternatives(code, value).map((piece) => ({ on: 'text', parameter: number, words: parseWords(code, unescapeValue(piece)) })),
  );

/** A word, a phrase in quotation marks, a bracket, or a minus before one of these. */
const TOKEN = /\s*(?:(-)(?=[^\s-])|([()])|"([^"]*)"?|([^\s()"]+))/gy;

interface Token {
  kind: 'word' | 'phrase' | '(' | ')' | '-';
  text: string;
}

function parseWords(code: string, text: string): WordTest {
  const tokens = tokenize(text.trimEnd());
  if (tokens.length > MAX_TOKENS) throw invalid(`${code} may have at most ${MAX_TOKENS} words and operators`);
  const reader = { code, tokens, at: 0, depth: 0 };
  const test = parseOr(reader);
  if (reader.at < tokens.length) throw invalid(`${code} has a closing bracket without an opening one`);
  return test;
}

const tokenize = (text: string): Token[] =>
  Array.from(text.matchAll(TOKEN), ([, minus, bracket, phrase, word]): Token => {
    if (minus !== undefined) return { kind: '-', text: minus };
    if (bracket === '(' || bracket === ')') return { kind: bracket, text: bracket };
    return phrase === undefined ? { kind: 'word', text: word ?? '' } : { kind: 'phrase', text: phrase };
  });

interface Reader {
  code: string;
  tokens: readonly Token[];
  at: number;
  depth: number;
}

const OPERATORS = ['and', 'or', 'not'] as const;

/** Whether the next token is an operator, in any case. */
function nextIs({ tokens, at }: Reader, operator: (typeof OPERATORS)[number]): boolean {
  const token = tokens[at];
  return token?.kind === 'word' && token.text.toLowerCase() === operator;
}

function parseOr(reader: Reader): WordTest {
  const any = [parseAnd(reader)];
  while (nextIs(reader, 'or')) {
    reader.at++;
    any.push(parseAnd(reader));
  }
  return any.length === 1 ? any[0]! : { any };
}

function parseAnd(reader: Reader): WordTest {
  const all = [parseNot(reader)];
  while (reader.at < reader.tokens.length && reader.tokens[reader.at]!.kind !== ')' && !nextIs(reader, 'or')) {
    if (nextIs(reader, 'and')) reader.at++;
    all.push(parseNot(reader));
  }
  return all.length === 1 ? all[0]! : { all };
}

function parseNot(reader: Reader): WordTest {
  if (!nextIs(reader, 'not') && reader.tokens[reader.at]?.kind !== '-') return parseTerm(reader);
  reader.at++;
  return { not: parseTerm(reader) };
}

function parseTerm(reader: Reader): WordTest {
  const { code, tokens } = reader;
  if (OPERATORS.some((operator) => nextIs(reader, operator))) throw invalid(`${code} needs a word in place of an operator`);
  const token = tokens[reader.at++];
  if (token?.kind !== '(') return toPhrase(code, token);
  if (++reader.depth > MAX_DEPTH) throw invalid(`${code} may have at most ${MAX_DEPTH} levels of brackets`);
  const test = parseOr(reader);
  if (tokens[reader.at++]?.kind !== ')') throw invalid(`${code} has an opening bracket without a closing one`);
  reader.depth--;
  return test;
}

/** A word with punctuation is a phrase of its parts: `follow-up`. */
function toPhrase(code: string, token: Token | undefined): WordTest {
  const words = token?.kind === 'word' || token?.kind === 'phrase' ? splitWords(token.text) : [];
  if (!words.length) throw invalid(`${code} needs a word${token ? ' of letters or digits in place of punctuation' : ' at the end'}`);
  return { phrase: words.join(' ') };
}
