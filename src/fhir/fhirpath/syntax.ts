// Reads FHIRPath (N1) into a tree: the whole grammar, nothing left over at the end. https://hl7.org/fhirpath/N1/grammar.html
// What can be evaluated is decided by evaluate.ts. (path-syntax.ts reads the small subset that mappings are written in.)
// docs/decisions/0009-fhirpath-evaluator.md
import { type Token, tokensOf } from './tokens.ts';

export type Syntax =
  | { kind: 'literal'; type: 'String' | 'Boolean' | 'Integer' | 'Decimal' | 'Date' | 'DateTime' | 'Time'; value: string | number | boolean }
  | { kind: 'quantity'; value: number; unit: string }
  | { kind: 'empty' }
  | { kind: 'name'; name: string }
  /** `%resource`, `$this`: with its mark. */
  | { kind: 'variable'; name: string }
  | { kind: 'call'; name: string; args: Syntax[] }
  | { kind: 'dot'; left: Syntax; right: Syntax }
  | { kind: 'index'; left: Syntax; at: Syntax }
  | { kind: 'sign'; operator: '+' | '-'; operand: Syntax }
  | { kind: 'type'; operator: 'is' | 'as'; left: Syntax; type: string }
  | { kind: 'operator'; operator: string; left: Syntax; right: Syntax };

/** How strongly an infix operator binds. https://hl7.org/fhirpath/N1/#operator-precedence */
const STRENGTH: Readonly<Record<string, number>> = {
  implies: 1,
  or: 2,
  xor: 2,
  and: 3,
  in: 4,
  contains: 4,
  '=': 5,
  '~': 5,
  '!=': 5,
  '!~': 5,
  '<': 6,
  '>': 6,
  '<=': 6,
  '>=': 6,
  '|': 7,
  is: 8,
  as: 8,
  '+': 9,
  '-': 9,
  '&': 9,
  '*': 10,
  '/': 10,
  div: 10,
  mod: 10,
};
const UNARY = 11;

interface Reader {
  tokens: readonly Token[];
  at: number;
}

/** The tree of an expression; an Error that says why when it is none. */
export function parseFhirPath(text: string): Syntax {
  const reader: Reader = { tokens: tokensOf(text), at: 0 };
  const tree = expression(reader, 0);
  if (reader.at < reader.tokens.length) throw new Error(`"${reader.tokens[reader.at]!.text}" is not expected there`);
  return tree;
}

const peek = ({ tokens, at }: Reader): Token | undefined => tokens[at];

function next(reader: Reader): Token {
  const token = reader.tokens[reader.at++];
  if (!token) throw new Error('the expression ends too early');
  return token;
}

function expect(reader: Reader, text: string): void {
  const token = next(reader);
  if (token.kind !== 'mark' || token.text !== text) throw new Error(`"${text}" is expected in place of "${token.text}"`);
}

const isMark = (token: Token | undefined, text: string): boolean => token?.kind === 'mark' && token.text === text;

function expression(reader: Reader, weakest: number): Syntax {
  let left = operand(reader);
  for (let token = peek(reader); token; token = peek(reader)) {
    const strength = token.kind === 'mark' || token.kind === 'name' ? STRENGTH[token.text] : undefined;
    if (strength === undefined || strength <= weakest) return left;
    reader.at++;
    left =
      token.text === 'is' || token.text === 'as'
        ? { kind: 'type', operator: token.text, left, type: typeName(reader) }
        : { kind: 'operator', operator: token.text, left, right: expression(reader, strength) };
  }
  return left;
}

/** `FHIR.Patient`, `System.String` or a name alone. */
function typeName(reader: Reader): string {
  let name = next(reader).text;
  while (isMark(peek(reader), '.')) {
    reader.at++;
    name += `.${next(reader).text}`;
  }
  return name;
}

function operand(reader: Reader): Syntax {
  const token = peek(reader);
  if (token?.kind === 'mark' && (token.text === '+' || token.text === '-')) {
    reader.at++;
    return { kind: 'sign', operator: token.text, operand: expression(reader, UNARY) };
  }
  let tree = term(reader);
  for (;;) {
    if (isMark(peek(reader), '.')) {
      reader.at++;
      tree = { kind: 'dot', left: tree, right: invocation(reader) };
    } else if (isMark(peek(reader), '[')) {
      reader.at++;
      tree = { kind: 'index', left: tree, at: expression(reader, 0) };
      expect(reader, ']');
    } else return tree;
  }
}

function term(reader: Reader): Syntax {
  const token = peek(reader);
  if (isMark(token, '(')) {
    reader.at++;
    const tree = expression(reader, 0);
    expect(reader, ')');
    return tree;
  }
  if (isMark(token, '{')) {
    reader.at++;
    expect(reader, '}');
    return { kind: 'empty' };
  }
  return token && LITERALS[token.kind] ? LITERALS[token.kind]!(next(reader), reader) : invocation(reader);
}

const LITERALS: Readonly<Partial<Record<Token['kind'], (token: Token, reader: Reader) => Syntax>>> = {
  string: ({ text }) => ({ kind: 'literal', type: 'String', value: text }),
  date: ({ text }) => ({ kind: 'literal', type: text.startsWith('T') ? 'Time' : text.includes('T') ? 'DateTime' : 'Date', value: text }),
  variable: ({ text }) => ({ kind: 'variable', name: text }),
  number({ text }, reader) {
    const unit = peek(reader);
    const value = Number(text);
    if (unit?.kind === 'string' || (unit?.kind === 'name' && CALENDAR.test(unit.text)))
      return { kind: 'quantity', value, unit: next(reader).text };
    return { kind: 'literal', type: text.includes('.') ? 'Decimal' : 'Integer', value };
  },
};

const CALENDAR = /^(?:year|month|week|day|hour|minute|second|millisecond)s?$/;

function invocation(reader: Reader): Syntax {
  const token = next(reader);
  if (token.kind !== 'name' && token.kind !== 'quoted') throw new Error(`"${token.text}" is not expected there`);
  if (token.kind === 'name' && isMark(peek(reader), '(')) return { kind: 'call', name: token.text, args: argumentsOf(reader) };
  if (token.kind === 'name' && (token.text === 'true' || token.text === 'false'))
    return { kind: 'literal', type: 'Boolean', value: token.text === 'true' };
  return { kind: 'name', name: token.text };
}

function argumentsOf(reader: Reader): Syntax[] {
  expect(reader, '(');
  const args: Syntax[] = [];
  while (!isMark(peek(reader), ')')) {
    if (args.length) expect(reader, ',');
    args.push(expression(reader, 0));
  }
  expect(reader, ')');
  return args;
}
