// Compiles FHIRPath into functions of nodes, for constraints of profiles and for search parameters. https://hl7.org/fhirpath/N1/
// Unsupported parts (resolve() of other resources, now(), terminology that is not loaded) throw an UnsupportedExpressionError.

import { type EvaluationSources, type Evaluator, UnsupportedExpressionError } from './evaluator.ts';
import { FUNCTIONS } from './functions.ts';
import { buildNode, type Collection, EMPTY, type FhirPathNode, findChildren, toBooleanCollection, toMemberName } from './node.ts';
import { OPERATORS, readSingleton } from './operators.ts';
import { parseFhirPath, readTypeArgument, type SyntaxTree } from './parser.ts';
import { buildTypeTest } from './type-test.ts';

/** Compiles an expression into a function of its context node. `index`: the $index of the context node in its list. Throws an Error if the text is not FHIRPath, and UnsupportedExpressionError for an unsupported part. */
export function compileFhirPath(
  text: string,
  sources: EvaluationSources,
): (context: FhirPathNode, resource: FhirPathNode, root: FhirPathNode, index?: number) => Collection {
  const evaluate = compileSyntax(parseFhirPath(text), sources);
  return (context, resource, root, index = 0) => {
    const self = [context];
    return evaluate(self, { context: { element: context, resource, root }, self, index, total: EMPTY });
  };
}

type CompileSyntax<K extends SyntaxTree['kind']> = (syntax: Extract<SyntaxTree, { kind: K }>, sources: EvaluationSources) => Evaluator;

const SYNTAX_COMPILERS: { [K in SyntaxTree['kind']]: CompileSyntax<K> } = {
  literal: ({ type, value }) => buildConstant([buildNode(type, value)]),
  quantity: ({ value, unit }) => buildConstant([buildNode('Quantity', { value, unit, code: unit })]),
  empty: () => buildConstant(EMPTY),
  name: ({ name }) => compileName(name),
  variable: ({ name }) => compileVariable(name),
  call: ({ name, args }, sources) => compileCall(name, args, sources),
  dot(syntax, sources) {
    const [left, right] = [compileSyntax(syntax.left, sources), compileSyntax(syntax.right, sources)];
    return (focus, scope) => right(left(focus, scope), scope);
  },
  index(syntax, sources) {
    const [left, index] = [compileSyntax(syntax.left, sources), compileSyntax(syntax.index, sources)];
    return (focus, scope) => {
      const place = readSingleton(index(focus, scope))?.value;
      return typeof place === 'number' ? left(focus, scope).slice(place, place + 1) : EMPTY;
    };
  },
  sign({ operator, operand }, sources) {
    const inner = compileSyntax(operand, sources);
    return (focus, scope) => {
      const node = readSingleton(inner(focus, scope));
      if (!node) return EMPTY;
      if (typeof node.value !== 'number') throw new Error(`${operator} needs a number`);
      return [{ ...node, value: operator === '-' ? -node.value : node.value }];
    };
  },
  type({ operator, left, type }, sources) {
    const inner = compileSyntax(left, sources);
    return operator === 'is' ? compileIs(inner, type) : compileOfType(inner, type);
  },
  operator({ operator, left, right }, sources) {
    const apply = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
    if (!apply) throw new UnsupportedExpressionError(operator);
    return apply(compileSyntax(left, sources), compileSyntax(right, sources));
  },
};

function compileSyntax(syntax: SyntaxTree, sources: EvaluationSources): Evaluator {
  // the assertion: the entry for a kind takes trees of that kind, which TypeScript cannot derive from the lookup
  const evaluate = (SYNTAX_COMPILERS[syntax.kind] as (syntax: SyntaxTree, sources: EvaluationSources) => Evaluator)(syntax, sources);
  return syntax.kind === 'dot' && isOfResource(syntax) ? evaluateOnce(evaluate) : evaluate;
}

/** Whether a path begins at the resource and depends on nothing else: it is the same for all elements. */
function isOfResource(syntax: SyntaxTree): boolean {
  if (syntax.kind === 'variable') return syntax.name === '%resource' || syntax.name === '%rootResource';
  if (syntax.kind !== 'dot') return false;
  const { left, right } = syntax;
  return isOfResource(left) && (right.kind === 'name' || (right.kind === 'call' && right.args.every(({ kind }) => kind === 'literal')));
}

/** Evaluates a path of the resource once in each evaluation, and not for each element that the expression visits. */
const evaluateOnce =
  (evaluate: Evaluator): Evaluator =>
  (focus, scope) => {
    scope.context.results ??= new Map();
    const { results } = scope.context;
    const known = results.get(evaluate);
    if (known) return known;
    const result = evaluate(focus, scope);
    results.set(evaluate, result);
    return result;
  };

const buildConstant =
  (nodes: Collection): Evaluator =>
  () =>
    nodes;

/** A capitalized name is a type, and selects the resource itself. */
function compileName(name: string): Evaluator {
  if (/^[A-Z]/.test(name)) return compileOfType(identity, name);
  const member = toMemberName(name);
  return (focus) => {
    if (focus.length === 1) return findChildren(focus[0]!, member);
    return focus.length === 0 ? EMPTY : focus.flatMap((node) => findChildren(node, member));
  };
}

const SYSTEM_VARIABLES: Readonly<Record<string, string>> = {
  '%ucum': 'http://unitsofmeasure.org',
  '%sct': 'http://snomed.info/sct',
  '%loinc': 'http://loinc.org',
};

/** https://hl7.org/fhir/R4/fhirpath.html#variables */
const VARIABLES: Readonly<Record<string, Evaluator>> = {
  $this: (_focus, { self }) => self,
  $index: (_focus, { index }) => [buildNode('Integer', index)],
  $total: (_focus, { total }) => total,
  '%resource': (_focus, { context }) => [context.resource],
  '%rootResource': (_focus, { context }) => [context.root],
  '%context': (_focus, { context }) => [context.element],
};

function compileVariable(name: string): Evaluator {
  const known = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  if (known) return known;
  const text =
    SYSTEM_VARIABLES[name] ??
    name.replace(/^%vs-/, 'http://hl7.org/fhir/ValueSet/').replace(/^%ext-/, 'http://hl7.org/fhir/StructureDefinition/');
  if (text === name) throw new UnsupportedExpressionError(name);
  return buildConstant([buildNode('String', text)]);
}

function compileCall(name: string, args: SyntaxTree[], sources: EvaluationSources): Evaluator {
  if (name === 'is' || name === 'as' || name === 'ofType') {
    const type = readTypeArgument(args);
    if (type === undefined) throw new Error(`${name}() needs a type`);
    return name === 'is' ? compileIs(identity, type) : compileOfType(identity, type);
  }
  const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!definition) throw new UnsupportedExpressionError(`${name}()`);
  if (args.length < definition.minArguments || args.length > definition.maxArguments)
    throw new Error(`${name}() takes another number of arguments`);
  return definition.build(
    args.map((arg) => compileSyntax(arg, sources)),
    { ...sources, literals: args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)) },
  );
}

const identity: Evaluator = (focus) => focus;

function compileIs(inner: Evaluator, type: string): Evaluator {
  const test = buildTypeTest(type);
  return (focus, scope) => {
    const node = readSingleton(inner(focus, scope));
    return node ? toBooleanCollection(test(node)) : EMPTY;
  };
}

function compileOfType(inner: Evaluator, type: string): Evaluator {
  const test = buildTypeTest(type);
  return (focus, scope) => inner(focus, scope).filter((node) => test(node) === true);
}

/** Operators and functions with the results true, false and empty (open). */
const BOOLEAN_RESULTS = new Set([
  '=',
  '!=',
  '~',
  '!~',
  '<',
  '>',
  '<=',
  '>=',
  'in',
  'contains',
  'matches',
  'startsWith',
  'endsWith',
  'memberOf',
  'not',
]);

/** Operators whose result is open if a side is open and the other side does not decide. */
const LOGIC_OPERATORS = new Set(['and', 'or', 'xor', 'implies']);

/** Whether an empty result leaves open whether a constraint is met. For other expressions (a path) an empty result means that nothing exists. */
function mayBeUndecided(syntax: SyntaxTree): boolean {
  if (syntax.kind === 'dot') return mayBeUndecided(syntax.right);
  if (syntax.kind === 'call') return BOOLEAN_RESULTS.has(syntax.name);
  if (syntax.kind !== 'operator') return false;
  if (LOGIC_OPERATORS.has(syntax.operator)) return mayBeUndecided(syntax.left) || mayBeUndecided(syntax.right);
  return BOOLEAN_RESULTS.has(syntax.operator);
}

/**
 * Compiles a constraint into a test. It is met if the result is true, is not a boolean, or is open: published constraints compare elements that may be absent.
 * (The specification does not define an empty result, and validators differ.) The test throws an Error if the evaluation fails on an element.
 */
export function compileConstraint(
  text: string,
  sources: EvaluationSources,
): (context: FhirPathNode, resource: FhirPathNode, root: FhirPathNode) => boolean {
  const isMetIfEmpty = mayBeUndecided(parseFhirPath(text));
  const evaluate = compileFhirPath(text, sources);
  return (context, resource, root) => {
    const found = evaluate(context, resource, root);
    return found.length === 0 ? isMetIfEmpty : found.length > 1 || found[0]!.value !== false;
  };
}
