// FHIRPath expressions that clients send: the arguments `fhirpath` and `path`. https://hl7.org/fhir/R4/graphql.html#list
// Only what can be evaluated in time proportional to the size of the element is supported: no descendants, comparisons of sets, regular expressions, or lookups.
import { compileFhirPath } from '../fhirpath/compile.ts';
import { buildNode, type Collection } from '../fhirpath/node.ts';
import { parseFhirPath, type SyntaxTree } from '../fhirpath/parser.ts';
import { invalid, notSupported, readErrorMessage } from '../outcome.ts';
import { GRAPHQL_LIMITS } from './limits.ts';
import type { GraphqlNode } from './node.ts';

/** Functions whose argument is evaluated for each item. */
const ITEM_FUNCTIONS: ReadonlySet<string> = new Set(['where', 'exists', 'all', 'select']);
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...ITEM_FUNCTIONS,
  ...['empty', 'not', 'count', 'single', 'first', 'last', 'tail', 'skip', 'take', 'iif', 'hasValue', 'getValue', 'extension'],
  ...[
    'is',
    'as',
    'ofType',
    'startsWith',
    'endsWith',
    'contains',
    'upper',
    'lower',
    'length',
    'substring',
    'indexOf',
    'toString',
    'toInteger',
  ],
  ...['toDecimal', 'toBoolean', 'toDate', 'toDateTime', 'abs', 'trim', 'allTrue', 'anyTrue', 'allFalse', 'anyFalse'],
]);
const VARIABLES: ReadonlySet<string> = new Set(['$this', '$index', '%ucum', '%sct', '%loinc']);
const OPERATORS: ReadonlySet<string> = new Set(['=', '!=', '<', '>', '<=', '>=', 'and', 'or', 'xor', 'implies', 'in', 'contains']);
/** The most functions of items inside each other. */
const MAX_NESTING = 2;

/** The result for an element. `index`: its position in its list ($index). */
export type ClientFhirPath = (node: GraphqlNode, index: number) => Collection;

/** Compiles an expression. Refuses (400) what is not FHIRPath, and what is not supported here. */
export function compileClientFhirPath(text: string): ClientFhirPath {
  if (text.length > GRAPHQL_LIMITS.fhirpath) throw notSupported(`a FHIRPath expression has at most ${GRAPHQL_LIMITS.fhirpath} characters`);
  const evaluate = compile(text);
  return ({ type, plain, root }, index) => {
    const resource = buildNode(root.plain.resourceType, root.plain);
    try {
      return evaluate(buildNode(type, plain), resource, resource, index);
    } catch (error) {
      throw invalid(`a FHIRPath expression cannot be evaluated: ${readErrorMessage(error)}`);
    }
  };
}

function compile(text: string): ReturnType<typeof compileFhirPath> {
  try {
    checkSyntax(parseFhirPath(text), 0);
    return compileFhirPath(text, { findCodes: () => undefined });
  } catch (error) {
    throw notSupported(`a FHIRPath expression is not supported: ${readErrorMessage(error)}`);
  }
}

function checkSyntax(syntax: SyntaxTree, nesting: number): void {
  if (syntax.kind === 'variable' && !VARIABLES.has(syntax.name)) throw new Error(`${syntax.name} is not available here`);
  if (syntax.kind === 'operator' && !OPERATORS.has(syntax.operator)) throw new Error(`${syntax.operator} is not available here`);
  if (syntax.kind === 'call' && !FUNCTIONS.has(syntax.name)) throw new Error(`${syntax.name}() is not available here`);
  const inner = nesting + (syntax.kind === 'call' && ITEM_FUNCTIONS.has(syntax.name) && syntax.args.length ? 1 : 0);
  if (inner > MAX_NESTING) throw new Error(`where(), select(), all() and exists() are nested more than ${MAX_NESTING} levels deep`);
  if (syntax.kind === 'call') for (const argument of syntax.args) checkSyntax(argument, inner);
  else for (const part of listParts(syntax)) checkSyntax(part, nesting);
}

const listParts = (syntax: SyntaxTree): SyntaxTree[] =>
  ['left', 'right', 'index', 'operand'].flatMap((name): SyntaxTree[] => {
    // the assertion: these members of a syntax tree are syntax trees
    const part = (syntax as unknown as Record<string, SyntaxTree | undefined>)[name];
    return part ? [part] : [];
  });

/** Whether an element meets an expression: its result is true, or exists and is not a boolean. */
export function meetsFhirPath(result: Collection): boolean {
  const [first] = result;
  return first !== undefined && !(result.length === 1 && first.value === false);
}
