// Compiles the FHIRPath of a search parameter into closures over plain JSON: paths, unions, `where`, `ofType`, `as`, `extension`, `exists`, `not`, `single`, comparisons
// with a literal, and `resolve() is Type` as a test of the reference's text. https://hl7.org/fhir/R4/fhirpath.html, https://hl7.org/fhirpath/N1/
// Types are settled while compiling, from the element facts; an expression outside of this subset is evaluated by @medplum/core.
import {
  AndAtom,
  AsAtom,
  type Atom,
  DotAtom,
  EqualsAtom,
  evalFhirPathTyped,
  FhirPathAtom,
  FunctionAtom,
  IsAtom,
  LiteralAtom,
  NotEqualsAtom,
  OrAtom,
  parseFhirPath,
  SymbolAtom,
  toTypedValue,
  UnionAtom,
} from '@medplum/core';
import { elementOf, isPrimitive } from '../elements.ts';
import { referencedType } from '../reference-target.ts';
import type { Resource } from '../types.ts';

/** A value and its FHIR type (`HumanName`, `code`); backbone elements by path (`Patient.contact`). */
export interface TypedValue {
  type: string;
  value: unknown;
}

/** A compiled expression. `types`: all its values can be of; undefined when only running it will tell (it is outside of the subset). */
export interface Expression {
  types: string[] | undefined;
  values(resource: Resource): TypedValue[];
}

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
 * Fails with a plain Error when the expression is no FHIRPath or names an element that does not exist.
 */
export function compileExpression(expression: string, type: string, accepted?: ReadonlySet<string>): Expression {
  const parsed = parseFhirPath(expression);
  const flows = follow(parsed, [{ type, walk: (start, emit) => emit(start) }])?.filter((flow) => !accepted || accepted.has(flow.type));
  if (flows) return { types: [...new Set(flows.map((flow) => flow.type))], values: (resource) => collect(flows, resource) };
  return { types: undefined, values: (resource) => evaluate(parsed, resource).filter((found) => !accepted || accepted.has(found.type)) };
}

function collect(flows: Flow[], resource: Resource): TypedValue[] {
  const values: TypedValue[] = [];
  for (const { type, walk } of flows) walk(resource, (value) => values.push({ type, value }));
  return values;
}

/** An expression that cannot be evaluated on this resource (say, `single()` of two) has no value there. */
function evaluate(parsed: FhirPathAtom, resource: Resource): TypedValue[] {
  try {
    return evalFhirPathTyped(parsed, [toTypedValue(resource)]);
  } catch {
    return [];
  }
}

/** The flows of an expression that starts at `from`; undefined when the expression is outside of the subset. */
function follow(atom: Atom, from: Flow[]): Flow[] | undefined {
  for (const [kind, rule] of RULES) if (atom instanceof kind) return rule(atom as never, from);
  return undefined;
}

type Rule<A> = (atom: A, from: Flow[]) => Flow[] | undefined;
const rule = <A extends Atom>(kind: abstract new (...args: never[]) => A, apply: Rule<A>) => [kind, apply] as const;

const RULES = [
  rule(FhirPathAtom, (atom, from) => follow(atom.child, from)),
  rule(DotAtom, (atom, from) => through(follow(atom.left, from), (left) => follow(atom.right, left))),
  rule(SymbolAtom, (atom, from) => symbol(atom.name, from)),
  rule(UnionAtom, (atom, from) => both(atom, from, (left, right) => [...left, ...right])),
  rule(AsAtom, (atom, from) => through(follow(atom.left, from), (left) => ofType(left, atom.right))),
  rule(FunctionAtom, (atom, from) => (Object.hasOwn(FUNCTIONS, atom.name) ? FUNCTIONS[atom.name]!(from, atom.args) : undefined)),
  rule(AndAtom, (atom, from) => both(atom, from, (left, right) => [logic(left, right, false)])),
  rule(OrAtom, (atom, from) => both(atom, from, (left, right) => [logic(left, right, true)])),
  rule(EqualsAtom, (atom, from) => comparison(atom, from, true)),
  rule(NotEqualsAtom, (atom, from) => comparison(atom, from, false)),
  rule(IsAtom, (atom, from) => through(follow(atom.left, from), (left) => isType(left, atom.right))),
] as unknown as [abstract new () => Atom, Rule<Atom>][];

const FUNCTIONS: Record<string, (from: Flow[], args: Atom[]) => Flow[] | undefined> = {
  where: (from, [criterion]) => allOf(from.map((flow) => where(flow, criterion!))),
  ofType: (from, [type]) => ofType(from, type!),
  as: (from, [type]) => ofType(from, type!),
  exists: (from, args) => (args.length ? undefined : [truth((start) => count(from, start) > 0)]),
  single: (from) => from.map(({ type, walk }) => ({ type, walk: (start, emit) => count(from, start) === 1 && walk(start, emit) })),
  not: (from) => [truth((start) => negated(first(from, start)))],
  resolve: (from) => from.map(({ walk }) => ({ type: RESOLVED, walk: then(walk, (value, emit) => each(referencedType(value), emit)) })),
  extension: (from, [url]) => (url instanceof LiteralAtom ? extensions(from, url.value.value) : undefined),
};

/** A type's own name stands for the resource itself (another type's for nothing), any other name for an element of what came before. */
function symbol(name: string, from: Flow[]): Flow[] | undefined {
  if (ABSTRACT.has(name) || name === '$this' || !from.length) return from;
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

const ofType = (from: Flow[], type: Atom): Flow[] | undefined =>
  type instanceof SymbolAtom ? from.filter((flow) => flow.type === type.name) : undefined;

function where({ type, walk }: Flow, criterion: Atom): Flow | undefined {
  const test = follow(criterion, [{ type, walk: (start, emit) => emit(start) }]);
  return test && { type, walk: then(walk, (value, emit) => first(test, value) === true && emit(value)) };
}

function comparison(atom: { left: Atom; right: Atom }, from: Flow[], equal: boolean): Flow[] | undefined {
  const right = atom.right instanceof LiteralAtom ? atom.right.value.value : undefined;
  if (typeof right !== 'string' && typeof right !== 'boolean') return undefined;
  return through(follow(atom.left, from), (left) => [truth((start) => compared(left, start, right, equal))]);
}

/** Nothing compared with something is neither equal nor unequal. */
function compared(left: Flow[], start: unknown, right: string | boolean, equal: boolean): boolean | undefined {
  const values = count(left, start);
  if (values === 0) return undefined;
  return (values === 1 && first(left, start) === right) === equal;
}

/** `is` after `resolve()`: whether the reference leads to this type. */
const isType = (left: Flow[], type: Atom): Flow[] | undefined =>
  type instanceof SymbolAtom && left.every((flow) => flow.type === RESOLVED)
    ? [truth((start) => equalTo(first(left, start), type.name))]
    : undefined;

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

const both = (atom: { left: Atom; right: Atom }, from: Flow[], join: (left: Flow[], right: Flow[]) => Flow[]): Flow[] | undefined =>
  through(follow(atom.left, from), (left) => through(follow(atom.right, from), (right) => join(left, right)));

const allOf = (flows: (Flow | undefined)[]): Flow[] | undefined => (flows.every((flow) => flow !== undefined) ? flows : undefined);
