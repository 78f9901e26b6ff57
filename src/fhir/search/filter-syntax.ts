// Parses the text of a `_filter` into a tree of tests (`subject.name co "pet"`) combined by and, or, not. https://hl7.org/fhir/R4/search_filter.html
// "Logical expressions are evaluated left to right, with no precedence between and and or."
import { invalid } from '../outcome.ts';

/** A step of a path: the name of a parameter, and the filter that its target must meet. */
export interface FilterStep {
  name: string;
  filter?: Filter;
}

export type Filter =
  | { on: 'and' | 'or'; left: Filter; right: Filter }
  | { on: 'not'; filter: Filter }
  | { on: 'test'; path: FilterStep[]; op: string; value: string };

/** The limits of a filter. Each test is a separate condition of the search. */
const MAX_FILTER_TESTS = 30;
const MAX_FILTER_DEPTH = 20;

const SPACE = /\s+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_-]*/y;
const WORD = /[a-z]{2,3}(?=\s)/y;
const LOGIC = /(and|or)(?=[\s(])/y;
const NOT = /not(?=\s*\()/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const TOKEN = /(?!")[^\s)\]]+/y;

interface FilterReader {
  text: string;
  at: number;
  tests: number;
}

/** Parses a filter. An `invalid` error names the character of a syntax error. */
export function parseFilter(text: string): Filter {
  const reader: FilterReader = { text, at: 0, tests: 0 };
  const filter = parseLogic(reader, 0);
  if (reader.at < text.length) throw buildSyntaxError(reader, 'and, or, or its end');
  return filter;
}

const buildSyntaxError = ({ at }: FilterReader, expected: string) => invalid(`_filter: at character ${at + 1} ${expected} is expected`);

function takeMatch(reader: FilterReader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}

const skipSpace = (reader: FilterReader): unknown => takeMatch(reader, SPACE);

function takeMark(reader: FilterReader, character: string): boolean {
  skipSpace(reader);
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function parseLogic(reader: FilterReader, depth: number): Filter {
  if (depth > MAX_FILTER_DEPTH) throw invalid(`_filter: brackets are nested more than ${MAX_FILTER_DEPTH} deep`);
  let left = parseUnit(reader, depth);
  for (;;) {
    skipSpace(reader);
    const on = takeMatch(reader, LOGIC);
    if (on !== 'and' && on !== 'or') return left;
    left = { on, left, right: parseUnit(reader, depth) };
  }
}

function parseUnit(reader: FilterReader, depth: number): Filter {
  skipSpace(reader);
  const negated = takeMatch(reader, NOT) !== undefined;
  if (!takeMark(reader, '(')) return parseTest(reader, depth);
  const filter = parseLogic(reader, depth + 1);
  if (!takeMark(reader, ')')) throw buildSyntaxError(reader, 'a closing bracket');
  return negated ? { on: 'not', filter } : filter;
}

function parseTest(reader: FilterReader, depth: number): Filter {
  reader.tests += 1;
  if (reader.tests > MAX_FILTER_TESTS) throw invalid(`_filter takes at most ${MAX_FILTER_TESTS} tests`);
  const steps = parsePath(reader, depth);
  if (skipSpace(reader) === undefined) throw buildSyntaxError(reader, 'a blank and an operation');
  const op = takeMatch(reader, WORD);
  if (op === undefined) throw buildSyntaxError(reader, 'an operation (eq, co, gt …) and a value');
  skipSpace(reader);
  return { on: 'test', path: steps, op, value: parseValue(reader) };
}

function parsePath(reader: FilterReader, depth: number): FilterStep[] {
  const steps: FilterStep[] = [];
  for (;;) {
    const name = takeMatch(reader, NAME);
    if (name === undefined) throw buildSyntaxError(reader, 'the name of a parameter');
    const bracket = reader.text[reader.at] === '[';
    if (!bracket) steps.push({ name });
    else {
      reader.at += 1;
      steps.push({ name, filter: parseLogic(reader, depth + 1) });
      if (!takeMark(reader, ']')) throw buildSyntaxError(reader, 'a closing bracket');
    }
    if (reader.text[reader.at] === '.') reader.at += 1;
    else if (bracket) throw buildSyntaxError(reader, 'a dot and a further name');
    else return steps;
  }
}

function parseValue(reader: FilterReader): string {
  const written = takeMatch(reader, STRING);
  if (written === undefined) return takeMatch(reader, TOKEN) ?? failOnValue(reader);
  try {
    return JSON.parse(written);
  } catch {
    return failOnValue(reader);
  }
}

function failOnValue(reader: FilterReader): never {
  throw buildSyntaxError(reader, 'a value');
}
