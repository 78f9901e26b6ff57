// The text of a `_filter` as a tree: tests (`subject.name co "pet"`) under and, or, not. https://hl7.org/fhir/R4/search_filter.html
// "Logical expressions are evaluated left to right, with no precedence between and and or."
import { invalid } from '../outcome.ts';

/** A name on a path, and what must hold of the resource it leads to. */
export interface FilterStep {
  name: string;
  filter?: Filter;
}

export type Filter =
  | { on: 'and' | 'or'; left: Filter; right: Filter }
  | { on: 'not'; filter: Filter }
  | { on: 'test'; path: FilterStep[]; op: string; value: string };

/** Each test is a condition of its own; deeper brackets than this nobody reads. */
const MOST_TESTS = 30;
const DEEPEST = 20;

const SPACE = /\s+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_-]*/y;
const WORD = /[a-z]{2,3}(?=\s)/y;
const LOGIC = /(and|or)(?=[\s(])/y;
const NOT = /not(?=\s*\()/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const TOKEN = /(?!")[^\s)\]]+/y;

interface Reader {
  text: string;
  at: number;
  tests: number;
}

/** Fails with `invalid`, saying at which character the text is no filter. */
export function parseFilter(text: string): Filter {
  const reader: Reader = { text, at: 0, tests: 0 };
  const filter = expression(reader, 0);
  if (reader.at < text.length) throw wrong(reader, 'and, or, or its end');
  return filter;
}

const wrong = ({ at }: Reader, expected: string) => invalid(`_filter: at character ${at + 1} ${expected} is expected`);

function take(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}

const space = (reader: Reader): unknown => take(reader, SPACE);

function mark(reader: Reader, character: string): boolean {
  space(reader);
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function expression(reader: Reader, depth: number): Filter {
  if (depth > DEEPEST) throw invalid(`_filter: brackets stand in each other more than ${DEEPEST} deep`);
  let left = unit(reader, depth);
  for (;;) {
    space(reader);
    const on = take(reader, LOGIC) as 'and' | 'or' | undefined;
    if (on === undefined) return left;
    left = { on, left, right: unit(reader, depth) };
  }
}

function unit(reader: Reader, depth: number): Filter {
  space(reader);
  const negated = take(reader, NOT) !== undefined;
  if (!mark(reader, '(')) return test(reader, depth);
  const filter = expression(reader, depth + 1);
  if (!mark(reader, ')')) throw wrong(reader, 'a closing bracket');
  return negated ? { on: 'not', filter } : filter;
}

function test(reader: Reader, depth: number): Filter {
  reader.tests += 1;
  if (reader.tests > MOST_TESTS) throw invalid(`_filter takes at most ${MOST_TESTS} tests`);
  const steps = path(reader, depth);
  if (space(reader) === undefined) throw wrong(reader, 'a blank and an operation');
  const op = take(reader, WORD);
  if (op === undefined) throw wrong(reader, 'an operation (eq, co, gt …) and a value');
  space(reader);
  return { on: 'test', path: steps, op, value: value(reader) };
}

function path(reader: Reader, depth: number): FilterStep[] {
  const steps: FilterStep[] = [];
  for (;;) {
    const name = take(reader, NAME);
    if (name === undefined) throw wrong(reader, 'the name of a parameter');
    const bracket = reader.text[reader.at] === '[';
    if (!bracket) steps.push({ name });
    else {
      reader.at += 1;
      steps.push({ name, filter: expression(reader, depth + 1) });
      if (!mark(reader, ']')) throw wrong(reader, 'a closing bracket');
    }
    if (reader.text[reader.at] === '.') reader.at += 1;
    else if (bracket) throw wrong(reader, 'a point and a further name');
    else return steps;
  }
}

function value(reader: Reader): string {
  const written = take(reader, STRING);
  if (written === undefined) return take(reader, TOKEN) ?? fail(reader);
  try {
    return JSON.parse(written) as string;
  } catch {
    return fail(reader);
  }
}

function fail(reader: Reader): never {
  throw wrong(reader, 'a value');
}
