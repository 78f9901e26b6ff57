// Reads FHIRPath (N1) into a tree: the whole grammar, nothing left over at the end. https://hl7.org/fhirpath/N1/grammar.html
// What can be evaluated is decided by compile.ts. (path-syntax.ts reads the small subset that mappings are written in.)
// docs/decisions/0009-fhirpath-evaluator.md
import { type Token, tokenize } from './tokenizer.ts';

export type SyntaxTree =
  | { kind: 'literal'; type: 'String' | 'Boolean' | 'Integer' | 'Decimal' | 'Date' | 'DateTime' | 'Time'; value: string | number | boolean }
  | { kind: 'quantity'; value: number; unit: string }
  | { kind: 'empty' }
  | { kind: 'name'; name: string }
  /** `%resource`, `$this`: with its mark. */
  | { kind: 'variable'; name: string }
  | { kind: 'call'; name: string; args: SyntaxTree[] }
  | { kind: 'dot'; left: SyntaxTree; right: SyntaxTree }
  | { kind: 'index'; left: SyntaxTree; at: SyntaxTree }
  | { kind: 'sign'; operator: '+' | '-'; operand: SyntaxTree }
  | { kind: 'type'; operator: 'is' | 'as'; left: SyntaxTree; type: string }
  | { kind: 'operator'; operator: string; left: SyntaxTree; right: SyntaxTree };

/** How strongly an infix operator binds. https://hl7.org/fhirpath/N1/#operator-precedence */
const PRECEDENCE: Readonly<Record<string, number>> = {
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
const UNARY_PRECEDENCE = 11;

interface TokenReader {
  tokens: readonly Token[];
  at: number;
}

/** The tree of an expression; an Error that says why when it is none. */
export function parseFhirPath(text: string): SyntaxTree {
  const reader: TokenReader = { tokens: tokenize(text), at: 0 };
  const tree = parseExpression(reader, 0);
  if (reader.at < reader.tokens.length) throw new Error(`"${reader.tokens[reader.at]!.text}" is not expected there`);
  return tree;
}

const peekToken = ({ tokens, at }: TokenReader): Token | undefined => tokens[at];

function readToken(reader: TokenReader): Token {
  const token = reader.tokens[reader.at++];
  if (!token) throw new Error('the expression ends too early');
  return token;
}

function expectMark(reader: TokenReader, text: string): void {
  const token = readToken(reader);
  if (token.kind !== 'mark' || token.text !== text) throw new Error(`"${text}" is expected in place of "${token.text}"`);
}

const isMark = (token: Token | undefined, text: string): boolean => token?.kind === 'mark' && token.text === text;

function parseExpression(reader: TokenReader, weakest: number): SyntaxTree {
  let left = parseOperand(reader);
  for (let token = peekToken(reader); token; token = peekToken(reader)) {
    const strength = token.kind === 'mark' || token.kind === 'name' ? PRECEDENCE[token.text] : undefined;
    if (strength === undefined || strength <= weakest) return left;
    reader.at++;
    left =
      token.text === 'is' || token.text === 'as'
        ? { kind: 'type', operator: token.text, left, type: parseTypeName(reader) }
        : { kind: 'operator', operator: token.text, left, right: parseExpression(reader, strength) };
  }
  return left;
}

/** `FHIR.Patient`, `System.String` or a name alone. */
function parseTypeName(reader: TokenReader): string {
  let name = readToken(reader).text;
  while (isMark(peekToken(reader), '.')) {
    reader.at++;
    name += `.${readToken(reader).text}`;
  }
  return name;
}

function parseOperand(reader: TokenReader): SyntaxTree {
  const token = peekToken(reader);
  if (token?.kind === 'mark' && (token.text === '+' || token.text === '-')) {
    reader.at++;
    return { kind: 'sign', operator: token.text, operand: parseExpression(reader, UNARY_PRECEDENCE) };
  }
  let tree = parseTerm(reader);
  for (;;) {
    if (isMark(peekToken(reader), '.')) {
      reader.at++;
      tree = { kind: 'dot', left: tree, right: parseInvocation(reader) };
    } else if (isMark(peekToken(reader), '[')) {
      reader.at++;
      tree = { kind: 'index', left: tree, at: parseExpression(reader, 0) };
      expectMark(reader, ']');
    } else return tree;
  }
}

function parseTerm(reader: TokenReader): SyntaxTree {
  const token = peekToken(reader);
  if (isMark(token, '(')) {
    reader.at++;
    const tree = parseExpression(reader, 0);
    expectMark(reader, ')');
    return tree;
  }
  if (isMark(token, '{')) {
    reader.at++;
    expectMark(reader, '}');
    return { kind: 'empty' };
  }
  return token && LITERALS[token.kind] ? LITERALS[token.kind]!(readToken(reader), reader) : parseInvocation(reader);
}

const LITERALS: Readonly<Partial<Record<Token['kind'], (token: Token, reader: TokenReader) => SyntaxTree>>> = {
  string: ({ text }) => ({ kind: 'literal', type: 'String', value: text }),
  date: ({ text }) => ({ kind: 'literal', type: text.startsWith('T') ? 'Time' : text.includes('T') ? 'DateTime' : 'Date', value: text }),
  variable: ({ text }) => ({ kind: 'variable', name: text }),
  number({ text }, reader) {
    const unit = peekToken(reader);
    const value = Number(text);
    if (unit?.kind === 'string' || (unit?.kind === 'name' && CALENDAR_UNIT.test(unit.text)))
      return { kind: 'quantity', value, unit: readToken(reader).text };
    return { kind: 'literal', type: text.includes('.') ? 'Decimal' : 'Integer', value };
  },
};

const CALENDAR_UNIT = /^(?:year|month|week|day|hour|minute|second|millisecond)s?$/;

function parseInvocation(reader: TokenReader): SyntaxTree {
  const token = readToken(reader);
  if (token.kind !== 'name' && token.kind !== 'quoted') throw new Error(`"${token.text}" is not expected there`);
  if (token.kind === 'name' && isMark(peekToken(reader), '(')) return { kind: 'call', name: token.text, args: parseArguments(reader) };
  if (token.kind === 'name' && (token.text === 'true' || token.text === 'false'))
    return { kind: 'literal', type: 'Boolean', value: token.text === 'true' };
  return { kind: 'name', name: token.text };
}

function parseArguments(reader: TokenReader): SyntaxTree[] {
  expectMark(reader, '(');
  const args: SyntaxTree[] = [];
  while (!isMark(peekToken(reader), ')')) {
    if (args.length) expectMark(reader, ',');
    args.push(parseExpression(reader, 0));
  }
  expectMark(reader, ')');
  return args;
}
