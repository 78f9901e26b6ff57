// Compiles the FHIRPath of a search parameter into closures over plain JSON: paths, unions, `where`, `ofType`, `as`, `extension`, `exists`, `not`, `single`, comparisons
// with a literal, and `resolve() is Type` as a test of the reference's text. https://hl7.org/fhir/R4/fhirpath.html, https://hl7.org/fhirpath/N1/
// Types are determined during compilation from the element facts. An expression outside this subset is evaluated node by node (fhirpath/compile.ts).

import { findElement, isPrimitive } from '../elements.ts';
import { compileFhirPath } from '../fhirpath/compile.ts';
import { buildNode, type FhirPathNode } from '../fhirpath/node.ts';
import { parseFhirPath, type SyntaxTree } from '../fhirpath/parser.ts';
import { toFhirType } from '../fhirpath/type-test.ts';
import type { CompiledExpression, TypedValue } from '../indexing/typed-value.ts';
import { readMember } from '../json-values.ts';
import { readReferenceType } from '../reference.ts';
import { isResource, type Resource } from '../types.ts';

type EmitValue = (value: unknown) => void;
/** Emits the values that an expression finds from a start value. */
type WalkValues = (start: unknown, emit: EmitValue) => void;
/** The values of one type that an expression finds. All walks of a collection have the same start value. */
interface TypedWalk {
  type: string;
  walk: WalkValues;
}

/** The pseudo type of `resolve()`, whose values are type names of targets. Only `is` can use it. */
const RESOLVED = '(resolved)';
const ABSTRACT_TYPES = new Set(['Resource', 'DomainResource']);

/**
 * Compiles an expression for resources (or other objects) of one type. Values of types that are not `accepted` are left out; without `accepted`, all types are
 * kept. Throws an Error if the expression is not FHIRPath, names an element that does not exist, or is not supported.
 */
export function compileExpression(expression: string, type: string, accepted?: ReadonlySet<string>): CompiledExpression {
  const found = compileSyntax(parseFhirPath(expression), [{ type, walk: (start, emit) => emit(start) }]);
  if (!found) return { types: undefined, evaluate: buildEvaluation(expression, type, accepted) };
  const flows = found.filter((flow) => !accepted || accepted.has(flow.type));
  return { types: [...new Set(flows.map((flow) => flow.type))], evaluate: (resource) => collectValues(flows, resource) };
}

function collectValues(flows: TypedWalk[], resource: Resource): TypedValue[] {
  const values: TypedValue[] = [];
  for (const { type, walk } of flows) walk(resource, (value) => values.push({ type, value }));
  return values;
}

/** If the evaluation fails on a resource (for example `single()` of two values), the expression has no value there. */
function buildEvaluation(expression: string, type: string, accepted?: ReadonlySet<string>): CompiledExpression['evaluate'] {
  const evaluate = compileFhirPath(expression, { findCodes: () => undefined, resolveReference: toReferencedNode });
  return (value, resource) => {
    const start = buildNode(type, value);
    const whole = resource ? buildNode(resource.resourceType, resource) : start;
    try {
      return evaluate(start, whole, whole).flatMap((node) => {
        const found = isResource(node.value) ? 'Resource' : toFhirType(node);
        return node.value === undefined || found === undefined || (accepted && !accepted.has(found))
          ? []
          : [{ type: found, value: node.value }];
      });
    } catch {
      return [];
    }
  };
}

/** The target of a reference as a node. Only its type is known. */
function toReferencedNode(reference: unknown): FhirPathNode[] {
  const type = reference === undefined ? undefined : readReferenceType(reference);
  return type === undefined ? [] : [buildNode(type, { resourceType: type })];
}

/** The walks of an expression that starts at `from`. Undefined: the expression is outside the subset. The assertion: the compiler is chosen by the kind. */
const compileSyntax = (syntax: SyntaxTree, from: TypedWalk[]): TypedWalk[] | undefined =>
  SYNTAX_COMPILERS[syntax.kind]?.(syntax as never, from);

type SyntaxOfKind<K extends SyntaxTree['kind']> = Extract<SyntaxTree, { kind: K }>;

const SYNTAX_COMPILERS: { readonly [K in SyntaxTree['kind']]?: (syntax: SyntaxOfKind<K>, from: TypedWalk[]) => TypedWalk[] | undefined } = {
  name: ({ name }, from) => compileName(name, from),
  variable: ({ name }, from) => (name === '$this' ? from : undefined),
  dot: ({ left, right }, from) => whenDefined(compileSyntax(left, from), (flows) => compileSyntax(right, flows)),
  call: ({ name, args }, from) => (Object.hasOwn(FUNCTION_COMPILERS, name) ? FUNCTION_COMPILERS[name]!(from, args) : undefined),
  type: ({ operator, left, type }, from) =>
    whenDefined(compileSyntax(left, from), (flows) => (operator === 'is' ? compileIs : filterByType)(flows, type)),
  operator: (syntax, from) =>
    Object.hasOwn(OPERATOR_COMPILERS, syntax.operator) ? OPERATOR_COMPILERS[syntax.operator]!(syntax, from) : undefined,
};

const OPERATOR_COMPILERS: Readonly<Record<string, (syntax: SyntaxOfKind<'operator'>, from: TypedWalk[]) => TypedWalk[] | undefined>> = {
  '|': (syntax, from) => compileBoth(syntax, from, (left, right) => [...left, ...right]),
  and: (syntax, from) => compileBoth(syntax, from, (left, right) => [compileLogic(left, right, false)]),
  or: (syntax, from) => compileBoth(syntax, from, (left, right) => [compileLogic(left, right, true)]),
  '=': (syntax, from) => compileComparison(syntax, from, true),
  '!=': (syntax, from) => compileComparison(syntax, from, false),
};

const FUNCTION_COMPILERS: Readonly<Record<string, (from: TypedWalk[], args: SyntaxTree[]) => TypedWalk[] | undefined>> = {
  where: (from, [criterion]) => criterion && requireAll(from.map((flow) => compileWhere(flow, criterion))),
  ofType: (from, [type]) => (type?.kind === 'name' ? filterByType(from, type.name) : undefined),
  as: (from, [type]) => (type?.kind === 'name' ? filterByType(from, type.name) : undefined),
  exists: (from, args) => (args.length ? undefined : [buildBooleanWalk((start) => countValues(from, start) > 0)]),
  single: (from) => from.map(({ type, walk }) => ({ type, walk: (start, emit) => countValues(from, start) === 1 && walk(start, emit) })),
  not: (from) => [buildBooleanWalk((start) => negate(readFirst(from, start)))],
  resolve: (from) =>
    from.map(({ walk }) => ({ type: RESOLVED, walk: chainWalks(walk, (value, emit) => emitEach(readReferenceType(value), emit)) })),
  extension: (from, [url]) => (url?.kind === 'literal' ? walkExtensions(from, url.value) : undefined),
};

/** The name of the type means the resource itself, the name of another type means nothing, and any other name is an element of the values before it. */
function compileName(name: string, from: TypedWalk[]): TypedWalk[] | undefined {
  if (ABSTRACT_TYPES.has(name) || !from.length) return from;
  if (/^[A-Z]/.test(name)) return from.filter(({ type }) => type === name);
  if (from.some(({ type }) => type === RESOLVED || type === 'Resource' || (isPrimitive(type) && findElement('Element', name))))
    return undefined;
  const found = from.flatMap((flow) => walkElement(flow, name));
  if (!found.length) throw new Error(`${from.map(({ type }) => type).join(', ')} has no element ${name}`);
  return found;
}

function walkElement({ type, walk }: TypedWalk, name: string): TypedWalk[] {
  const element = findElement(type, name);
  if (element) return element.types.map((elementType) => ({ type: normalizeTypeName(elementType), walk: walkProperty(walk, name) }));
  const choice = findElement(type, `${name}[x]`);
  return (choice?.types ?? []).map((elementType) => {
    const branch = normalizeTypeName(elementType);
    return { type: branch, walk: walkProperty(walk, `${name}${branch[0]!.toUpperCase()}${branch.slice(1)}`) };
  });
}

/** SimpleQuantity has the elements of Quantity. */
const normalizeTypeName = (type: string): string => (type === 'SimpleQuantity' ? 'Quantity' : type);

const walkProperty = (walk: WalkValues, name: string): WalkValues =>
  chainWalks(walk, (value, emit) => emitEach(readMember(value, name), emit));

const chainWalks =
  (walk: WalkValues, next: WalkValues): WalkValues =>
  (start, emit) =>
    walk(start, (value) => next(value, emit));

function emitEach(value: unknown, emit: EmitValue): void {
  if (Array.isArray(value)) {
    for (const item of value) if (item !== null) emit(item);
  } else if (value !== undefined && value !== null) emit(value);
}

const walkExtensions = (from: TypedWalk[], url: unknown): TypedWalk[] | undefined =>
  from.some(({ type }) => isPrimitive(type))
    ? undefined
    : from.map(({ walk }) => ({
        type: 'Extension',
        walk: chainWalks(walkProperty(walk, 'extension'), (value, emit) => readMember(value, 'url') === url && emit(value)),
      }));

/** A type may be written with its namespace. https://hl7.org/fhirpath/N1/#types */
const removeNamespace = (type: string): string => type.replace(/^FHIR\./, '');

const filterByType = (from: TypedWalk[], type: string): TypedWalk[] => from.filter((flow) => flow.type === removeNamespace(type));

function compileWhere({ type, walk }: TypedWalk, criterion: SyntaxTree): TypedWalk | undefined {
  const test = compileSyntax(criterion, [{ type, walk: (start, emit) => emit(start) }]);
  return test && { type, walk: chainWalks(walk, (value, emit) => readFirst(test, value) === true && emit(value)) };
}

function compileComparison({ left, right }: SyntaxOfKind<'operator'>, from: TypedWalk[], equal: boolean): TypedWalk[] | undefined {
  if (right.kind !== 'literal' || (right.type !== 'String' && right.type !== 'Boolean')) return undefined;
  return whenDefined(compileSyntax(left, from), (flows) => [buildBooleanWalk((start) => compareValues(flows, start, right.value, equal))]);
}

/** Undefined if one side is empty: then FHIRPath defines neither equality nor inequality. */
function compareValues(left: TypedWalk[], start: unknown, right: unknown, equal: boolean): boolean | undefined {
  const values = countValues(left, start);
  if (values === 0) return undefined;
  return (values === 1 && readFirst(left, start) === right) === equal;
}

/** `is` after `resolve()`: whether the target of the reference has this type. */
const compileIs = (left: TypedWalk[], type: string): TypedWalk[] | undefined =>
  left.every((flow) => flow.type === RESOLVED)
    ? [buildBooleanWalk((start) => testEqual(readFirst(left, start), removeNamespace(type)))]
    : undefined;

const testEqual = (found: unknown, name: string): boolean | undefined => (found === undefined ? undefined : found === name);
const negate = (value: unknown): boolean | undefined => (value === undefined ? undefined : value !== true);

/** Three-valued `or` and `and`. One side with the `deciding` value (true for `or`, false for `and`) decides. https://hl7.org/fhirpath/N1/#boolean-logic */
function compileLogic(left: TypedWalk[], right: TypedWalk[], deciding: boolean): TypedWalk {
  return buildBooleanWalk((start) => {
    const sides = [readFirst(left, start), readFirst(right, start)];
    if (sides.includes(deciding)) return deciding;
    return sides.includes(undefined) ? undefined : !deciding;
  });
}

const buildBooleanWalk = (test: (start: unknown) => boolean | undefined): TypedWalk => ({
  type: 'boolean',
  walk: (start, emit) => emitEach(test(start), emit),
});

function readFirst(flows: TypedWalk[], start: unknown): unknown {
  let found: unknown;
  for (const { walk } of flows) walk(start, (value) => (found ??= value));
  return found;
}

function countValues(flows: TypedWalk[], start: unknown): number {
  let values = 0;
  for (const { walk } of flows) walk(start, () => values++);
  return values;
}

const whenDefined = <A, B>(value: A | undefined, next: (value: A) => B | undefined): B | undefined =>
  value === undefined ? undefined : next(value);

const compileBoth = (
  sides: SyntaxOfKind<'operator'>,
  from: TypedWalk[],
  join: (left: TypedWalk[], right: TypedWalk[]) => TypedWalk[],
): TypedWalk[] | undefined =>
  whenDefined(compileSyntax(sides.left, from), (left) => whenDefined(compileSyntax(sides.right, from), (right) => join(left, right)));

const requireAll = (flows: (TypedWalk | undefined)[]): TypedWalk[] | undefined =>
  flows.every((flow) => flow !== undefined) ? flows : undefined;
