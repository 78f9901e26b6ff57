// Compiles FHIRPath into a function of nodes: what a constraint of a profile is checked with. https://hl7.org/fhirpath/N1/
// What is not evaluated here (resolve() of other resources, now(), terminology that is not loaded) is an Unsupported error that names it.

import { type Evaluate, type Knowledge, Unsupported } from './evaluation.ts';
import { FUNCTIONS } from './functions.ts';
import { childrenOf, memberNamed, NONE, type Node, type Nodes, nodeOf, truth } from './node.ts';
import { OPERATORS, singleton } from './operators.ts';
import { parseFhirPath, type Syntax } from './syntax.ts';
import { typeTest } from './types.ts';

/** A function from the node an expression stands on. Text that is no FHIRPath is an Error, what is not evaluated here an Unsupported. */
export function compileFhirPath(text: string, knowledge: Knowledge): (context: Node, resource: Node, root: Node) => Nodes {
  const evaluate = compile(parseFhirPath(text), knowledge);
  return (context, resource, root) => {
    const self = [context];
    return evaluate(self, { world: { context, resource, root }, self, index: 0, total: NONE });
  };
}

type Compile<K extends Syntax['kind']> = (syntax: Extract<Syntax, { kind: K }>, knowledge: Knowledge) => Evaluate;

const KINDS: { [K in Syntax['kind']]: Compile<K> } = {
  literal: ({ type, value }) => constant([nodeOf(type, value)]),
  quantity: ({ value, unit }) => constant([nodeOf('Quantity', { value, unit, code: unit })]),
  empty: () => constant(NONE),
  name: ({ name }) => named(name),
  variable: ({ name }) => variable(name),
  call: ({ name, args }, knowledge) => called(name, args, knowledge),
  dot(syntax, knowledge) {
    const [left, right] = [compile(syntax.left, knowledge), compile(syntax.right, knowledge)];
    return (focus, scope) => right(left(focus, scope), scope);
  },
  index(syntax, knowledge) {
    const [left, at] = [compile(syntax.left, knowledge), compile(syntax.at, knowledge)];
    return (focus, scope) => {
      const place = singleton(at(focus, scope))?.value;
      return typeof place === 'number' ? left(focus, scope).slice(place, place + 1) : NONE;
    };
  },
  sign({ operator, operand }, knowledge) {
    const inner = compile(operand, knowledge);
    return (focus, scope) => {
      const node = singleton(inner(focus, scope));
      if (!node) return NONE;
      if (typeof node.value !== 'number') throw new Error(`${operator} needs a number`);
      return [{ ...node, value: operator === '-' ? -node.value : node.value }];
    };
  },
  type({ operator, left, type }, knowledge) {
    const inner = compile(left, knowledge);
    return operator === 'is' ? isType(inner, type) : ofType(inner, type);
  },
  operator({ operator, left, right }, knowledge) {
    const apply = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
    if (!apply) throw new Unsupported(operator);
    return apply(compile(left, knowledge), compile(right, knowledge));
  },
};

function compile(syntax: Syntax, knowledge: Knowledge): Evaluate {
  return (KINDS[syntax.kind] as (syntax: Syntax, knowledge: Knowledge) => Evaluate)(syntax, knowledge);
}

const constant =
  (nodes: Nodes): Evaluate =>
  () =>
    nodes;

/** A type's own name in front stands for the resource itself. */
function named(name: string): Evaluate {
  if (/^[A-Z]/.test(name)) return ofType(asIs, name);
  const member = memberNamed(name);
  return (focus) => {
    if (focus.length === 1) return childrenOf(focus[0]!, member);
    return focus.length === 0 ? NONE : focus.flatMap((node) => childrenOf(node, member));
  };
}

const SYSTEMS: Readonly<Record<string, string>> = {
  '%ucum': 'http://unitsofmeasure.org',
  '%sct': 'http://snomed.info/sct',
  '%loinc': 'http://loinc.org',
};

/** https://hl7.org/fhir/R4/fhirpath.html#variables */
const VARIABLES: Readonly<Record<string, Evaluate>> = {
  $this: (_focus, { self }) => self,
  $index: (_focus, { index }) => [nodeOf('Integer', index)],
  $total: (_focus, { total }) => total,
  '%resource': (_focus, { world }) => [world.resource],
  '%rootResource': (_focus, { world }) => [world.root],
  '%context': (_focus, { world }) => [world.context],
};

function variable(name: string): Evaluate {
  const known = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  if (known) return known;
  const text =
    SYSTEMS[name] ?? name.replace(/^%vs-/, 'http://hl7.org/fhir/ValueSet/').replace(/^%ext-/, 'http://hl7.org/fhir/StructureDefinition/');
  if (text === name) throw new Unsupported(name);
  return constant([nodeOf('String', text)]);
}

function called(name: string, args: Syntax[], knowledge: Knowledge): Evaluate {
  if (name === 'is' || name === 'as' || name === 'ofType') {
    const type = typeArgument(name, args);
    return name === 'is' ? isType(asIs, type) : ofType(asIs, type);
  }
  const make = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!make) throw new Unsupported(`${name}()`);
  if (args.length < make.least || args.length > make.most) throw new Error(`${name}() takes another number of arguments`);
  return make.of(
    args.map((arg) => compile(arg, knowledge)),
    { ...knowledge, literals: args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)) },
  );
}

function typeArgument(name: string, [type]: Syntax[]): string {
  if (type?.kind === 'name') return type.name;
  if (type?.kind === 'dot' && type.right.kind === 'name') return type.right.name;
  throw new Error(`${name}() needs a type`);
}

const asIs: Evaluate = (focus) => focus;

function isType(inner: Evaluate, type: string): Evaluate {
  const test = typeTest(type);
  return (focus, scope) => {
    const node = singleton(inner(focus, scope));
    return node ? truth(test(node)) : NONE;
  };
}

function ofType(inner: Evaluate, type: string): Evaluate {
  const test = typeTest(type);
  return (focus, scope) => inner(focus, scope).filter((node) => test(node) === true);
}

/** Operators and functions whose answer is true, false, or open: nothing. */
const ANSWERS = new Set([
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

/** Whether nothing, as a result, leaves open whether a constraint is met. Elsewhere (a path, `a or b`) nothing means that there is nothing. */
function leavesOpen(syntax: Syntax): boolean {
  if (syntax.kind === 'dot') return leavesOpen(syntax.right);
  if (syntax.kind === 'call') return ANSWERS.has(syntax.name);
  return syntax.kind === 'operator' && ANSWERS.has(syntax.operator);
}

/**
 * A constraint as a test. Met: true, or anything there is that is no boolean. What is left open is met: published constraints compare what may be absent.
 * (The specification does not say what nothing means; other validators are divided.) What cannot be evaluated on an element is an Error.
 */
export function compileConstraint(text: string, knowledge: Knowledge): (context: Node, resource: Node, root: Node) => boolean {
  const open = leavesOpen(parseFhirPath(text));
  const evaluate = compileFhirPath(text, knowledge);
  return (context, resource, root) => {
    const found = evaluate(context, resource, root);
    return found.length === 0 ? open : found.length > 1 || found[0]!.value !== false;
  };
}
