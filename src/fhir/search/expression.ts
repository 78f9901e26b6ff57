// Compiles the FHIRPath of a search parameter into closures over plain JSON: paths, unions, `where`, `ofType`, `as`, `extension`, `exists`, `not`, `single`, comparisons
// with a literal, and `resolve() is Type` as a test of the reference's text. https://hl7.org/fhir/R4/fhirpath.html, https://hl7.org/fhirpath/N1/
// Types are settled while compiling, from the element facts; an expression outside of this subset is evaluated node by node (fhirpath/evaluate.ts).
import { elementOf, isPrimitive } from '../elements.ts';
import { compileFhirPath } from '../fhirpath/evaluate.ts';
import { type Node, nodeOf } from '../fhirpath/node.ts';
import { parseFhirPath, type Syntax } from '../fhirpath/syntax.ts';
import { fhirTypeOf } from '../fhirpath/types.ts';
import type { Expression, TypedValue } from '../indexing/typed-value.ts';
import { referencedType } from '../reference-target.ts';
import type { Resource } from '../types.ts';

type Emit = (value: unknown) => void;
/** A way from a value to others. */
type Walk = (start: unknown, emit: Emit) => void;
/** The values of one type that an expression leads to. All flows of a collection start at the same value. */
interface Flow {
  type: string;
  walk: Walk;
}

/** What `resolve()` answers here: the name of the type a reference leads to. Only `is` can use it. */
const RESOLVED = '(resolved)';
const ABSTRACT = new Set(['Resource', 'DomainResource']);

/**
 * Compiles an expression for resources (or other objects) of one type. Values of types that are not `accepted` are left out; without it none is.
 * Fails with a plain Error when the expression is no FHIRPath, names an element that does not exist, or asks what is not evaluated here.
 */
export function compileExpression(expression: string, type: string, accepted?: ReadonlySet<string>): Expression {
  const found = follow(parseFhirPath(expression), [{ type, walk: (start, emit) => emit(start) }]);
  if (!found) return { types: undefined, values: evaluated(expression, type, accepted) };
  const flows = found.filter((flow) => !accepted || accepted.has(flow.type));
  return { types: [...new Set(flows.map((flow) => flow.type))], values: (resource) => collect(flows, resource) };
}

function collect(flows: Flow[], resource: Resource): TypedValue[] {
  const values: TypedValue[] = [];
  for (const { type, walk } of flows) walk(resource, (value) => values.push({ type, value }));
  return values;
}

/** An expression that cannot be evaluated on this resource (say, `single()` of two) has no value there. */
function evaluated(expression: string, type: string, accepted?: ReadonlySet<string>): Expression['values'] {
  const evaluate = compileFhirPath(expression, { codesOf: () => undefined, leadsTo });
  return (resource) => {
    const start = nodeOf(type, resource);
    try {
      return evaluate(start, start, start).flatMap((node) => {
        const found = fhirTypeOf(node);
        return node.value === undefined || found === undefined || (accepted && !accepted.has(found))
          ? []
          : [{ type: found, value: node.value }];
      });
    } catch {
      return [];
    }
  };
}

/** Of what a reference leads to, its type alone is known. */
function leadsTo(reference: unknown): Node[] {
  const type = reference === undefined ? undefined : referencedType(reference);
  return type === undefined ? [] : [nodeOf(type, { resourceType: type })];
}

/** The flows of an expression that starts at `from`; undefined when the expression is outside of the subset. */
const follow = (syntax: Syntax, from: Flow[]): Flow[] | undefined => RULES[syntax.kind]?.(syntax as never, from);

type Of<K extends Syntax['kind']> = Extract<Syntax, { kind: K }>;

const RULES: { readonly [K in Syntax['kind']]?: (syntax: Of<K>, from: Flow[]) => Flow[] | undefined } = {
  name: ({ name }, from) => symbol(name, from),
  variable: ({ name }, from) => (name === '$this' ? from : undefined),
  dot: ({ left, right }, from) => through(follow(left, from), (flows) => follow(right, flows)),
  call: ({ name, args }, from) => (Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]!(from, args) : undefined),
  type: ({ operator, left, type }, from) => through(follow(left, from), (flows) => (operator === 'is' ? isType : ofType)(flows, type)),
  operator: (syntax, from) => (Object.hasOwn(OPERATORS, syntax.operator) ? OPERATORS[syntax.operator]!(syntax, from) : undefined),
};

const OPERATORS: Readonly<Record<string, (syntax: Of<'operator'>, from: Flow[]) => Flow[] | undefined>> = {
  '|': (syntax, from) => both(syntax, from, (left, right) => [...left, ...right]),
  and: (syntax, from) => both(syntax, from, (left, right) => [logic(left, right, false)]),
  or: (syntax, from) => both(syntax, from, (left, right) => [logic(left, right, true)]),
  '=': (syntax, from) => comparison(syntax, from, true),
  '!=': (syntax, from) => comparison(syntax, from, false),
};

const FUNCTIONS: Readonly<Record<string, (from: Flow[], args: Syntax[]) => Flow[] | undefined>> = {
  where: (from, [criterion]) => criterion && allOf(from.map((flow) => where(flow, criterion))),
  ofType: (from, [type]) => (type?.kind === 'name' ? ofType(from, type.name) : undefined),
  as: (from, [type]) => (type?.kind === 'name' ? ofType(from, type.name) : undefined),
  exists: (from, args) => (args.length ? undefined : [truth((start) => count(from, start) > 0)]),
  single: (from) => from.map(({ type, walk }) => ({ type, walk: (start, emit) => count(from, start) === 1 && walk(start, emit) })),
  not: (from) => [truth((start) => negated(first(from, start)))],
  resolve: (from) => from.map(({ walk }) => ({ type: RESOLVED, walk: then(walk, (value, emit) => each(referencedType(value), emit)) })),
  extension: (from, [url]) => (url?.kind === 'literal' ? extensions(from, url.value) : undefined),
};

/** A type's own name stands for the resource itself (another type's for nothing), any other name for an element of what came before. */
function symbol(name: string, from: Flow[]): Flow[] | undefined {
  if (ABSTRACT.has(name) || !from.length) return from;
  if (/^[A-Z]/.test(name)) return from.filter(({ type }) => type === name);
  if (from.some(({ type }) => type === RESOLVED || type === 'Resource' || (isPrimitive(type) && elementOf('Element', name))))
    return undefined;
  const found = from.flatMap((flow) => element(flow, name));
  if (!found.length) throw new Error(`${from.map(({ type }) => type).join(', ')} has no element ${name}`);
  return found;
}

function element({ type, walk }: Flow, name: string): Flow[] {
  const one = elementOf(type, name);
  if (one) return one.types.map((elementType) => ({ type: typeName(elementType), walk: property(walk, name) }));
  const choice = elementOf(type, `${name}[x]`);
  return (choice?.types ?? []).map((elementType) => {
    const branch = typeName(elementType);
    return { type: branch, walk: property(walk, `${name}${branch[0]!.toUpperCase()}${branch.slice(1)}`) };
  });
}

/** SimpleQuantity is Quantity by another name. */
const typeName = (type: string): string => (type === 'SimpleQuantity' ? 'Quantity' : type);

const property = (walk: Walk, name: string): Walk => then(walk, (value, emit) => each((value as Record<string, unknown>)[name], emit));

const then =
  (walk: Walk, next: Walk): Walk =>
  (start, emit) =>
    walk(start, (value) => next(value, emit));

function each(value: unknown, emit: Emit): void {
  if (Array.isArray(value)) {
    for (const item of value) if (item !== null) emit(item);
  } else if (value !== undefined && value !== null) emit(value);
}

const extensions = (from: Flow[], url: unknown): Flow[] | undefined =>
  from.some(({ type }) => isPrimitive(type))
    ? undefined
    : from.map(({ walk }) => ({
        type: 'Extension',
        walk: then(property(walk, 'extension'), (value, emit) => (value as { url?: unknown }).url === url && emit(value)),
      }));

/** A type may be written with its namespace. https://hl7.org/fhirpath/N1/#types */
const plain = (type: string): string => type.replace(/^FHIR\./, '');

const ofType = (from: Flow[], type: string): Flow[] => from.filter((flow) => flow.type === plain(type));

function where({ type, walk }: Flow, criterion: Syntax): Flow | undefined {
  const test = follow(criterion, [{ type, walk: (start, emit) => emit(start) }]);
  return test && { type, walk: then(walk, (value, emit) => first(test, value) === true && emit(value)) };
}

function comparison({ left, right }: Of<'operator'>, from: Flow[], equal: boolean): Flow[] | undefined {
  if (right.kind !== 'literal' || (right.type !== 'String' && right.type !== 'Boolean')) return undefined;
  return through(follow(left, from), (flows) => [truth((start) => compared(flows, start, right.value, equal))]);
}

/** Nothing compared with something is neither equal nor unequal. */
function compared(left: Flow[], start: unknown, right: unknown, equal: boolean): boolean | undefined {
  const values = count(left, start);
  if (values === 0) return undefined;
  return (values === 1 && first(left, start) === right) === equal;
}

/** `is` after `resolve()`: whether the reference leads to this type. */
const isType = (left: Flow[], type: string): Flow[] | undefined =>
  left.every((flow) => flow.type === RESOLVED) ? [truth((start) => equalTo(first(left, start), plain(type)))] : undefined;

const equalTo = (found: unknown, name: string): boolean | undefined => (found === undefined ? undefined : found === name);
const negated = (value: unknown): boolean | undefined => (value === undefined ? undefined : value !== true);

/** `or` (deciding value true) and `and` (false): three-valued, one deciding side is enough. https://hl7.org/fhirpath/N1/#boolean-logic */
function logic(left: Flow[], right: Flow[], deciding: boolean): Flow {
  return truth((start) => {
    const sides = [first(left, start), first(right, start)];
    if (sides.includes(deciding)) return deciding;
    return sides.includes(undefined) ? undefined : !deciding;
  });
}

const truth = (test: (start: unknown) => boolean | undefined): Flow => ({
  type: 'boolean',
  walk: (start, emit) => each(test(start), emit),
});

function first(flows: Flow[], start: unknown): unknown {
  let found: unknown;
  for (const { walk } of flows) walk(start, (value) => (found ??= value));
  return found;
}

function count(flows: Flow[], start: unknown): number {
  let values = 0;
  for (const { walk } of flows) walk(start, () => values++);
  return values;
}

const through = <A, B>(value: A | undefined, next: (value: A) => B | undefined): B | undefined =>
  value === undefined ? undefined : next(value);

const both = (sides: Of<'operator'>, from: Flow[], join: (left: Flow[], right: Flow[]) => Flow[]): Flow[] | undefined =>
  through(follow(sides.left, from), (left) => through(follow(sides.right, from), (right) => join(left, right)));

const allOf = (flows: (Flow | undefined)[]): Flow[] | undefined => (flows.every((flow) => flow !== undefined) ? flows : undefined);
