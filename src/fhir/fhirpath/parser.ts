// Parses FHIRPath (N1, the whole grammar) into a syntax tree. https://hl7.org/fhirpath/N1/grammar.html
// compile.ts evaluates the tree, search/expression.ts compiles it into closures over JSON, and writable-path/path-syntax.ts into steps that can also be written.
// docs/decisions/0009-fhirpath-evaluator.md
import { type Token, tokenize } from './tokenizer.ts';

/** `start`, `end`: offsets in the text of the expression. */
export type SyntaxTree = { start: number; end: number } & (
  | { kind: 'literal'; type: 'String' | 'Boolean' | 'Integer' | 'Decimal' | 'Date' | 'DateTime' | 'Time'; value: string | number | boolean }
  | { kind: 'quantity'; value: number; unit: string }
  | { kind: 'empty' }
  | { kind: 'name'; name: string }
  /** The name includes the mark: `%resource`, `$this`. */
  | { kind: 'variable'; name: string }
  | { kind: 'call'; name: string; args: SyntaxTree[] }
  | { kind: 'dot'; left: SyntaxTree; right: SyntaxTree }
  | { kind: 'index'; left: SyntaxTree; index: SyntaxTree }
  | { kind: 'sign'; operator: '+' | '-'; operand: SyntaxTree }
  | { kind: 'type'; operator: 'is' | 'as'; left: SyntaxTree; type: string }
  | { kind: 'operator'; operator: string; left: SyntaxTree; right: SyntaxTree }
);

/** Infix operator → its precedence. https://hl7.org/fhirpath/N1/#operator-precedence */
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

/** The syntax tree of an expression. Throws an Error with the position of a syntax error. */
export function parseFhirPath(text: string): SyntaxTree {
  const reader: TokenReader = { tokens: tokenize(text), at: 0 };
  const tree = parseExpression(reader, 0);
  const rest = peekToken(reader);
  if (rest) throw buildUnexpectedError(rest);
  return tree;
}

/** The type in `ofType(Type)`, `as(Type)` and `is(Type)`, without a namespace (`FHIR.Patient`). Undefined: the argument is not a type. */
export function readTypeArgument([type]: readonly SyntaxTree[]): string | undefined {
  if (type?.kind === 'name') return type.name;
  return type?.kind === 'dot' && type.right.kind === 'name' ? type.right.name : undefined;
}

const peekToken = ({ tokens, at }: TokenReader): Token | undefined => tokens[at];

function readToken(reader: TokenReader): Token {
  const token = reader.tokens[reader.at++];
  if (!token) throw new Error('the expression ends too early');
  return token;
}

const buildUnexpectedError = ({ text, start }: Token): Error => new Error(`"${text}" is not expected at character ${start + 1}`);

/** Reads a mark that must follow. */
function expectMark(reader: TokenReader, text: string): void {
  const token = reader.tokens[reader.at++];
  if (!token) throw new Error(`the expression ends too early: "${text}" is expected, a bracket is not closed`);
  if (!isMark(token, text)) throw new Error(`"${text}" is expected at character ${token.start + 1} in place of "${token.text}"`);
}

/** Reads a mark if it follows. */
function takeMark(reader: TokenReader, text: string): boolean {
  const found = isMark(peekToken(reader), text);
  if (found) reader.at++;
  return found;
}

const isMark = (token: Token | undefined, text: string): boolean => token?.kind === 'mark' && token.text === text;

/** The end of the last token. */
const findEnd = ({ tokens, at }: TokenReader): number => tokens[at - 1]!.end;

function parseExpression(reader: TokenReader, weakest: number): SyntaxTree {
  let left = parseOperand(reader);
  for (let token = peekToken(reader); token; token = peekToken(reader)) {
    const { text, kind } = token;
    const strength = kind === 'mark' || kind === 'name' ? PRECEDENCE[text] : undefined;
    if (strength === undefined || strength <= weakest) return left;
    reader.at++;
    const { start } = left;
    if (text === 'is' || text === 'as')
      left = { kind: 'type', operator: text, left, type: parseTypeName(reader), start, end: findEnd(reader) };
    else left = { kind: 'operator', operator: text, left, right: parseExpression(reader, strength), start, end: findEnd(reader) };
  }
  return left;
}

/** Parses `FHIR.Patient`, `System.String` or a name without a namespace. */
function parseTypeName(reader: TokenReader): string {
  let name = readToken(reader).text;
  while (takeMark(reader, '.')) name += `.${readToken(reader).text}`;
  return name;
}

function parseOperand(reader: TokenReader): SyntaxTree {
  const token = peekToken(reader);
  if (token?.kind === 'mark' && (token.text === '+' || token.text === '-')) {
    reader.at++;
    return {
      kind: 'sign',
      operator: token.text,
      operand: parseExpression(reader, UNARY_PRECEDENCE),
      start: token.start,
      end: findEnd(reader),
    };
  }
  let tree = parseTerm(reader);
  for (;;) {
    const { start } = tree;
    if (takeMark(reader, '.')) tree = { kind: 'dot', left: tree, right: parseInvocation(reader), start, end: findEnd(reader) };
    else if (takeMark(reader, '[')) {
      const index = parseExpression(reader, 0);
      expectMark(reader, ']');
      tree = { kind: 'index', left: tree, index, start, end: findEnd(reader) };
    } else return tree;
  }
}

function parseTerm(reader: TokenReader): SyntaxTree {
  const token = peekToken(reader);
  if (takeMark(reader, '(')) {
    const tree = parseExpression(reader, 0);
    expectMark(reader, ')');
    return tree;
  }
  if (token && takeMark(reader, '{')) {
    expectMark(reader, '}');
    return { kind: 'empty', start: token.start, end: findEnd(reader) };
  }
  const parseLiteral = token && LITERAL_PARSERS[token.kind];
  return parseLiteral ? parseLiteral(readToken(reader), reader) : parseInvocation(reader);
}

const LITERAL_PARSERS: Readonly<Partial<Record<Token['kind'], (token: Token, reader: TokenReader) => SyntaxTree>>> = {
  string: ({ text, start, end }) => ({ kind: 'literal', type: 'String', value: text, start, end }),
  date: ({ text, start, end }) => ({
    kind: 'literal',
    type: text.startsWith('T') ? 'Time' : text.includes('T') ? 'DateTime' : 'Date',
    value: text,
    start,
    end,
  }),
  variable: ({ text, start, end }) => ({ kind: 'variable', name: text, start, end }),
  number({ text, start, end }, reader) {
    const unit = peekToken(reader);
    const value = Number(text);
    if (unit?.kind === 'string' || (unit?.kind === 'name' && CALENDAR_UNIT.test(unit.text)))
      return { kind: 'quantity', value, unit: readToken(reader).text, start, end: unit.end };
    return { kind: 'literal', type: text.includes('.') ? 'Decimal' : 'Integer', value, start, end };
  },
};

const CALENDAR_UNIT = /^(?:year|month|week|day|hour|minute|second|millisecond)s?$/;

function parseInvocation(reader: TokenReader): SyntaxTree {
  const token = readToken(reader);
  const { kind, text, start, end } = token;
  if (kind !== 'name' && kind !== 'quoted') throw buildUnexpectedError(token);
  if (kind === 'name' && isMark(peekToken(reader), '(')) {
    const args = parseArguments(reader);
    return { kind: 'call', name: text, args, start, end: findEnd(reader) };
  }
  if (kind === 'name' && (text === 'true' || text === 'false'))
    return { kind: 'literal', type: 'Boolean', value: text === 'true', start, end };
  return { kind: 'name', name: text, start, end };
}

function parseArguments(reader: TokenReader): SyntaxTree[] {
  expectMark(reader, '(');
  const args: SyntaxTree[] = [];
  if (takeMark(reader, ')')) return args;
  do args.push(parseExpression(reader, 0));
  while (takeMark(reader, ','));
  expectMark(reader, ')');
  return args;
}
